// What people said who send each other mail and are killed now and then, and what of it must not be: a message whose send()
// resolved and that is never heard, one that is heard twice without having a reason, one before its turn.
//
// A message may be heard again in the next life of who was killed with it in hand: while the handler ran, or before it was
// noted that the handler was done. Not in any life after one that heard a later one of the same sender: it would have been
// passed over then; and not when its sender was told that it is read.

import type { PersonSays } from './mail-person.ts'

/** What one said to one other, and what that one heard. */
interface Heard {
  readonly life: number
  handledAtMs: number | undefined
}

class Conversation {
  readonly sending = new Set<number>()
  readonly sent = new Map<number, string>()
  readonly heard = new Map<number, Heard>()
  readonly read = new Set<string>()
  /** The last that was heard, and the last in each life of its hearer. */
  last = -1
  readonly lastIn = new Map<number, number>()
}

export class MailRecord {
  readonly faults: string[] = []
  readonly counts = { sending: 0, sent: 0, heard: 0, again: 0, againThoughHandled: 0, longestToNoteMs: 0 }
  readonly #conversations = new Map<string, Conversation>()
  /** Of each person, when each of its lives ended. */
  readonly #endsMs = new Map<string, number[]>()

  /** `person` is in its life of this number, from 0. */
  note(person: string, life: number, said: PersonSays): void {
    switch (said.kind) {
      case 'sending':
        this.counts.sending++
        this.#of(person, said.peer).sending.add(said.n)
        return
      case 'sent':
        this.counts.sent++
        if (said.via !== 'mailbox') this.faults.push(`${said.n} went by ${said.via}`)
        this.#of(person, said.peer).sent.set(said.n, said.id)
        return
      case 'failed':
        this.faults.push(`sending ${said.n} failed: ${said.code}`)
        return
      case 'read':
        this.#of(person, said.peer).read.add(said.id)
        return
      case 'heard':
        return this.#hear(person, life, said)
      case 'handled': {
        const heard = this.#of(said.peer, person).heard.get(said.n)
        if (heard !== undefined) heard.handledAtMs = said.atMs
      }
    }
  }

  killed(person: string): void {
    const ends = this.#endsMs.get(person) ?? []
    ends.push(Date.now())
    this.#endsMs.set(person, ends)
  }

  /** Where a sender goes on counting. */
  next(from: string, to: string): number {
    return Math.max(-1, ...this.#of(from, to).sending) + 1
  }

  get isAllHeard(): boolean {
    return [...this.#conversations.values()].every(({ sent, heard }) =>
      [...sent.keys()].every((n) => heard.get(n)?.handledAtMs !== undefined),
    )
  }

  close(): void {
    for (const [who, { sent, heard }] of this.#conversations)
      for (const n of sent.keys())
        if (!heard.has(n)) this.faults.push(`${n} of ${who} was sent, and never heard`)
  }

  #of(from: string, to: string): Conversation {
    const key = `${from.slice(0, 6)} to ${to.slice(0, 6)}`
    const known = this.#conversations.get(key) ?? new Conversation()
    this.#conversations.set(key, known)
    return known
  }

  #hear(person: string, life: number, said: Extract<PersonSays, { kind: 'heard' | 'handled' }>): void {
    const { peer, n } = said
    const talk = this.#of(peer, person)
    const what = `${n} of ${peer.slice(0, 6)} to ${person.slice(0, 6)}, heard in life ${life},`
    if (!talk.sending.has(n)) this.faults.push(`${what} was never sent`)
    const before = talk.heard.get(n)
    if (before === undefined) {
      this.counts.heard++
      if (n <= talk.last) this.faults.push(`${what} came after ${talk.last}`)
      talk.last = Math.max(talk.last, n)
    } else {
      this.#again(talk, before, life, said, `${what} before in life ${before.life},`)
      if (before.handledAtMs !== undefined) this.#againThoughHandled(person, before.life, before.handledAtMs)
    }
    const last = talk.lastIn.get(life) ?? -1
    if (n <= last) this.faults.push(`${what} came after ${last} in the same life`)
    talk.lastIn.set(life, n)
    talk.heard.set(n, { life, handledAtMs: undefined })
  }

  #again(
    { lastIn, read }: Conversation,
    before: Heard,
    life: number,
    { n, id }: { readonly n: number; readonly id: string },
    what: string,
  ): void {
    this.counts.again++
    if (before.life === life) this.faults.push(`${what} came twice`)
    for (const [between, last] of lastIn)
      if (between > before.life && between < life && last > n)
        this.faults.push(`${what} was passed over in ${between}`)
    if (read.has(id)) this.faults.push(`${what} had been read, as its sender was told`)
  }

  #againThoughHandled(person: string, life: number, handledAtMs: number): void {
    this.counts.againThoughHandled++
    const endMs = this.#endsMs.get(person)?.[life] ?? 0
    this.counts.longestToNoteMs = Math.max(this.counts.longestToNoteMs, endMs - handledAtMs)
  }
}
