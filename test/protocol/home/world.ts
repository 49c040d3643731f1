// An owner's home socket and its real mailbox, over a line that breaks, falls silent or is cut by an edge that restarts, and a
// store that fails at times. What is sent waits in the line until the schedule lets it arrive. Time is a number.

import type { HomeEffect, HomeInput } from '../../../protocol/home/contract.ts'
import { HomeMachine } from '../../../protocol/home/machine.ts'
import { DEFAULT_MAILBOX_CONFIG } from '../../../protocol/mailbox/config.ts'
import type {
  Letter,
  LetterHead,
  LetterStore,
  MailboxEffect,
  MailboxInput,
} from '../../../protocol/mailbox/contract.ts'
import { MailboxMachine } from '../../../protocol/mailbox/machine.ts'
import { MemoryLetterStore } from '../../../protocol/mailbox/memory-store.ts'
import type { MailCounts } from '../../../protocol/mailbox/tally.ts'
import type { Priority } from '../../../protocol/priority.ts'
import { decodeMail, encodeMail, type HelloFrame } from '../../../protocol/wire/mail-frames.ts'
import { CLOSE_CODE_BASE, REFUSAL } from '../../../protocol/wire/registry.ts'
import { START_MS } from '../kept-socket-scene.ts'
import { idOf, numberOf } from './scene.ts'

export const WINDOW = { letters: 3, bytes: 20_000 }
const TTL_MS = 30 * 86_400_000

type ToHome = { readonly bytes: Uint8Array } | { readonly text: string } | { readonly code: number }
type ToMailbox = { readonly hello: HelloFrame } | { readonly bytes: Uint8Array } | { readonly gone: true }

interface Line {
  readonly socket: number
  readonly toHome: ToHome[]
  readonly toMailbox: ToMailbox[]
  /** Nothing arrives any more, and nobody is told. */
  silent: boolean
  /** As the mailbox keeps it with the socket. */
  state: Uint8Array
}

/** Memory that will not do as it is told while it fails. */
class FlakyStore implements LetterStore {
  readonly #inner = new MemoryLetterStore()
  failing = false

  heads(): Iterable<LetterHead> {
    return this.#inner.heads()
  }
  insert(letters: readonly Letter[]): void {
    this.#check()
    this.#inner.insert(letters)
  }
  remove(heads: readonly LetterHead[], counts: MailCounts): void {
    this.#check()
    this.#inner.remove(heads, counts)
  }
  counts(): MailCounts | undefined {
    return this.#inner.counts()
  }
  envelope(head: LetterHead): Uint8Array | undefined {
    this.#check()
    return this.#inner.envelope(head)
  }
  #check(): void {
    if (this.failing) throw new Error('the disk')
  }
}

export class World {
  nowMs = START_MS
  readonly store = new FlakyStore()
  readonly home: HomeMachine
  mailbox: MailboxMachine<number>
  /** Answered `stored`. */
  readonly stored = new Set<number>()
  readonly handed: number[] = []
  /** Handed over and not taken. */
  readonly held: number[] = []
  readonly drops = new Map<string, number>()
  sockets = 0
  #lives = 1
  #puts = 0
  #lines: Line[] = []
  /** The mailbox's home. */
  #owner: Line | undefined

  constructor(random: () => number) {
    this.home = new HomeMachine({ random, window: WINDOW })
    this.mailbox = new MailboxMachine<number>(this.store, DEFAULT_MAILBOX_CONFIG, 1)
    this.give({ kind: 'start' })
  }

  get stillThere(): number[] {
    return [...this.store.heads()].map(({ id }) => numberOf(id))
  }

  /** The one the home machine has, if it has one. */
  get #line(): Line | undefined {
    return this.#lines.find(({ socket }) => socket === this.sockets)
  }

  // ---- what may happen ----------------------------------------------------------------------------------------

  put(priority: Priority, envelopeBytes: number): void {
    const number = ++this.#puts
    const [id, envelope] = [idOf(number), new Uint8Array(envelopeBytes).fill(number)]
    const put = { origin: number, id, sender: 'contact', priority, ttlMs: TTL_MS, envelope } as const
    this.#tell({ kind: 'puts', puts: [put] })
  }

  takes(count: number, from: number): void {
    for (let i = 0; i < count && this.held.length > 0; i++) {
      const [number] = this.held.splice(from % this.held.length, 1) as [number]
      this.give({ kind: 'took', ids: [idOf(number)] })
    }
    this.give({ kind: 'endOfTurn' })
  }

  /** So many of what is under way, on either side of each line. */
  arrive(count: number): void {
    for (let i = 0; i < count; i++) {
      for (const line of [...this.#lines]) {
        if (line.silent) continue
        const said = line.toMailbox.shift()
        if (said !== undefined) this.#heard(line, said)
        const told = line.toHome.shift()
        if (told !== undefined) this.#reached(line, told)
      }
    }
  }

  /** Both ends see it; what was under way is lost. */
  cut(): void {
    const line = this.#line
    if (line === undefined) return
    this.#end(line)
    this.give({ kind: 'socketClosed', socket: line.socket, code: 1006 })
  }

  silence(): void {
    if (this.#line !== undefined) this.#line.silent = true
  }

  /** The object forgets all but its store, and, where sockets survive, what it keeps with them. */
  restart(socketsSurvive: boolean): void {
    this.mailbox = new MailboxMachine<number>(this.store, DEFAULT_MAILBOX_CONFIG, ++this.#lives)
    if (this.#owner === undefined) return
    if (socketsSurvive) return this.#tell({ kind: 'resumed', state: this.#owner.state })
    const { socket } = this.#owner
    this.#lines = this.#lines.filter((line) => line !== this.#owner)
    this.#owner = undefined
    this.give({ kind: 'socketClosed', socket, code: CLOSE_CODE_BASE + REFUSAL.internal })
  }

  after(ms: number): void {
    const untilMs = this.nowMs + ms
    for (let wakes = 0; ; wakes++) {
      if (wakes > 10_000) throw new Error(`a spin at ${this.nowMs - START_MS} ms, ${this.home.state}`)
      const atMs = Math.min(this.home.wakeAtMs ?? untilMs, this.mailbox.wakeAtMs ?? untilMs)
      if (atMs >= untilMs) break
      this.nowMs = Math.max(this.nowMs, atMs)
      this.#wake()
    }
    this.nowMs = untilMs
    this.#wake()
  }

  give(input: HomeInput): void {
    for (const effect of this.home.receive(input, this.nowMs)) this.#perform(effect)
  }

  // ---- both machines, hosted ------------------------------------------------------------------------------------

  #wake(): void {
    if ((this.home.wakeAtMs ?? Number.POSITIVE_INFINITY) <= this.nowMs) this.give({ kind: 'wake' })
    if ((this.mailbox.wakeAtMs ?? Number.POSITIVE_INFINITY) <= this.nowMs) this.#tell({ kind: 'wake' })
  }

  #perform(effect: HomeEffect): void {
    switch (effect.kind) {
      case 'obtainPass':
        return this.give({ kind: 'pass', pass: 'a pass', renewAtMs: Number.POSITIVE_INFINITY })
      case 'openSocket': {
        const { socket, hello } = effect
        this.sockets = socket
        this.#lines.push({
          socket,
          toHome: [],
          toMailbox: [{ hello }],
          silent: false,
          state: new Uint8Array(),
        })
        return
      }
      case 'closeSocket':
        return void this.#line?.toMailbox.push({ gone: true })
      case 'sendText':
        return void this.#line?.toHome.push({ text: 'pong' })
      case 'sendMessage':
        return void this.#line?.toMailbox.push({ bytes: effect.message })
      case 'letters':
        for (const { id, envelope } of effect.letters) {
          const number = numberOf(id)
          if (envelope.some((byte) => byte !== (number & 255))) throw new Error(`letter ${number} is another`)
          this.handed.push(number)
          this.held.push(number)
        }
        return
      case 'drop':
        this.drops.set(effect.reason, (this.drops.get(effect.reason) ?? 0) + 1)
        return
      case 'ended':
        throw new Error(`ended: ${effect.reason}`)
    }
  }

  #tell(input: MailboxInput<number>): void {
    for (const effect of this.mailbox.receive(input, this.nowMs)) this.#mailboxDoes(effect)
  }

  #mailboxDoes(effect: MailboxEffect<number>): void {
    switch (effect.kind) {
      case 'answer':
        if (effect.outcome.ok) this.stored.add(effect.to)
        return
      case 'push': {
        const { id, priority, hour, envelope } = effect.letter
        const bytes = encodeMail({ kind: 'letter', id, priority, hour, cursor: effect.cursor, envelope })
        return void this.#owner?.toHome.push({ bytes })
      }
      case 'remember':
        if (this.#owner !== undefined) this.#owner.state = effect.state
        return
    }
  }

  #heard(line: Line, said: ToMailbox): void {
    if ('gone' in said) return this.#end(line)
    if ('hello' in said) {
      const { letters, bytes, cursor } = said.hello
      this.#owner?.toHome.push({ code: CLOSE_CODE_BASE + REFUSAL.superseded })
      this.#owner = line
      const ready = encodeMail({ kind: 'ready', version: 1, keepAliveMs: 10_000, stored: 0, oneTimeLeft: 0 })
      line.toHome.push({ bytes: ready })
      return this.#tell({
        kind: 'hello',
        window: { letters, bytes },
        cursor: cursor.length > 0 ? cursor : undefined,
      })
    }
    const frame = decodeMail(said.bytes)
    if (frame.kind !== 'took') throw new Error(`the owner said ${frame.kind}`)
    if (line === this.#owner) this.#tell({ kind: 'took', ids: frame.ids })
  }

  #reached({ socket }: Line, told: ToHome): void {
    if ('bytes' in told) this.give({ kind: 'socketMessage', socket, bytes: told.bytes })
    else if ('text' in told) this.give({ kind: 'socketText', socket, text: told.text })
    else this.give({ kind: 'socketClosed', socket, code: told.code })
  }

  #end(line: Line): void {
    this.#lines = this.#lines.filter((each) => each !== line)
    if (line !== this.#owner) return
    this.#owner = undefined
    this.#tell({ kind: 'ownerGone' })
  }
}
