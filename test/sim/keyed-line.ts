// A direct connection between two clients as a browser makes it, drawn by the scenario: two channels in order and one of
// packets, certificates at both ends, open at one end before the other.

import type { ChannelName } from '../../protocol/link/machine.ts'
import type { Client } from './client-host.ts'
import { type DirectEnd, KeyedLink } from './keyed-link.ts'
import type { Network } from './network.ts'

const RETRANSMIT_MS = 250

interface End extends DirectEnd {
  readonly name: string
  readonly link: KeyedLink
  /** When what was sent last will have arrived at the other end. */
  readonly arrivesAtMs: Map<ChannelName, number>
}

interface Linked {
  readonly name: string
  readonly link: KeyedLink
}

export class KeyedLine {
  readonly #network: Network
  readonly #ends: readonly [End, End]
  #silent = false
  #kept: (() => void)[] = []
  over = false

  /** `swapped`: somebody is in between, so each end sees a certificate the other does not have. */
  private constructor(network: Network, a: Linked, b: Linked, swapped: boolean) {
    this.#network = network
    const random = network.world.random(`line ${network.world.ran}`)
    const [ofA, ofB, foreign] = [random.bytes(32), random.bytes(32), random.bytes(32)]
    this.#ends = [
      this.#end(a.name, a.link, ofA, swapped ? foreign : ofB),
      this.#end(b.name, b.link, ofB, swapped ? foreign : ofA),
    ]
    for (const end of this.#ends)
      network.world.after(random.below(200), () => this.over || end.link.directUp(end))
  }

  /** Undefined when one of them does not know the other, or there is such a connection. */
  static between(network: Network, a: Client, b: Client, swapped = false): KeyedLine | undefined {
    const [atA, atB] = [a.links.get(b.id), b.links.get(a.id)]
    if (!(atA instanceof KeyedLink) || !(atB instanceof KeyedLink)) return undefined
    return KeyedLine.of(network, { name: a.name, link: atA }, { name: b.name, link: atB }, swapped)
  }

  static of(network: Network, a: Linked, b: Linked, swapped: boolean): KeyedLine | undefined {
    return a.link.hasDirect || b.link.hasDirect ? undefined : new KeyedLine(network, a, b, swapped)
  }

  /** Nothing passes, though both think it open. */
  goesSilent(): void {
    this.#silent = true
  }

  /** What was sent in order meanwhile arrives now. */
  speaksAgain(): void {
    this.#silent = false
    const kept = this.#kept
    this.#kept = []
    for (const arrive of kept) arrive()
  }

  /** Both are told that it is over, each in its time. */
  closes(): void {
    if (this.over) return
    this.over = true
    const { world } = this.#network
    for (const end of this.#ends)
      world.after(this.#network.delayMs(end.name, end.name), () => end.link.directDown(end))
  }

  #end(name: string, link: KeyedLink, ours: Uint8Array, theirs: Uint8Array): End {
    const end: End = {
      name,
      link,
      ours,
      theirs,
      arrivesAtMs: new Map(),
      send: (channel, bytes) => this.#send(end, channel, bytes.slice()),
      giveUp: () => {
        // The one who gives up knows at once.
        link.directDown(end)
        this.closes()
      },
    }
    return end
  }

  #send(from: End, channel: ChannelName, bytes: Uint8Array): void {
    const to = this.#ends[0] === from ? this.#ends[1] : this.#ends[0]
    const network = this.#network
    const arrives = () => {
      if (!this.over) to.link.heardDirectly(to, channel, bytes.slice())
    }
    if (channel === 'gossip') {
      return network.packet(from.name, to.name, () => this.#silent || arrives())
    }
    let delayMs = network.delayMs(from.name, to.name)
    while (network.lost()) delayMs += RETRANSMIT_MS
    const atMs = Math.max(from.arrivesAtMs.get(channel) ?? 0, network.world.nowMs + delayMs)
    from.arrivesAtMs.set(channel, atMs)
    network.world.at(atMs, () => (this.#silent ? this.#kept.push(arrives) : arrives()))
  }
}
