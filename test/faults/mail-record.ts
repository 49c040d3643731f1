// What people said who send each other mail and are killed now and then, and what of it must not be: a message whose send()
// resolved and that is never heard, one that is heard twice without having a reason, one before its turn.
//
// A message may be heard again in the next life of who was killed with it in hand: while the handler ran, or before it was
// noted that the handler was done. Not in any life after one that heard something later, and not when its sender was told
// that it is read.

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
  last = -1
}

export class MailRecord {
  readonly faults: string[] = []
  readonly counts = { sending: 0, sent: 0, heard: 0, again: 0, againThoughHandled: 0, longestToNoteMs: 0 }
  readonly #conversations = new Map<string, Conversation>()
  /** Of each person, when each of its lives ended, and the lives that heard something. */
  readonly #endsMs = new Map<string, number[]>()
  readonly #heardIn = new Map<string, Set<number>>()

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
    const { peer, n, id } = said
    const talk = this.#of(peer, person)
    const what = `${n} of ${peer.slice(0, 6)} to ${person.slice(0, 6)}, heard in life ${life},`
    if (!talk.sending.has(n)) this.faults.push(`${what} was never sent`)
    const before = talk.heard.get(n)
    const lives = this.#heardIn.get(person) ?? new Set()
    this.#heardIn.set(person, lives)
    if (before === undefined) {
      this.counts.heard++
      if (n <= talk.last) this.faults.push(`${what} came after ${talk.last}`)
      talk.last = Math.max(talk.last, n)
    } else this.#again(person, life, talk, before, `${what} before in life ${before.life},`, id)
    lives.add(life)
    talk.heard.set(n, { life, handledAtMs: undefined })
  }

  #again(person: string, life: number, talk: Conversation, before: Heard, what: string, id: string): void {
    this.counts.again++
    if (before.life === life) this.faults.push(`${what} came twice`)
    for (const between of this.#heardIn.get(person) ?? [])
      if (between > before.life && between < life) this.faults.push(`${what} was passed over in ${between}`)
    if (talk.read.has(id)) this.faults.push(`${what} had been read, as its sender was told`)
    if (before.handledAtMs === undefined) return
    this.counts.againThoughHandled++
    const endMs = this.#endsMs.get(person)?.[before.life] ?? 0
    this.counts.longestToNoteMs = Math.max(this.counts.longestToNoteMs, endMs - before.handledAtMs)
  }
}
