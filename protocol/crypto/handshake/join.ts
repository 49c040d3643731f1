// A second path for a link that exists: no second handshake, but a MAC each way, under the link's keys and over the binding
// of the new channel. Paths are numbered, even ones by the link's initiator and odd ones by its responder, each number once:
// records of different paths never share a key.

import { equalBytes } from '../../wire/bytes.ts'
import { concat, type Suite } from '../suite.ts'
import { type Binding, encodeBinding } from './binding.ts'
import { type Dropped, dropped } from './drops.ts'
import { PATH_ACCEPT, PATH_JOIN } from './labels.ts'
import { coveredJoining, RANDOM_BYTES, readJoining } from './layout.ts'
import { equalMacs, expand, take, wipe } from './schedule.ts'
import { other, type Role, type Session } from './session.ts'

/** The path the handshake ran over. */
export const FIRST_PATH = 0
const PATH_MAX = 0xffff
/** Channels whose joins are remembered: more are not joined at once, and a number from before them is refused. */
const CHANNELS_MAX = 8

/** What of a session is needed here, and outlives its other secrets. */
export type Joinable = Pick<Session, 'role' | 'link' | 'paths'>

export type JoinAnswer =
  /** `again`: the same join once more, its acceptance was lost. */
  | {
      readonly kind: 'accepted'
      readonly accept: Uint8Array
      readonly path: number
      readonly again: boolean
    }
  | Dropped

/** One that waits for the other's acceptance. */
export interface Join {
  readonly path: number
  /** To be sent, and sent again while there is no answer. */
  readonly message: Uint8Array
  /** Whatever the bytes are, this resolves. */
  receive(bytes: Uint8Array): Promise<{ readonly kind: 'joined'; readonly path: number } | Dropped>
}

interface Accepted {
  readonly channel: Uint8Array
  readonly path: number
  readonly join: Uint8Array
  readonly accept: Uint8Array
}

export class Joins {
  readonly #suite: Suite
  readonly #link: Omit<Joinable, 'paths'>
  #key: Uint8Array | undefined
  #next: number
  /** The last on each channel: two that are joined at once are accepted in any order. */
  #accepted: readonly Accepted[] = []
  /** Numbers up to here are over on all channels that are not in `accepted`. */
  #over = FIRST_PATH

  /** Takes the session's path secret. */
  constructor(suite: Suite, session: Joinable) {
    this.#suite = suite
    this.#link = { role: session.role, link: session.link.slice() }
    this.#key = take(session.paths)
    this.#next = FIRST_PATH + (session.role === 'initiator' ? 2 : 1)
  }

  /** Undefined: this link is closed, or has had all its paths and needs a handshake. */
  async start(binding: Binding): Promise<Join | undefined> {
    const path = this.#next
    if (path > PATH_MAX) return undefined
    this.#next += 2
    const channel = await encodeBinding(this.#suite.hash, binding)
    const covered = coveredJoining('join', path, this.#link.link, this.#suite.random(RANDOM_BYTES))
    const made = await this.#mac(PATH_JOIN, this.#link.role, channel, covered)
    if (made === undefined) return undefined
    const message = concat([covered, made])
    const receive = async (bytes: Uint8Array) => {
      const accept = readJoining('accept', bytes.slice())
      if (accept === undefined) return dropped('malformed')
      if (accept.path !== path || !equalBytes(accept.link, this.#link.link)) return dropped('unexpected')
      const mac = await this.#mac(PATH_ACCEPT, this.#link.role, channel, message, accept.covered)
      if (mac === undefined || !equalMacs(mac, accept.mac)) return dropped('mac')
      return { kind: 'joined' as const, path }
    }
    return { path, message, receive }
  }

  /** Whatever the bytes are, this resolves. */
  async receive(bytes: Uint8Array, binding: Binding): Promise<JoinAnswer> {
    const received = bytes.slice()
    const join = readJoining('join', received)
    if (join === undefined) return dropped('malformed')
    if (!equalBytes(join.link, this.#link.link)) return dropped('unexpected')
    const joiner = other(this.#link.role)
    if (join.path % 2 !== (joiner === 'initiator' ? 0 : 1)) return dropped('unexpected')
    const channel = await encodeBinding(this.#suite.hash, binding)
    const mac = await this.#mac(PATH_JOIN, joiner, channel, join.covered)
    if (mac === undefined || !equalMacs(mac, join.mac)) return dropped('mac')
    const before = this.#on(channel)
    if (before !== undefined && equalBytes(received, before.join))
      return { kind: 'accepted', accept: before.accept, path: before.path, again: true }

    const covered = coveredJoining('accept', join.path, this.#link.link, this.#suite.random(RANDOM_BYTES))
    const proof = await this.#mac(PATH_ACCEPT, joiner, channel, received, covered)
    if (proof === undefined) return dropped('unexpected')
    const accept = concat([covered, proof])
    // After all the waiting: of two that come at once, only the first can have this number.
    if (join.path <= (this.#on(channel)?.path ?? this.#over)) return dropped('replayed')
    if (this.#accepted.some(({ path }) => path === join.path)) return dropped('replayed')
    this.#remember({ channel, path: join.path, join: received, accept })
    return { kind: 'accepted', accept, path: join.path, again: false }
  }

  #on(channel: Uint8Array): Accepted | undefined {
    return this.#accepted.find((accepted) => equalBytes(accepted.channel, channel))
  }

  #remember(latest: Accepted): void {
    const others = this.#accepted.filter((accepted) => !equalBytes(accepted.channel, latest.channel))
    const all = [...others, latest]
    for (const { path } of all.slice(0, -CHANNELS_MAX)) this.#over = Math.max(this.#over, path)
    this.#accepted = all.slice(-CHANNELS_MAX)
  }

  close(): void {
    wipe(this.#key)
    this.#key = undefined
  }

  /** Undefined once closed: a MAC under zeros is one anybody can make. */
  async #mac(label: Uint8Array, joiner: Role, ...parts: readonly Uint8Array[]) {
    const { hash } = this.#suite
    if (this.#key === undefined) return undefined
    const key = await expand(hash, this.#key, label, Uint8Array.of(joiner === 'initiator' ? 0 : 1))
    const mac = await hash.hmac(key, ...parts)
    wipe(key)
    return this.#key === undefined ? undefined : mac
  }
}
