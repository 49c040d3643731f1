// The direct way to one peer: hosts the negotiation machine and the browser's connection it drives. Loaded when the first
// Waypost that may use it connects, so that a page which only relays does not pay for it.

import type { DropReason } from '../protocol/drops.ts'
import type { ChannelName } from '../protocol/link/machine.ts'
import type {
  NegotiationEffect,
  NegotiationInput,
  NegotiationState,
} from '../protocol/negotiation/contract.ts'
import { NegotiationMachine } from '../protocol/negotiation/machine.ts'
import type { SignalFrame } from '../protocol/wire/frames.ts'
import type { DeclineReason } from '../protocol/wire/registry.ts'
import { Host } from './host.ts'
import { IceServers, type IceSource } from './ice-servers.ts'
import type { TurnStatus } from './types.ts'
import { DirectConnection } from './webrtc.ts'

export interface DirectOptions {
  readonly polite: boolean
  readonly unwilling: () => DeclineReason | undefined
}

export interface DirectListener {
  signal(frame: SignalFrame): void
  frame(channel: ChannelName, bytes: Uint8Array): void
  /** With the fingerprints of both certificates. */
  opened(ours: Uint8Array, theirs: Uint8Array): void
  lost(): void
  dropped(reason: DropReason): void
}

/** The direct ways of one client, and what they share. */
export class Directs {
  readonly #servers: IceServers

  constructor(source: IceSource) {
    this.#servers = new IceServers(source)
  }

  readonly make = (options: DirectOptions, listener: DirectListener) =>
    new Direct(options, this.#servers, listener)

  get turn(): TurnStatus | undefined {
    return this.#servers.status
  }
}

export class Direct {
  readonly #servers: IceServers
  readonly #listener: DirectListener
  readonly #machine: NegotiationMachine
  readonly #host: Host<NegotiationInput, NegotiationEffect>
  #connection: DirectConnection | undefined

  constructor(options: DirectOptions, servers: IceServers, listener: DirectListener) {
    this.#servers = servers
    this.#listener = listener
    const { polite, unwilling } = options
    this.#machine = new NegotiationMachine({ polite, unwilling, random: Math.random })
    this.#host = new Host(this.#machine, (effect) => this.#perform(effect))
  }

  get state(): NegotiationState {
    return this.#machine.state
  }

  /** A connection exists or is being made: it counts against the bound. */
  get connecting(): boolean {
    return this.#connection !== undefined
  }

  give(input: NegotiationInput): void {
    this.#host.give(input)
  }

  send(channel: ChannelName, frame: Uint8Array): void {
    this.#connection?.send(channel, frame)
  }

  /** What is open is no good: away with it, and another try. */
  giveUp(): void {
    const connection = this.#connection?.id
    if (connection !== undefined) this.#host.give({ kind: 'channelsClosed', connection })
  }

  close(): void {
    this.#host.give({ kind: 'close' })
    this.#host.stop()
  }

  #perform(effect: NegotiationEffect): void {
    switch (effect.kind) {
      case 'create':
        return this.#create(effect.connection)
      case 'makeOffer':
        return this.#connection?.makeOffer(effect.round, effect.restart)
      case 'acceptOffer':
        return this.#connection?.acceptOffer(effect.round, effect.sdp)
      case 'acceptAnswer':
        return this.#connection?.acceptAnswer(effect.sdp)
      case 'addCandidates':
        return this.#connection?.addCandidates(effect.candidates)
      case 'destroy':
        this.#connection?.close()
        this.#connection = undefined
        return
      case 'signal':
        return this.#listener.signal(effect.frame)
      case 'opened': {
        const fingerprints = this.#connection?.fingerprints
        if (fingerprints === undefined) return this.giveUp()
        return this.#listener.opened(fingerprints.ours, fingerprints.theirs)
      }
      case 'lost':
        return this.#listener.lost()
      case 'failed':
        return // Said by status(); the machine tries again in its own time.
      case 'drop':
        return this.#listener.dropped(effect.reason)
    }
  }

  #create(connection: number): void {
    try {
      this.#connection = new DirectConnection(connection, this.#servers, {
        input: (input) => this.#host.give(input),
        frame: (channel, bytes) => this.#listener.frame(channel, bytes),
      })
    } catch {
      // Browsers refuse for reasons of their own: too many connections in one page, an ICE server they do not like.
      this.#host.give({ kind: 'broken', connection })
    }
  }
}
