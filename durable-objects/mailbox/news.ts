// Whether a mailbox's registry knows that its figures are others by now. It is told once, and then asks when it wants them;
// after that it is told again. What was said and did not arrive is said with the next change.

import type { MailboxPlace } from '../../protocol/mailbox/place.ts'
import { registryObjectName, registryOf } from '../../protocol/mailbox/report.ts'

export interface Registry {
  changed(mailbox: Uint8Array): Promise<void>
}

export interface RegistryNamespace {
  getByName(name: string): Registry
}

export class News {
  readonly #registry: Registry
  readonly #mailbox: Uint8Array
  #askedAt = 0
  #said = false

  constructor(registries: RegistryNamespace, { network, id }: MailboxPlace) {
    this.#registry = registries.getByName(registryObjectName(network, registryOf(id)))
    this.#mailbox = id
  }

  /** After each event: how many of those that count there were in this life. */
  noted(events: number): void {
    if (events !== this.#askedAt) this.say()
  }

  /** It is to be known of, too: it was just opened. */
  say(): void {
    if (this.#said) return
    this.#said = true
    void this.#registry.changed(this.#mailbox).catch(() => {
      this.#said = false
    })
  }

  /** The registry is being given figures, with so many events in them. */
  asked(events: number): void {
    this.#askedAt = events
    this.#said = false
  }
}
