// People who read their mailboxes: over their home socket, coming and going with and without a cursor, or page by page. They
// take letters in lots, some sooner and some later, and say it again when it may have been lost, as the client does.

import { mailSubprotocols } from '../../../protocol/mailbox/admission.ts'
import type { Priority } from '../../../protocol/priority.ts'
import { fromBase64url, toBase64url } from '../../../protocol/wire/base64url.ts'
import { Writer } from '../../../protocol/wire/bytes.ts'
import { encodeMail, type LetterFrame } from '../../../protocol/wire/mail-frames.ts'
import { FRAME } from '../../../protocol/wire/registry.ts'
import type { MailOwner } from '../mail.ts'
import { passFor } from '../passes.ts'
import { incarnationOf, type Ledger, type Reading, type Tracked } from './ledger.ts'
import { heardIn, sleep, type Way, type Wire } from './way.ts'

export interface OwnerTerms {
  readonly number: number
  readonly owner: MailOwner
  readonly way: Way
  readonly ledger: Ledger
  readonly random: () => number
}

export interface Reader {
  /** From now on everything is taken at once, and nobody goes away. */
  hurry(): void
  stop(): Promise<void>
}

const AGAIN_MS = 30
const TAKE_MS_MAX = 60
/** A home stays open for so long at most before its owner goes away and comes back. */
const STAY_MS_MAX = 3_000
const AWAY_MS_MAX = 800
const LOT_MAX = 64
const WINDOW_LETTERS_LEAST = 16
/** Holds as many letters of the largest size that is put here. */
const WINDOW_BYTES = 2 ** 21

/** What came and was not confirmed as taken yet. */
class Untaken {
  readonly #ids = new Set<string>()

  get size(): number {
    return this.#ids.size
  }

  add(id: string): void {
    this.#ids.add(id)
  }

  /** Some of them, from the oldest or from the newest on; out of here until they are put back. */
  lot(most: number, newest: boolean): string[] {
    const lot = newest ? [...this.#ids].slice(-most) : [...this.#ids].slice(0, most)
    for (const id of lot) this.#ids.delete(id)
    return lot
  }
}

abstract class Base implements Reader {
  protected readonly terms: OwnerTerms
  protected readonly untaken = new Untaken()
  protected going = true
  protected hurries = false
  #ended: Promise<void> | undefined

  constructor(terms: OwnerTerms) {
    this.terms = terms
  }

  begin(): this {
    this.#ended = this.live()
    return this
  }

  hurry(): void {
    this.hurries = true
  }

  async stop(): Promise<void> {
    this.going = false
    await this.#ended
  }

  protected abstract live(): Promise<void>

  protected path(rest = ''): string {
    const { text, network } = this.terms.owner
    return `/v1/mailboxes/${text}${rest}?network=${network}`
  }

  protected pass(): Promise<string> {
    const { id, network } = this.terms.owner
    return passFor(id, { network })
  }

  /** What is taken now: mostly all, now and then few of them. */
  protected lot(): string[] {
    const { random } = this.terms
    const most = this.hurries || random() < 0.7 ? LOT_MAX : 1 + Math.floor(random() * 8)
    return this.untaken.lot(most, random() < 0.5)
  }
}

/** What it said were taken, and what was due to it then. */
interface Lot {
  readonly ids: readonly string[]
  readonly due: readonly Tracked[]
}

/** One opened home: what it was given, and the lots it said were taken, until the edge has dealt with them. */
class Home implements Reading {
  /** In which it was begun. */
  readonly life: number
  readonly seen: Set<string>
  readonly lots: Lot[] = []
  incarnation: string | undefined
  /** Of the last letter that came. */
  cursor: Uint8Array | undefined
  wire: Wire | undefined
  open = true

  constructor(life: number, before: Reading | undefined) {
    this.life = life
    this.incarnation = before?.incarnation
    this.seen = new Set(before?.seen)
  }
}

export class HomeOwner extends Base {
  /** The last letter's cursor, and what had come in its life of the object. */
  #cursor: { readonly bytes: Uint8Array; readonly reading: Reading } | undefined

  protected async live(): Promise<void> {
    while (this.going) {
      const home = await this.#comeHome()
      if (home === undefined) await sleep(AGAIN_MS)
      else {
        await this.#stay(home)
        await this.#stayAway()
      }
    }
  }

  async #comeHome(): Promise<Home | undefined> {
    const { ledger, way, random } = this.terms
    const resumes = random() < 0.7 ? this.#cursor : undefined
    const home = new Home(ledger.life, resumes?.reading)
    const letters = WINDOW_LETTERS_LEAST + Math.floor(random() * 100)
    const cursor = resumes?.bytes ?? new Uint8Array()
    const hello = { kind: 'hello', version: 1, letters, bytes: WINDOW_BYTES, cursor } as const
    const hearing = {
      message: (bytes: Uint8Array) => {
        if (home.open) this.#hear(home, bytes)
      },
      closed: () => this.#left(home),
    }
    try {
      home.wire = await way.open(this.path(), mailSubprotocols(hello, await this.pass()), hearing)
      return home
    } catch {
      return undefined
    }
  }

  async #stay(home: Home): Promise<void> {
    const { random } = this.terms
    const leaveAtMs = performance.now() + random() * STAY_MS_MAX
    while (home.open && this.going) {
      await sleep(random() * TAKE_MS_MAX)
      if (!home.open) return
      this.#take(home)
      if (performance.now() > leaveAtMs && !this.hurries) break
    }
    home.wire?.close()
    this.#left(home)
  }

  /** Often long enough for much to come meanwhile: to a new life of the object, say, where seqs may be lower than they were. */
  async #stayAway(): Promise<void> {
    const { random } = this.terms
    if (!this.hurries && random() < 0.5) await sleep(random() * AWAY_MS_MAX)
  }

  #hear(home: Home, message: Uint8Array): void {
    for (const frame of heardIn(message)) {
      if (frame.kind === 'letter') this.#letter(home, frame)
      if (frame.kind === 'pass') this.#confirmed(home)
      if (frame.kind === 'refusal')
        this.terms.ledger.fault(`owner ${this.terms.number} was refused: ${frame.code}`)
    }
  }

  #letter(home: Home, frame: LetterFrame): void {
    const { ledger, number } = this.terms
    const incarnation = incarnationOf(frame.cursor)
    // Of another life than the cursor that was said: everything comes again, and rightly. Later on it does not, whatever the
    // lives: what a socket was given is remembered beside it.
    if (home.cursor === undefined && home.incarnation !== incarnation) home.seen.clear()
    home.incarnation = incarnation
    home.cursor = frame.cursor
    ledger.deliver(number, frame, home)
    this.untaken.add(toBase64url(frame.id))
  }

  /** In one message with wanting a pass: when that comes, the lot has been dealt with, and is off the disk. */
  #take(home: Home): void {
    const { ledger, number } = this.terms
    const ids = this.lot()
    ledger.took(ids, home.life)
    home.lots.push({ ids, due: ledger.due(number) })
    const took = encodeMail({ kind: 'took', ids: ids.map((id) => fromBase64url(id) as Uint8Array) })
    const probe = Uint8Array.of(FRAME.passWanted)
    const message = new Writer().u8(FRAME.batch).u16(took.length).bytes(took).u16(probe.length).bytes(probe)
    home.wire?.send(message.done())
  }

  #confirmed(home: Home): void {
    const lot = home.lots.shift()
    if (lot === undefined) return
    const { ledger } = this.terms
    ledger.taken(lot.ids)
    const underWay = home.lots.reduce((sum, { ids }) => sum + ids.length, this.untaken.size)
    if (underWay < WINDOW_LETTERS_LEAST) ledger.passedOver(lot.due)
  }

  /** What it said last may not have been heard: it is said again. */
  #left(home: Home): void {
    home.open = false
    if (home.cursor !== undefined) this.#cursor = { bytes: home.cursor.slice(), reading: home }
    for (const { ids } of home.lots.splice(0)) for (const id of ids) this.untaken.add(id)
  }
}

interface PageBody {
  readonly messages: readonly { id: string; priority: Priority; envelope: string }[]
  readonly cursor: string
  readonly more: boolean
}

/** Reads pages, and takes by name. */
export class PageOwner extends Base {
  #cursor: string | undefined
  #reading: Reading = { incarnation: undefined, seen: new Set() }

  protected async live(): Promise<void> {
    const { random } = this.terms
    while (this.going) {
      await sleep(random() * TAKE_MS_MAX)
      // A reader that begins again is shown again what it has not taken.
      if (random() < 0.1 || this.hurries) this.#cursor = undefined
      await this.#page()
      await this.#take()
    }
  }

  async #page(): Promise<void> {
    const { ledger, way, number, random } = this.terms
    const due = ledger.due(number)
    const limit = `&limit=${1 + Math.floor(random() * 60)}`
    const query = this.#cursor === undefined ? limit : `${limit}&cursor=${this.#cursor}`
    const headers = { Authorization: `Bearer ${await this.pass()}` }
    const told = await way
      .ask(this.path('/messages') + query, { method: 'GET', headers })
      .catch(() => undefined)
    if (told === undefined || told.status >= 429) return sleep(AGAIN_MS)
    if (told.status !== 200) return ledger.fault(`a page was refused: ${JSON.stringify(told.body)}`)
    const { messages, cursor, more } = told.body as PageBody
    const incarnation = incarnationOf(fromBase64url(cursor) as Uint8Array)
    if (this.#cursor === undefined || this.#reading.incarnation !== incarnation)
      this.#reading = { incarnation, seen: new Set() }
    this.#cursor = cursor
    for (const { id, priority, envelope } of messages) {
      const bytes = [fromBase64url(id), fromBase64url(envelope)] as [Uint8Array, Uint8Array]
      ledger.deliver(number, { id: bytes[0], priority, envelope: bytes[1] }, this.#reading)
      this.untaken.add(id)
    }
    if (!more) ledger.passedOver(due)
  }

  async #take(): Promise<void> {
    const { ledger, way } = this.terms
    const lot = this.lot()
    if (lot.length === 0) return
    ledger.took(lot, ledger.life)
    const headers = { Authorization: `Bearer ${await this.pass()}` }
    const path = this.path(`/messages/${lot.join(',')}`)
    const told = await way.ask(path, { method: 'DELETE', headers }).catch(() => undefined)
    if (told?.status === 200) return ledger.taken(lot)
    if (told !== undefined && told.status < 429)
      ledger.fault(`letters were not taken: ${JSON.stringify(told.body)}`)
    for (const id of lot) this.untaken.add(id)
  }
}
