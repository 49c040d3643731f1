// What an object has against the peers it hears, gathered and told to the registry that knows of each.

import { registryObjectName, registryOf } from '../../protocol/mailbox/report.ts'
import { Gathering, isOffence, type OffenceReport } from '../../protocol/protection/offences.ts'

export interface OffenceRegistries {
  getByName(name: string): { offended(report: OffenceReport, room?: string): Promise<void> }
}

export class Complaints {
  readonly #registries: OffenceRegistries
  readonly #network: string
  readonly #room: string | undefined
  readonly #gathering = new Gathering()

  /** `room`: by its object's name, if it is one. */
  constructor(registries: OffenceRegistries, network: string, room?: string) {
    this.#registries = registries
    this.#network = network
    this.#room = room
  }

  /** Reasons that are no offence are none. Resolves when it was told on, if it was worth telling. */
  note(peer: Uint8Array, reason: string): undefined | Promise<void> {
    if (!isOffence(reason)) return undefined
    const report = this.#gathering.note(peer, reason)
    if (report === undefined) return undefined
    const registry = this.#registries.getByName(registryObjectName(this.#network, registryOf(peer)))
    // One that cannot be reached hears of the next.
    return registry.offended(report, this.#room).catch(() => {})
  }
}
