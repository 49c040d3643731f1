// The ways to one peer, and how the current session's keys reach them: joins of ours, and the peer's that we accept.

import type { Role } from '../crypto/handshake/session.ts'
import { KEYING_JOIN_TRIES } from '../limits/keying.ts'
import type { PathName } from '../path.ts'
import type { KeyingEffect, TaskResult } from './contract.ts'
import { isDue, type Said, said } from './said.ts'

export interface Session {
  /** The task that made it. */
  readonly id: number
  readonly role: Role
  readonly life: number
  readonly way: number
  readonly authenticatedAtMs: number
}

export interface Way {
  readonly id: number
  readonly path: PathName
  readonly life: number
  attached: boolean
  open: boolean
  join: Said | undefined
}

/** What the machine lends: numbers for tasks, and its effects. */
export interface Doing {
  newTask(): number
  do(effect: KeyingEffect): void
  say(said: Said, way: number, bytes: Uint8Array, nowMs: number): void
}

/** The session cannot be joined any more: only a handshake helps. */
export type Joined = 'lost' | undefined

export class Ways {
  readonly #doing: Doing
  readonly #ways = new Map<number, Way>()
  /** Joins of the peer's that are being checked, and where. */
  readonly #accepting = new Map<number, number>()

  constructor(doing: Doing) {
    this.#doing = doing
  }

  get(id: number): Way | undefined {
    return this.#ways.get(id)
  }

  /** The newest relay: what the peer was last seen at. */
  get relay(): Way | undefined {
    return [...this.#ways.values()].findLast((way) => way.path === 'relay')
  }

  /** Another, each in its turn. */
  relayAfter(id: number): Way | undefined {
    const relays = [...this.#ways.values()].filter((way) => way.path === 'relay')
    const at = relays.findIndex((way) => way.id === id)
    const next = relays.at(at - 1)
    return next?.id === id ? undefined : next
  }

  get anyOpen(): boolean {
    for (const { open } of this.#ways.values()) if (open) return true
    return false
  }

  get joining(): boolean {
    for (const { join } of this.#ways.values()) if (join !== undefined) return true
    return this.#accepting.size > 0
  }

  *wakesAtMs(): Iterable<number | undefined> {
    for (const { join } of this.#ways.values()) yield join?.dueAtMs
  }

  up(id: number, path: PathName, life: number): void {
    this.#ways.set(id, { id, path, life, attached: false, open: false, join: undefined })
  }

  down(id: number): void {
    const way = this.#ways.get(id)
    if (way !== undefined) this.#endJoin(way)
    this.#ways.delete(id)
    for (const [task, on] of this.#accepting) {
      if (on !== id) continue
      this.#accepting.delete(task)
      this.#doing.do({ kind: 'end', task })
    }
  }

  /** Another session is current: every way begins anew. */
  adopt(session: Session): void {
    // What is still being checked is under keys that are no more: its path number would be taken for one of the new session.
    for (const task of this.#accepting.keys()) this.#doing.do({ kind: 'end', task })
    this.#accepting.clear()
    for (const way of this.#ways.values()) {
      this.#endJoin(way)
      if (way.attached) this.detach(way)
    }
    this.#doing.do({ kind: 'adopt', session: session.id, life: session.life })
    const way = this.#ways.get(session.way)
    if (way === undefined) return
    this.#attach(way, session, 0)
    this.open(way, session.role === 'initiator')
  }

  open(way: Way, first: boolean): void {
    way.open = true
    this.#doing.do({ kind: 'open', way: way.id, first })
  }

  detach(way: Way): void {
    way.attached = false
    way.open = false
    this.#doing.do({ kind: 'detach', way: way.id })
  }

  /** The initiator's: every direct connection, and one relay way. */
  joinAll(session: Session): void {
    if (session.role !== 'initiator') return
    let relayed = [...this.#ways.values()].some((way) => way.path === 'relay' && (way.attached || way.join))
    for (const way of [...this.#ways.values()].reverse()) {
      if (way.attached || way.join !== undefined) continue
      if (way.path === 'relay' && (relayed || way.life !== session.life)) continue
      if (way.path === 'relay') relayed = true
      way.join = said(this.#doing.newTask())
      this.#doing.do({ kind: 'begin', task: way.join.task, as: 'join', way: way.id, session: session.id })
    }
  }

  /** What the peer says of a join: its own, or of ours. False: we know of none. */
  message(type: 'join' | 'accept', way: Way, bytes: Uint8Array, session: Session | undefined): boolean {
    if (type === 'accept') {
      if (way.join === undefined) return false
      this.#doing.do({ kind: 'feed', task: way.join.task, bytes })
      return true
    }
    if (session === undefined) return false
    const task = this.#doing.newTask()
    this.#accepting.set(task, way.id)
    this.#doing.do({ kind: 'begin', task, as: 'accept', way: way.id, session: session.id })
    this.#doing.do({ kind: 'feed', task, bytes })
    return true
  }

  result(task: number, result: TaskResult, session: Session | undefined, nowMs: number): Joined {
    const accepted = this.#accepting.get(task)
    if (accepted !== undefined) {
      this.#accepted(task, accepted, result, session)
      return undefined
    }
    for (const way of this.#ways.values())
      if (task === way.join?.task) return this.#joined(way, way.join, result, session, nowMs)
    return undefined
  }

  wake(nowMs: number): Joined {
    let lost: Joined
    for (const way of [...this.#ways.values()])
      if (isDue(way.join, nowMs)) lost = this.#joinAgain(way, nowMs) ?? lost
    return lost
  }

  #joined(way: Way, join: Said, result: TaskResult, session: Session | undefined, nowMs: number): Joined {
    if (result.kind === 'says') {
      this.#doing.say(join, way.id, result.bytes, nowMs)
    } else if (result.kind === 'joined' && session !== undefined) {
      this.#endJoin(way)
      this.#attach(way, session, result.path)
      this.open(way, true)
    } else if (result.kind === 'impossible') {
      this.#endJoin(way)
      return 'lost'
    }
    return undefined
  }

  #accepted(task: number, id: number, result: TaskResult, session: Session | undefined): void {
    this.#accepting.delete(task)
    this.#doing.do({ kind: 'end', task })
    const way = this.#ways.get(id)
    if (result.kind === 'repeats') this.#doing.do({ kind: 'transmit', way: id, bytes: result.bytes })
    if (result.kind !== 'joined' || way === undefined || session === undefined) return
    if (result.reply !== undefined) this.#doing.do({ kind: 'transmit', way: id, bytes: result.reply })
    this.#endJoin(way)
    this.#attach(way, session, result.path)
    // On a direct connection not before we heard something there: see README.md.
    if (way.path === 'relay') this.open(way, false)
  }

  #joinAgain(way: Way, nowMs: number): Joined {
    const join = way.join
    if (join?.bytes === undefined) return undefined
    if (join.tries < KEYING_JOIN_TRIES) {
      this.#doing.say(join, way.id, join.bytes, nowMs)
      return undefined
    }
    this.#endJoin(way)
    if (way.path === 'relay') return 'lost'
    this.giveUp(way)
    return undefined
  }

  /** Known no more: whatever comes there is dropped until the host has made another. */
  giveUp(way: Way): void {
    this.down(way.id)
    this.#doing.do({ kind: 'giveUp', way: way.id })
  }

  #attach(way: Way, session: Session, path: number): void {
    if (way.attached) this.detach(way)
    way.attached = true
    this.#doing.do({ kind: 'attach', session: session.id, way: way.id, path })
  }

  #endJoin(way: Way): void {
    if (way.join !== undefined) this.#doing.do({ kind: 'end', task: way.join.task })
    way.join = undefined
  }
}
