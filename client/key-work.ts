// Does the cryptography the keying machine asks for with one peer, task by task, and keeps the sessions they end in. Keeps no
// time and decides nothing: what comes of a task is told, and the machine says what follows.

import type { Binding, Place } from '../protocol/crypto/handshake/binding.ts'
import { Initiator } from '../protocol/crypto/handshake/initiator.ts'
import { type Join, Joins } from '../protocol/crypto/handshake/join.ts'
import { Responder } from '../protocol/crypto/handshake/responder.ts'
import { ResumeResponder, Resumer } from '../protocol/crypto/handshake/resume.ts'
import { eraseSession, type Role, type Session } from '../protocol/crypto/handshake/session.ts'
import type { Identity } from '../protocol/crypto/identity.ts'
import { RecordLayer } from '../protocol/crypto/records/layer.ts'
import { Rekeying } from '../protocol/crypto/records/rekey.ts'
import type { Suite } from '../protocol/crypto/suite.ts'
import type { KeyingEffect, TaskResult } from '../protocol/keying/contract.ts'
import { equalBytes } from '../protocol/wire/bytes.ts'
import type { PeerTickets } from './tickets.ts'

/** What both ends see of a way, as this end does. */
export type Sight =
  | {
      readonly path: 'relay'
      readonly network: string
      readonly room: string
      readonly ours: Place
      readonly theirs: Place
    }
  /** Fingerprints of the DTLS certificates. */
  | { readonly path: 'webrtc'; readonly ours: Uint8Array; readonly theirs: Uint8Array }

/** What a handshake ended in, at work. */
export interface LiveSession {
  readonly id: number
  readonly layer: RecordLayer
  readonly rekeying: Rekeying
  readonly joins: Joins
  readonly role: Role
  readonly by: 'signature' | 'ticket'
}

export interface KeyWorkOptions {
  readonly suite: Suite
  readonly identity: Identity
  /** The 32 bytes of whom we are dealing with. */
  readonly peer: Uint8Array
  readonly tickets: PeerTickets
  /** Whether another first message may be answered now. */
  readonly admits: () => boolean
  readonly nowMs: () => number
  readonly done: (task: number, result: TaskResult) => void
}

interface Task {
  /** Whatever the bytes are, this resolves. */
  receive(bytes: Uint8Array): Promise<TaskResult>
  close(): void
}

type Begin = Extract<KeyingEffect, { kind: 'begin' }>

export class KeyWork {
  readonly #options: KeyWorkOptions
  /** Each as it will be when all that was fed to it is dealt with. */
  readonly #tasks = new Map<number, Promise<Task | undefined>>()
  readonly #sessions = new Map<number, LiveSession>()

  constructor(options: KeyWorkOptions) {
    this.#options = options
  }

  session(id: number): LiveSession | undefined {
    return this.#sessions.get(id)
  }

  begin(effect: Begin, sight: Sight): void {
    const task = this.#begin(effect, sight).catch(() => {
      this.#tell(effect.task, { kind: 'impossible' })
      return undefined
    })
    this.#tasks.set(effect.task, task)
  }

  /** One after another: what comes twice at once would find the ticket spent by itself, and end what it repeats. */
  feed(id: number, bytes: Uint8Array): void {
    const begun = this.#tasks.get(id)
    if (begun === undefined) return
    // A copy: what is fed waits its turn, and may be a view of something that does not.
    const fed = bytes.slice()
    const dealtWith = begun.then(async (task) => {
      if (task !== undefined && this.#tasks.has(id))
        this.#tell(id, await task.receive(fed).catch((): TaskResult => ({ kind: 'impossible' })))
      return task
    })
    this.#tasks.set(id, dealtWith)
  }

  end(id: number): void {
    const task = this.#tasks.get(id)
    this.#tasks.delete(id)
    void task?.then((begun) => begun?.close())
  }

  retire(id: number): void {
    const session = this.#sessions.get(id)
    this.#sessions.delete(id)
    session?.layer.close()
    session?.rekeying.close()
    session?.joins.close()
  }

  close(): void {
    for (const id of [...this.#tasks.keys()]) this.end(id)
    for (const id of [...this.#sessions.keys()]) this.retire(id)
  }

  /** Of a task that has been ended nobody wants to hear. */
  #tell(id: number, result: TaskResult): void {
    if (this.#tasks.has(id)) this.#options.done(id, result)
    else if (result.kind === 'established') this.retire(id)
  }

  #begin(effect: Begin, sight: Sight): Promise<Task | undefined> {
    switch (effect.as) {
      case 'dial':
        return this.#dial(effect.task, sight)
      case 'resume':
        return this.#resume(effect.task, sight)
      case 'answer':
        return this.#answer(effect.task, sight)
      case 'answerResume':
        return this.#answerResume(effect.task, sight)
      case 'join':
        return this.#join(effect.task, effect.session, sight)
      case 'accept':
        return this.#accept(effect.session, sight)
    }
  }

  async #dial(id: number, sight: Sight): Promise<Task> {
    const { suite, identity, peer, nowMs } = this.#options
    const initiator = await Initiator.start(suite, {
      identity,
      peer,
      binding: bindingOf(sight, 'initiator'),
    })
    this.#tell(id, { kind: 'says', bytes: initiator.m1 })
    return {
      receive: async (bytes) => {
        const answer = await initiator.receive(bytes, nowMs())
        if (answer.kind === 'drop') return answer
        if (answer.kind === 'again') return { kind: 'repeats', bytes: answer.m3 }
        return this.#established(id, answer.session, answer.m3, 'signature')
      },
      close: () => initiator.close(),
    }
  }

  async #resume(id: number, sight: Sight): Promise<Task | undefined> {
    const { suite, tickets, nowMs } = this.#options
    const ticket = tickets.take()
    const resumer =
      ticket && (await Resumer.start(suite, { ticket, binding: bindingOf(sight, 'initiator') }, nowMs()))
    if (resumer === undefined) {
      this.#tell(id, { kind: 'impossible' })
      return undefined
    }
    this.#tell(id, { kind: 'says', bytes: resumer.r1 })
    return {
      receive: async (bytes) => {
        const answer = await resumer.receive(bytes)
        return answer.kind === 'drop' ? answer : this.#established(id, answer.session, undefined, 'ticket')
      },
      close: () => resumer.close(),
    }
  }

  async #answer(id: number, sight: Sight): Promise<Task> {
    const { suite, identity, peer, admits, nowMs } = this.#options
    const binding = bindingOf(sight, 'responder')
    const responder = await Responder.listen(suite, { identity, binding, admits })
    return {
      receive: async (bytes) => {
        const answer = await responder.receive(bytes, nowMs())
        if (answer.kind === 'drop') return answer
        if (answer.kind === 'answer') return { kind: 'says', bytes: answer.m2 }
        if (equalBytes(answer.session.peer, peer))
          return this.#established(id, answer.session, undefined, 'signature')
        // Somebody who is who it is, but not who the room says.
        eraseSession(answer.session)
        return { kind: 'drop', reason: 'wrong-peer' }
      },
      close: () => responder.close(),
    }
  }

  async #answerResume(id: number, sight: Sight): Promise<Task> {
    const { suite, tickets, admits, nowMs } = this.#options
    const binding = bindingOf(sight, 'responder')
    const responder = await ResumeResponder.listen(suite, { binding, admits, tickets: tickets.theirs })
    return {
      receive: async (bytes) => {
        const answer = await responder.receive(bytes, nowMs())
        if (answer.kind === 'drop') return answer
        if (answer.kind === 'again') return { kind: 'repeats', bytes: answer.r2 }
        return this.#established(id, answer.session, answer.r2, 'ticket')
      },
      close: () => {},
    }
  }

  async #join(id: number, sessionId: number, sight: Sight): Promise<Task | undefined> {
    const session = this.#sessions.get(sessionId)
    const join: Join | undefined = await session?.joins.start(bindingOf(sight, session.role))
    if (join === undefined) {
      this.#tell(id, { kind: 'impossible' })
      return undefined
    }
    this.#tell(id, { kind: 'says', bytes: join.message })
    return {
      receive: async (bytes) => {
        const answer = await join.receive(bytes)
        return answer.kind === 'drop' ? answer : { kind: 'joined', path: answer.path, reply: undefined }
      },
      close: () => {},
    }
  }

  async #accept(sessionId: number, sight: Sight): Promise<Task> {
    const session = this.#sessions.get(sessionId)
    return {
      receive: async (bytes) => {
        if (session === undefined) return { kind: 'drop', reason: 'unexpected' }
        const answer = await session.joins.receive(bytes, bindingOf(sight, session.role))
        if (answer.kind === 'drop') return answer
        if (answer.again) return { kind: 'repeats', bytes: answer.accept }
        return { kind: 'joined', path: answer.path, reply: answer.accept }
      },
      close: () => {},
    }
  }

  #established(
    id: number,
    session: Session,
    reply: Uint8Array | undefined,
    by: LiveSession['by'],
  ): TaskResult {
    const { suite, tickets, nowMs } = this.#options
    const { role, authenticatedAtMs } = session
    // Of a task that has been ended the peer hears nothing: it has no such tickets.
    if (this.#tasks.has(id)) tickets.keep(session.tickets)
    const layer = new RecordLayer(suite, session)
    const rekeying = new Rekeying(suite, layer, session, nowMs())
    this.#sessions.set(id, { id, role, by, layer, rekeying, joins: new Joins(suite, session) })
    return { kind: 'established', role, authenticatedAtMs, reply }
  }
}

/** The link's initiator first, whoever opened the channel. */
function bindingOf(sight: Sight, role: Role): Binding {
  if (sight.path === 'webrtc') {
    const { ours, theirs } = sight
    return role === 'initiator'
      ? { kind: 'dtls', initiator: ours, responder: theirs }
      : { kind: 'dtls', initiator: theirs, responder: ours }
  }
  const { network, room, ours, theirs } = sight
  return role === 'initiator'
    ? { kind: 'relay', network, room, initiator: ours, responder: theirs }
    : { kind: 'relay', network, room, initiator: theirs, responder: ours }
}
