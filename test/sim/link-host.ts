// One link of a client in the simulation: the link machine, its relay through the room, and a direct path when the
// scenario draws one. What client/peer-link.ts is to a page, without the negotiation.

import { concat } from '../../protocol/crypto/suite.ts'
import { type LinkEffect, type LinkInput, LinkMachine } from '../../protocol/link/machine.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import type { Lane } from '../../protocol/wire/frames.ts'
import { MachineHost } from './machine-host.ts'
import type { World } from './world.ts'

export interface LinkListener {
  delivered(lane: Lane, data: Uint8Array): void
  settled(token: number, outcome: 'acknowledged' | 'timeout' | 'abandoned'): void
  relay(payload: Uint8Array): void
  canRelay(): boolean
  newEpoch(): number
}

export class LinkHost {
  readonly machine: LinkMachine
  readonly #world: World
  readonly #name: string
  readonly #listener: LinkListener
  readonly #host: MachineHost<LinkInput, LinkEffect>
  #session: Uint8Array
  #relayUp = false
  #direct: ((frame: Uint8Array) => void) | undefined
  /** Told when the peer began a new life: what was direct with the old one is over. */
  directOver: () => void = () => {}

  constructor(world: World, name: string, session: Uint8Array, listener: LinkListener) {
    this.#world = world
    this.#name = name
    this.#session = session
    this.#listener = listener
    this.machine = new LinkMachine(listener.newEpoch())
    this.#host = new MachineHost(world, name, this.machine, (effect) => this.#perform(effect))
  }

  give(input: LinkInput): void {
    this.#host.give(input)
  }

  arrived(session: Uint8Array): void {
    if (!equalBytes(session, this.#session)) {
      this.#session = session
      this.directOver()
      this.give({ kind: 'peerRestarted', epoch: this.#listener.newEpoch() })
    }
    this.reachChanged()
  }

  /** Though it was up before and is now, what was on its way may have been lost in between. */
  reachChanged(): void {
    const up = this.#listener.canRelay()
    if (!this.#relayUp && !up) return
    if (this.#relayUp) this.give({ kind: 'pathDown', path: 'relay' })
    this.#relayUp = up
    if (up) this.give({ kind: 'pathUp', path: 'relay' })
  }

  directUp(send: (frame: Uint8Array) => void): void {
    this.#direct = send
    this.give({ kind: 'pathUp', path: 'webrtc' })
  }

  directDown(): void {
    if (this.#direct === undefined) return
    this.#direct = undefined
    this.give({ kind: 'pathDown', path: 'webrtc' })
  }

  heard(path: 'relay' | 'webrtc', bytes: Uint8Array): void {
    this.give({ kind: 'frame', path, bytes })
  }

  stop(): void {
    this.#host.stop()
  }

  #perform(effect: LinkEffect): void {
    switch (effect.kind) {
      case 'transmit':
        if (effect.path === 'webrtc') this.#direct?.(concat(effect.frame))
        else this.#listener.relay(concat(effect.frame))
        return
      case 'deliver':
        this.#listener.delivered(effect.lane, effect.data)
        return this.give({ kind: 'consumed', lane: effect.lane, bytes: effect.data.length })
      case 'settled':
        this.#world.trace(this.#name, `settled ${effect.token} ${effect.outcome}`)
        return this.#listener.settled(effect.token, effect.outcome)
      case 'pathChanged':
        return this.#world.trace(this.#name, `path ${effect.path}`)
      case 'drop':
        return this.#world.trace(this.#name, `drop ${effect.reason}`)
      case 'deliverDatagram':
      case 'directSilent':
      case 'directHeard':
        return
    }
  }
}
