// A direct path between two clients, drawn by the scenario where browsers would negotiate one: packets each for
// themselves, so that the links on it see worse than a data channel would show them.

import type { Client } from './client-host.ts'
import { LinkHost } from './link-host.ts'
import type { Network } from './network.ts'

export class DirectLine {
  readonly #network: Network
  readonly #ends: readonly [LinkHost, LinkHost]
  #passes = true
  #over = false

  private constructor(network: Network, a: Client, b: Client, ends: readonly [LinkHost, LinkHost]) {
    this.#network = network
    this.#ends = ends
    const [atA, atB] = ends
    for (const end of ends) end.directOver = () => this.closes()
    atA.directUp((frame) => this.#carries(a.name, b.name, atB, frame))
    atB.directUp((frame) => this.#carries(b.name, a.name, atA, frame))
  }

  /** Undefined when one of them does not know the other. */
  static between(network: Network, a: Client, b: Client): DirectLine | undefined {
    const [atA, atB] = [a.links.get(b.id), b.links.get(a.id)]
    if (!(atA instanceof LinkHost) || !(atB instanceof LinkHost)) return undefined
    return new DirectLine(network, a, b, [atA, atB])
  }

  /** Nothing passes, though both think it open. */
  goesSilent(): void {
    this.#passes = false
  }

  speaksAgain(): void {
    this.#passes = true
  }

  /** Both are told that it is over. */
  closes(): void {
    if (this.#over) return
    this.#over = true
    for (const end of this.#ends) end.directDown()
  }

  #carries(from: string, to: string, receiver: LinkHost, frame: Uint8Array): void {
    const bytes = frame.slice()
    this.#network.packet(from, to, () => {
      if (this.#passes && !this.#over) receiver.heard('webrtc', bytes.slice())
    })
  }
}
