// When two peers shake hands, over what, and how the keys reach every way between them. See README.md beside this.
//
// Invariants
// 1. At most one session is current; records are sealed under no other.
// 2. There is at most one dial of ours and one answer to the peer's, and each ends: established, or given up.
// 3. A way has a path number of the current session, or none.
// 4. What a peer or a room says ends nothing that works, unless it proved the peer's keys.

import { TICKET_LIFE_MS } from '../crypto/handshake/ticket.ts'
import {
  KEYING_CROSSED_TRIES,
  KEYING_DIAL_TRIES,
  KEYING_REMEMBER_MS,
  KEYING_RESUME_TRIES,
  KEYING_STRANDED_MS,
} from '../limits/keying.ts'
import type { Machine } from '../machine.ts'
import { equalBytes } from '../wire/bytes.ts'
import type { KeyingConfig, KeyingEffect, KeyingInput, TaskResult } from './contract.ts'
import { isDue, isSaid, type Said, said } from './said.ts'
import { type Session, Ways } from './ways.ts'

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

export class KeyingMachine implements Machine<KeyingInput, KeyingEffect> {
  readonly #config: KeyingConfig
  readonly #ways: Ways
  #session: Session | undefined
  #held: Session | undefined
  #dial: Dial | undefined
  #answer: Answer | undefined
  /** Our dial that is done, kept while the peer may not have our last message. */
  #finished: { readonly task: number; readonly way: number } | undefined
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
    this.#ways = new Ways({
      newTask: () => this.#newTask(),
      do: (effect) => this.#do(effect),
      say: (said, way, bytes, nowMs) => this.#say(said, way, bytes, nowMs),
    })
  }

  /** Somebody waits for a handshake to end: what cannot be opened yet may be openable then. */
  get busy(): boolean {
    return this.#dial !== undefined || this.#answer?.done === false || this.#ways.joining
  }

  get wakeAtMs(): number | undefined {
    const due = [this.#dial?.dueAtMs, this.#answer?.dueAtMs, this.#strandedAtMs]
    due.push(...this.#ways.wakesAtMs())
    if (this.#ways.relay !== undefined && !this.#renew) due.push(this.#mustProveAgainAtMs)
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
      case 'wayUp':
        return this.#ways.up(input.way, input.path, input.life)
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
        this.#ways.detach(way)
        return this.#ways.giveUp(way)
      }
      case 'unanswered':
        if (this.#session !== undefined) this.#startOver()
        return
      case 'wake':
        return this.#wake(nowMs)
    }
  }

  #wayDown(id: number): void {
    this.#ways.down(id)
    if (this.#dial?.way === id) {
      this.#endDial()
      this.#wanted = true
    }
    if (this.#answer?.way === id) this.#endAnswer()
    if (this.#finished?.way === id) this.#endFinished()
    if (this.#held?.way !== id) return
    this.#do({ kind: 'retire', session: this.#held.id })
    this.#held = undefined
  }

  // ---- what follows from the state ------------------------------------------------------------------------------

  #settle(nowMs: number): void {
    this.#dialIfNeeded()
    if (this.#session !== undefined) this.#ways.joinAll(this.#session)
    this.#strandedAtMs = this.#stranded() ? (this.#strandedAtMs ?? nowMs + KEYING_STRANDED_MS) : undefined
  }

  #dialIfNeeded(): void {
    const { relay } = this.#ways
    if (!this.#wanted || this.#dial !== undefined || this.#answer?.done === false || relay === undefined)
      return
    if (this.#session?.life === relay.life && !this.#renew) {
      if (this.#ways.anyOpen) this.#wanted = false
      return
    }
    this.#beginDial(this.#inFull || !this.#config.hasTicket() ? 'dial' : 'resume', relay.id)
  }

  #beginDial(as: Dial['as'], way: number): void {
    const task = this.#newTask()
    this.#dial = { ...said(task), way, as }
    this.#do({ kind: 'begin', task, as, way })
  }

  /** We cannot join, and whoever can has not. */
  #stranded(): boolean {
    if (this.#session?.role !== 'responder' || !this.#wanted || this.#renew) return false
    return this.#ways.relay !== undefined && !this.#ways.anyOpen
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
      case 'r1':
        // A direct connection says nothing of the peer's life, and so carries no handshake.
        if (way.path !== 'relay') return this.#unexpected()
        return this.#dialled(type === 'm1' ? 'answer' : 'answerResume', id, bytes)
      case 'm2':
      case 'r2':
        if (this.#dial?.way === id) return this.#feed(this.#dial.task, bytes)
        return this.#finished?.way === id ? this.#feed(this.#finished.task, bytes) : this.#unexpected()
      case 'm3':
        return this.#answer?.way === id ? this.#feed(this.#answer.task, bytes) : this.#unexpected()
      case 'join':
      case 'accept':
        return this.#ways.message(type, way, bytes, this.#session) ? undefined : this.#unexpected()
    }
  }

  #dialled(as: Answer['as'], way: number, first: Uint8Array): void {
    if (this.#answer?.way === way && equalBytes(this.#answer.first, first))
      return this.#feed(this.#answer.task, first)
    if (this.#dial !== undefined) {
      if (this.#oursStands(as)) return
      // The peer gives up its own when it hears ours: so one that stood too long is not given up, or both would be.
      if (this.#dial.as === 'resume' || !this.#config.ours) this.#endDial()
      this.#wanted = true // Should the peer's come to nothing.
    }
    this.#endAnswer()
    const task = this.#newTask()
    this.#answer = { ...said(task), way, as, first, done: false }
    this.#do({ kind: 'begin', task, as, way })
    this.#feed(task, first)
  }

  /** Of two dials that cross. One that went unanswered for long may not be heard at all, and stands alone no more. */
  #oursStands(theirs: Answer['as']): boolean {
    const dial = this.#dial
    if (dial === undefined) return false
    if (dial.as === 'resume') return theirs === 'answerResume' && this.#config.ours
    return theirs === 'answerResume' || (this.#config.ours && dial.tries <= KEYING_CROSSED_TRIES)
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
    if (way?.attached === true && !way.open) this.#ways.open(way, false)
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
    if (this.#ways.result(task, result, this.#session, nowMs) === 'lost') this.#startOver()
  }

  #dialResult(dial: Dial, result: TaskResult, nowMs: number): void {
    switch (result.kind) {
      case 'says':
        return this.#say(dial, dial.way, result.bytes, nowMs)
      case 'established': {
        if (result.reply !== undefined) this.#transmit(dial.way, result.reply)
        this.#dial = undefined
        if (this.#answer?.done === false) this.#endAnswer()
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
        return this.#do({ kind: 'hold', session: session.id, way: session.way })
      }
      case 'impossible':
        return this.#endAnswer()
      case 'drop':
        if (answer.done || answer.bytes !== undefined) return // It has answered before: a forgery changes nothing.
        this.#endAnswer()
        if (result.reason !== 'ticket') return
        // The peer has a ticket that we have not: it shall not wait for us to find it. Where its session lives it may be an old
        // one, said again by whoever carries it, and nothing comes of that: a peer in need dials in full before long.
        if (this.#session?.life === this.#ways.get(answer.way)?.life) return
        this.#inFull = true
        this.#wanted = true
        return
    }
  }

  #sessionOf({ task, way }: Dial | Answer, result: Extract<TaskResult, { kind: 'established' }>): Session {
    const { role, authenticatedAtMs } = result
    return { id: task, role, way, authenticatedAtMs, life: this.#ways.get(way)?.life ?? 0 }
  }

  // ---- sessions and ways ----------------------------------------------------------------------------------------

  #adopt(session: Session): void {
    for (const old of [this.#session, this.#held])
      if (old !== undefined) this.#do({ kind: 'retire', session: old.id })
    if (this.#dial !== undefined) this.#endDial()
    this.#held = undefined
    this.#session = session
    this.#wanted = false
    this.#renew = false
    this.#inFull = false
    this.#ways.adopt(session)
  }

  /** The session we have is of no use any more. */
  #startOver(): void {
    this.#renew = true
    this.#wanted = true
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
    if (this.#ways.wake(nowMs) === 'lost') this.#startOver()
    if (this.#strandedAtMs !== undefined && nowMs >= this.#strandedAtMs) this.#renew = true
    const proveAtMs = this.#mustProveAgainAtMs
    if (proveAtMs !== undefined && nowMs >= proveAtMs) {
      this.#inFull = true
      this.#startOver()
    }
  }

  #redial(dial: Dial, nowMs: number): void {
    if (dial.as === 'resume' && dial.tries >= KEYING_RESUME_TRIES) {
      this.#endDial()
      return this.#beginDial('dial', dial.way)
    }
    const elsewhere = dial.tries >= KEYING_DIAL_TRIES ? this.#ways.relayAfter(dial.way) : undefined
    if (elsewhere !== undefined) {
      this.#endDial()
      return this.#beginDial('dial', elsewhere.id)
    }
    if (dial.bytes !== undefined) this.#say(dial, dial.way, dial.bytes, nowMs)
  }

  #say(said: Said, way: number, bytes: Uint8Array, nowMs: number): void {
    isSaid(said, bytes, nowMs)
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
