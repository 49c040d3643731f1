// When two peers shake hands, over what, and how the keys reach every way between them. See README.md beside this.
//
// Invariants
// 1. At most one session is current; records are sealed under no other.
// 2. There is at most one dial of ours and one answer to the peer's, and each ends: established, or given up.
// 3. A way has a path number of the current session, or none.
// 4. What a peer or a room says ends nothing that works, unless it proved the peer's keys.

import type { Role } from '../crypto/handshake/session.ts'
import { TICKET_LIFE_MS } from '../crypto/handshake/ticket.ts'
import {
  KEYING_CROSSED_TRIES,
  KEYING_JOIN_TRIES,
  KEYING_REMEMBER_MS,
  KEYING_RESEND_MAX_MS,
  KEYING_RESEND_MS,
  KEYING_RESUME_TRIES,
  KEYING_STRANDED_MS,
} from '../limits.ts'
import type { PathName } from '../link/sending.ts'
import type { Machine } from '../machine.ts'
import { equalBytes } from '../wire/bytes.ts'
import type { KeyingConfig, KeyingEffect, KeyingInput, TaskResult } from './contract.ts'

/** Said by a task of ours, and sent again until it is answered. */
interface Said {
  readonly task: number
  bytes: Uint8Array | undefined
  tries: number
  /** Undefined: the task is still at work. */
  dueAtMs: number | undefined
}

interface Dial extends Said {
  readonly way: number
  readonly as: 'dial' | 'resume'
}

interface Answer extends Said {
  readonly way: number
  readonly as: 'answer' | 'answerResume'
  /** What it answers. */
  readonly first: Uint8Array
  /** It ended in a session, and is only remembered. */
  done: boolean
}

interface Way {
  readonly id: number
  readonly path: PathName
  readonly life: number
  attached: boolean
  open: boolean
  join: Said | undefined
}

interface Session {
  /** The task that made it. */
  readonly id: number
  readonly role: Role
  readonly life: number
  readonly way: number
  readonly authenticatedAtMs: number
}

export class KeyingMachine implements Machine<KeyingInput, KeyingEffect> {
  readonly #config: KeyingConfig
  readonly #ways = new Map<number, Way>()
  #session: Session | undefined
  #held: Session | undefined
  #dial: Dial | undefined
  #answer: Answer | undefined
  /** Our dial that is done, kept while the peer may not have our last message. */
  #finished: { readonly task: number; readonly way: number } | undefined
  /** Joins of the peer's that are being checked, and where. */
  readonly #accepting = new Map<number, number>()
  #wanted = false
  /** The next dial is one with signatures, whatever tickets there are. */
  #inFull = false
  /** The session we have is of no use any more. */
  #renew = false
  /** Since then the peer should have joined a relay way, and has not. */
  #strandedAtMs: number | undefined
  #tasks = 0
  #effects: KeyingEffect[] = []

  constructor(config: KeyingConfig) {
    this.#config = config
  }

  /** Somebody waits for a handshake to end: what cannot be opened yet may be openable then. */
  get busy(): boolean {
    return this.#dial !== undefined || this.#answer !== undefined || this.#joining
  }

  get #joining(): boolean {
    for (const { join } of this.#ways.values()) if (join !== undefined) return true
    return this.#accepting.size > 0
  }

  get wakeAtMs(): number | undefined {
    const due = [this.#dial?.dueAtMs, this.#answer?.dueAtMs, this.#strandedAtMs]
    for (const { join } of this.#ways.values()) due.push(join?.dueAtMs)
    if (this.#relay() !== undefined && !this.#renew) due.push(this.#mustProveAgainAtMs)
    const times = due.filter((time) => time !== undefined)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  receive(input: KeyingInput, nowMs: number): readonly KeyingEffect[] {
    this.#effects = []
    this.#receive(input, nowMs)
    this.#settle(nowMs)
    return this.#effects
  }

  #receive(input: KeyingInput, nowMs: number): void {
    switch (input.kind) {
      case 'wanted':
        this.#wanted = true
        return
      case 'wayUp': {
        const { way: id, path, life } = input
        this.#ways.set(id, { id, path, life, attached: false, open: false, join: undefined })
        return
      }
      case 'wayDown':
        return this.#wayDown(input.way)
      case 'message':
        return this.#message(input)
      case 'result':
        return this.#result(input.task, input.result, nowMs)
      case 'heard':
        return this.#heard(input.session, input.way)
      case 'broken': {
        const way = this.#ways.get(input.way)
        if (way?.attached !== true) return
        this.#detach(way)
        return this.#do({ kind: 'giveUp', way: way.id })
      }
      case 'unanswered':
        if (this.#session === undefined) return
        this.#renew = true
        this.#wanted = true
        return
      case 'wake':
        return this.#wake(nowMs)
    }
  }

  #wayDown(id: number): void {
    const way = this.#ways.get(id)
    if (way === undefined) return
    this.#endJoin(way)
    this.#ways.delete(id)
    if (this.#dial?.way === id) {
      this.#endDial()
      this.#wanted = true
    }
    if (this.#answer?.way === id) this.#endAnswer()
    if (this.#finished?.way === id) this.#endFinished()
  }

  // ---- what follows from the state ------------------------------------------------------------------------------

  #settle(nowMs: number): void {
    this.#dialIfNeeded()
    this.#joinIfNeeded()
    this.#strandedAtMs = this.#stranded() ? (this.#strandedAtMs ?? nowMs + KEYING_STRANDED_MS) : undefined
  }

  #dialIfNeeded(): void {
    const relay = this.#relay()
    if (!this.#wanted || this.#dial !== undefined || this.#answer?.done === false || relay === undefined) return
    if (this.#session?.life === relay.life && !this.#renew) {
      if (this.#anyOpen) this.#wanted = false
      return
    }
    this.#beginDial(this.#inFull || !this.#config.hasTicket() ? 'dial' : 'resume', relay.id)
  }

  #beginDial(as: Dial['as'], way: number): void {
    const task = this.#newTask()
    this.#dial = { task, way, as, bytes: undefined, tries: 0, dueAtMs: undefined }
    this.#do({ kind: 'begin', task, as, way })
  }

  /** The initiator's: every direct connection, and one relay way. */
  #joinIfNeeded(): void {
    const session = this.#session
    if (session?.role !== 'initiator') return
    let relayed = [...this.#ways.values()].some((way) => way.path === 'relay' && (way.attached || way.join))
    for (const way of [...this.#ways.values()].reverse()) {
      if (way.attached || way.join !== undefined) continue
      if (way.path === 'relay' && (relayed || way.life !== session.life)) continue
      if (way.path === 'relay') relayed = true
      const task = this.#newTask()
      way.join = { task, bytes: undefined, tries: 0, dueAtMs: undefined }
      this.#do({ kind: 'begin', task, as: 'join', way: way.id, session: session.id })
    }
  }

  /** We cannot join, and whoever can has not. */
  #stranded(): boolean {
    if (this.#session?.role !== 'responder' || !this.#wanted || this.#renew) return false
    return this.#relay() !== undefined && !this.#anyOpen
  }

  get #anyOpen(): boolean {
    for (const { open } of this.#ways.values()) if (open) return true
    return false
  }

  /** The newest: what the peer was last seen at. */
  #relay(): Way | undefined {
    return [...this.#ways.values()].findLast((way) => way.path === 'relay')
  }

  get #mustProveAgainAtMs(): number | undefined {
    const session = this.#session
    return session?.role === 'initiator' ? session.authenticatedAtMs + TICKET_LIFE_MS : undefined
  }

  // ---- what the peer says ---------------------------------------------------------------------------------------

  #message({ way: id, type, bytes }: Extract<KeyingInput, { kind: 'message' }>): void {
    const way = this.#ways.get(id)
    if (way === undefined) return this.#unexpected()
    switch (type) {
      case 'm1':
        return this.#dialled('answer', id, bytes)
      case 'r1':
        return this.#dialled('answerResume', id, bytes)
      case 'm2':
      case 'r2':
        if (this.#dial?.way === id) return this.#feed(this.#dial.task, bytes)
        return this.#finished?.way === id ? this.#feed(this.#finished.task, bytes) : this.#unexpected()
      case 'm3':
        return this.#answer?.way === id ? this.#feed(this.#answer.task, bytes) : this.#unexpected()
      case 'join': {
        if (this.#session === undefined) return this.#unexpected()
        const task = this.#newTask()
        this.#accepting.set(task, id)
        this.#do({ kind: 'begin', task, as: 'accept', way: id, session: this.#session.id })
        return this.#feed(task, bytes)
      }
      case 'accept':
        return way.join === undefined ? this.#unexpected() : this.#feed(way.join.task, bytes)
    }
  }

  #dialled(as: Answer['as'], way: number, first: Uint8Array): void {
    if (this.#answer?.way === way && equalBytes(this.#answer.first, first))
      return this.#feed(this.#answer.task, first)
    if (this.#dial !== undefined) {
      if (this.#oursStands(as)) return this.#unexpected()
      this.#endDial()
      this.#wanted = true // Should the peer's come to nothing.
    }
    this.#endAnswer()
    const task = this.#newTask()
    this.#answer = { task, way, as, first, bytes: undefined, tries: 0, dueAtMs: undefined, done: false }
    this.#do({ kind: 'begin', task, as, way })
    this.#feed(task, first)
  }

  /** Of two dials that cross. One that went unanswered for long may not be heard at all, and stands no more. */
  #oursStands(theirs: Answer['as']): boolean {
    const dial = this.#dial
    if (dial === undefined || dial.tries > KEYING_CROSSED_TRIES) return false
    if (dial.as === 'resume') return theirs === 'answerResume' && this.#config.ours
    return theirs === 'answerResume' || this.#config.ours
  }

  #heard(session: number, id: number): void {
    if (session === this.#held?.id) {
      const held = this.#held
      this.#held = undefined
      this.#adopt(held)
    }
    if (session !== this.#session?.id) return
    if (this.#finished?.task === session) this.#endFinished()
    const way = this.#ways.get(id)
    if (way?.attached !== true || way.open) return
    way.open = true
    this.#do({ kind: 'open', way: id, first: false })
  }

  // ---- what tasks come to ---------------------------------------------------------------------------------------

  #result(task: number, result: TaskResult, nowMs: number): void {
    if (result.kind === 'drop') this.#do({ kind: 'drop', reason: result.reason })
    if (task === this.#dial?.task) return this.#dialResult(this.#dial, result, nowMs)
    if (task === this.#answer?.task) return this.#answerResult(this.#answer, result, nowMs)
    if (task === this.#finished?.task) {
      if (result.kind === 'repeats') this.#transmit(this.#finished.way, result.bytes)
      return
    }
    const accepted = this.#accepting.get(task)
    if (accepted !== undefined) return this.#acceptResult(task, accepted, result)
    for (const way of this.#ways.values())
      if (task === way.join?.task) return this.#joinResult(way, way.join, result, nowMs)
  }

  #dialResult(dial: Dial, result: TaskResult, nowMs: number): void {
    switch (result.kind) {
      case 'says':
        return this.#say(dial, dial.way, result.bytes, nowMs)
      case 'established': {
        if (result.reply !== undefined) this.#transmit(dial.way, result.reply)
        this.#dial = undefined
        this.#endFinished()
        this.#finished = { task: dial.task, way: dial.way }
        return this.#adopt(this.#sessionOf(dial, result))
      }
      case 'impossible':
        this.#endDial()
        if (dial.as === 'resume') this.#beginDial('dial', dial.way)
        else this.#wanted = false
        return
    }
  }

  #answerResult(answer: Answer, result: TaskResult, nowMs: number): void {
    switch (result.kind) {
      case 'says':
        return this.#say(answer, answer.way, result.bytes, nowMs)
      case 'repeats':
        return this.#transmit(answer.way, result.bytes)
      case 'established': {
        const session = this.#sessionOf(answer, result)
        if (result.reply === undefined) {
          this.#endAnswer()
          return this.#adopt(session)
        }
        this.#transmit(answer.way, result.reply)
        answer.dueAtMs = nowMs + KEYING_REMEMBER_MS
        answer.done = true
        if (this.#session === undefined) return this.#adopt(session)
        if (this.#held !== undefined) this.#do({ kind: 'retire', session: this.#held.id })
        this.#held = session
        return
      }
      case 'drop':
        if (answer.done || answer.bytes !== undefined) return // It has answered before: a forgery changes nothing.
        this.#endAnswer()
        if (result.reason !== 'ticket') return
        // The peer has a ticket that we have not: it shall not wait for us to find it.
        this.#inFull = true
        this.#renew = true
        this.#wanted = true
        return
    }
  }

  #joinResult(way: Way, join: Said, result: TaskResult, nowMs: number): void {
    if (result.kind === 'says') return this.#say(join, way.id, result.bytes, nowMs)
    if (result.kind === 'joined') {
      this.#endJoin(way)
      this.#attach(way, result.path)
      way.open = true
      return this.#do({ kind: 'open', way: way.id, first: true })
    }
    if (result.kind !== 'impossible') return
    this.#endJoin(way)
    this.#renew = true
    this.#wanted = true
  }

  #acceptResult(task: number, id: number, result: TaskResult): void {
    this.#accepting.delete(task)
    this.#do({ kind: 'end', task })
    const way = this.#ways.get(id)
    if (result.kind === 'repeats') return this.#transmit(id, result.bytes)
    if (result.kind !== 'joined' || way === undefined || result.reply === undefined) return
    this.#transmit(id, result.reply)
    this.#endJoin(way)
    this.#attach(way, result.path)
    if (way.path !== 'relay') return // Not before we heard something there: see README.md.
    way.open = true
    this.#do({ kind: 'open', way: id, first: false })
  }

  #sessionOf({ task, way }: Dial | Answer, result: Extract<TaskResult, { kind: 'established' }>): Session {
    const { role, authenticatedAtMs } = result
    return { id: task, role, way, authenticatedAtMs, life: this.#ways.get(way)?.life ?? 0 }
  }

  // ---- sessions and ways ----------------------------------------------------------------------------------------

  #adopt(session: Session): void {
    for (const way of this.#ways.values()) {
      this.#endJoin(way)
      if (way.attached) this.#detach(way)
    }
    for (const old of [this.#session, this.#held])
      if (old !== undefined) this.#do({ kind: 'retire', session: old.id })
    if (this.#dial !== undefined) this.#endDial()
    this.#held = undefined
    this.#session = session
    this.#wanted = false
    this.#renew = false
    this.#inFull = false
    this.#do({ kind: 'adopt', session: session.id, life: session.life })
    const way = this.#ways.get(session.way)
    if (way === undefined) return
    this.#attach(way, 0)
    way.open = true
    this.#do({ kind: 'open', way: way.id, first: session.role === 'initiator' })
  }

  #attach(way: Way, path: number): void {
    if (this.#session === undefined) return
    if (way.attached) this.#detach(way)
    way.attached = true
    way.open = false
    this.#do({ kind: 'attach', session: this.#session.id, way: way.id, path })
  }

  #detach(way: Way): void {
    way.attached = false
    way.open = false
    this.#do({ kind: 'detach', way: way.id })
  }

  // ---- time ------------------------------------------------------------------------------------------------------

  #wake(nowMs: number): void {
    if (isDue(this.#dial, nowMs)) this.#redial(this.#dial as Dial, nowMs)
    const answer = this.#answer
    if (answer !== undefined && isDue(answer, nowMs)) {
      // Of a resumption it was said once and is only remembered; M2 is sent again, until the peer has long given up.
      if (answer.done || answer.bytes === undefined || answer.tries > KEYING_CROSSED_TRIES) this.#endAnswer()
      else this.#say(answer, answer.way, answer.bytes, nowMs)
    }
    for (const way of this.#ways.values()) if (isDue(way.join, nowMs)) this.#rejoin(way, nowMs)
    if (this.#strandedAtMs !== undefined && nowMs >= this.#strandedAtMs) this.#renew = true
    const proveAtMs = this.#mustProveAgainAtMs
    if (proveAtMs !== undefined && nowMs >= proveAtMs) {
      this.#inFull = true
      this.#renew = true
      this.#wanted = true
    }
  }

  #redial(dial: Dial, nowMs: number): void {
    if (dial.as === 'resume' && dial.tries >= KEYING_RESUME_TRIES) {
      this.#endDial()
      return this.#beginDial('dial', dial.way)
    }
    if (dial.bytes !== undefined) this.#say(dial, dial.way, dial.bytes, nowMs)
  }

  #rejoin(way: Way, nowMs: number): void {
    const join = way.join
    if (join?.bytes === undefined) return
    if (join.tries < KEYING_JOIN_TRIES) return this.#say(join, way.id, join.bytes, nowMs)
    this.#endJoin(way)
    if (way.path === 'webrtc') {
      // Known no more: whatever comes there is dropped until the host has made another.
      this.#ways.delete(way.id)
      return this.#do({ kind: 'giveUp', way: way.id })
    }
    this.#renew = true
    this.#wanted = true
  }

  #say(said: Said, way: number, bytes: Uint8Array, nowMs: number): void {
    said.bytes = bytes
    said.dueAtMs = nowMs + Math.min(KEYING_RESEND_MAX_MS, KEYING_RESEND_MS * 2 ** said.tries)
    said.tries++
    this.#transmit(way, bytes)
  }

  // ---- tasks -----------------------------------------------------------------------------------------------------

  #newTask(): number {
    this.#tasks++
    return this.#tasks
  }

  #feed(task: number, bytes: Uint8Array): void {
    this.#do({ kind: 'feed', task, bytes })
  }

  #endDial(): void {
    if (this.#dial !== undefined) this.#do({ kind: 'end', task: this.#dial.task })
    this.#dial = undefined
  }

  #endAnswer(): void {
    if (this.#answer !== undefined) this.#do({ kind: 'end', task: this.#answer.task })
    this.#answer = undefined
  }

  #endFinished(): void {
    if (this.#finished !== undefined) this.#do({ kind: 'end', task: this.#finished.task })
    this.#finished = undefined
  }

  #endJoin(way: Way): void {
    if (way.join !== undefined) this.#do({ kind: 'end', task: way.join.task })
    way.join = undefined
  }

  #transmit(way: number, bytes: Uint8Array): void {
    this.#do({ kind: 'transmit', way, bytes })
  }

  #unexpected(): void {
    this.#do({ kind: 'drop', reason: 'unexpected' })
  }

  #do(effect: KeyingEffect): void {
    this.#effects.push(effect)
  }
}

function isDue(said: Said | undefined, nowMs: number): boolean {
  return said?.dueAtMs !== undefined && nowMs >= said.dueAtMs
}
