// One link of a client in the simulation, with its keys: what client/peer-link.ts is to a page, without the negotiation. The
// link machine, the keying machine, the handshakes and the records are the client's own.

import type { Sight } from '../../client/key-work.ts'
import { SecureLink, type SecureLinkOptions } from '../../client/secure-link.ts'
import type { ChannelName } from '../../protocol/link/machine.ts'
import { type LinkEffect, type LinkInput, LinkMachine } from '../../protocol/link/machine.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import type { LinkListener } from './link-host.ts'
import { MachineHost } from './machine-host.ts'
import { simulatedTime } from './simulated-time.ts'
import type { World } from './world.ts'

/** The peer in a room, as the client sees it now. */
export interface Seen {
  readonly room: string
  /** Another key is another way. */
  readonly key: string
  readonly sight: Sight
  readonly life: number
}

export interface KeyedListener extends Omit<LinkListener, 'relay' | 'canRelay'> {
  relay(payload: Uint8Array, room: string): void
  /** Where it can be reached now. */
  see(): readonly Seen[]
  /** A promise somewhere below took an error with it. */
  failed(error: unknown): void
}

export interface KeyedLinkOptions {
  readonly world: World
  readonly name: string
  readonly session: Uint8Array
  readonly keys: Omit<SecureLinkOptions, 'time'>
}

/** One end of a direct connection. */
export interface DirectEnd {
  readonly ours: Uint8Array
  readonly theirs: Uint8Array
  send(channel: ChannelName, bytes: Uint8Array): void
  giveUp(): void
}

export class KeyedLink {
  readonly machine: LinkMachine
  readonly secure: SecureLink
  /** Times that anything was dropped, by reason. */
  readonly drops = new Map<string, number>()
  /** Times that what it says took the direct way. */
  direct = 0
  readonly #world: World
  readonly #name: string
  readonly #listener: KeyedListener
  readonly #host: MachineHost<LinkInput, LinkEffect>
  #session: Uint8Array
  readonly #relays = new Map<string, { readonly key: string; readonly way: number }>()
  #direct: { readonly end: DirectEnd; readonly way: number } | undefined
  #stopped = false

  constructor({ world, name, session, keys }: KeyedLinkOptions, listener: KeyedListener) {
    this.#world = world
    this.#name = name
    this.#session = session
    this.#listener = listener
    this.machine = new LinkMachine(listener.newEpoch())
    this.#host = new MachineHost(world, name, this.machine, (effect) => this.#perform(effect))
    const time = simulatedTime(world, `keys of ${name}`, (error) => listener.failed(error))
    this.secure = new SecureLink(
      { ...keys, time },
      {
        carry: (way, channel, bytes) => this.#carry(way, channel, bytes),
        carryRecord: (way, channel, record) => this.#carry(way, channel, record),
        frame: (path, bytes) => this.#guarded(() => this.#host.give({ kind: 'frame', path, bytes })),
        pathUp: (path) => this.#host.give({ kind: 'pathUp', path }),
        pathDown: (path) => this.#host.give({ kind: 'pathDown', path }),
        restarted: () => this.#host.give({ kind: 'peerRestarted', epoch: listener.newEpoch() }),
        giveUp: (way) => {
          world.trace(name, 'gives the direct way up')
          if (way === this.#direct?.way) this.#direct.end.giveUp()
        },
        dropped: (reason) => this.#dropped(reason),
      },
    )
  }

  give(input: LinkInput): void {
    this.#host.give(input)
    if (input.kind === 'send' && this.machine.path === undefined) this.secure.want()
  }

  arrived(session: Uint8Array): void {
    if (!equalBytes(session, this.#session)) {
      this.#session = session
      this.#direct?.end.giveUp()
    }
    this.reachChanged()
  }

  reachChanged(): void {
    if (this.#stopped) return
    const seen = new Map(this.#listener.see().map((each) => [each.room, each]))
    for (const room of new Set([...seen.keys(), ...this.#relays.keys()])) {
      const now = seen.get(room)
      const known = this.#relays.get(room)
      if (now?.key === known?.key) continue
      if (known !== undefined) this.secure.wayDown(known.way)
      this.#relays.delete(room)
      if (now !== undefined)
        this.#relays.set(room, { key: now.key, way: this.secure.wayUp(now.sight, now.life) })
    }
    if (seen.size > 0 && !this.machine.idle) this.secure.want()
  }

  get hasDirect(): boolean {
    return this.#direct !== undefined
  }

  directUp(end: DirectEnd): void {
    if (this.#stopped) return
    const { ours, theirs } = end
    this.#direct = { end, way: this.secure.wayUp({ path: 'webrtc', ours, theirs }, 0) }
  }

  directDown(end: DirectEnd): void {
    if (this.#direct?.end !== end) return
    this.secure.wayDown(this.#direct.way)
    this.#direct = undefined
  }

  /** What comes on a connection before it is known to be open goes nowhere, as in a page. */
  heardDirectly(end: DirectEnd, channel: ChannelName, bytes: Uint8Array): void {
    if (this.#direct?.end === end) this.secure.received(this.#direct.way, channel, bytes)
  }

  /** Without a room: in the only one there is. */
  heard(_path: 'relay', bytes: Uint8Array, room?: string): void {
    const relay = this.#relays.get(room ?? [...this.#relays.keys()][0] ?? '')
    if (relay === undefined || this.#stopped) return this.#dropped('unknown-peer')
    this.secure.received(relay.way, 'control', bytes)
  }

  stop(): void {
    this.#stopped = true
    this.#host.stop()
    this.secure.close()
  }

  #carry(way: number, channel: ChannelName, bytes: Uint8Array): void {
    if (this.#stopped) return
    if (way === this.#direct?.way) return this.#direct.end.send(channel, bytes)
    for (const [room, relay] of this.#relays) if (relay.way === way) this.#listener.relay(bytes, room)
  }

  #perform(effect: LinkEffect): void {
    switch (effect.kind) {
      case 'transmit':
        this.secure.transmit(effect.path, effect.channel, effect.frame)
        return
      case 'deliver':
        this.#listener.delivered(effect.lane, effect.data)
        return this.give({ kind: 'consumed', lane: effect.lane, bytes: effect.data.length })
      case 'settled':
        this.#world.trace(this.#name, `settled ${effect.token} ${effect.outcome}`)
        return this.#listener.settled(effect.token, effect.outcome)
      case 'pathChanged':
        if (effect.path === 'webrtc') this.direct++
        return this.#world.trace(this.#name, `path ${effect.path}`)
      case 'unanswered':
        return this.secure.unanswered()
      case 'drop':
        return this.#dropped(effect.reason)
      case 'deliverDatagram':
      case 'directSilent':
      case 'directHeard':
        return
    }
  }

  #dropped(reason: string): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1)
    this.#world.trace(this.#name, `drop ${reason}`)
  }

  #guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#listener.failed(error)
    }
  }
}
