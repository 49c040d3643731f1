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

  /** Reasons that are no offence are none. */
  note(peer: Uint8Array, reason: string): void {
    if (!isOffence(reason)) return
    const report = this.#gathering.note(peer, reason)
    if (report === undefined) return
    const registry = this.#registries.getByName(registryObjectName(this.#network, registryOf(peer)))
    // One that cannot be reached hears of the next.
    registry.offended(report, this.#room).catch(() => {})
  }
}
