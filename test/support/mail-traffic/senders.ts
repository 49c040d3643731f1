// People who write to mailboxes without end: each has a few lines (one mailbox, one priority), and in each puts one letter
// after another, the same one again and again until it is answered. Half of them over HTTP, half over a socket.

import { PRIORITIES, type Priority } from '../../../protocol/priority.ts'
import { toBase64url } from '../../../protocol/wire/base64url.ts'
import { encodeMail, encodePutRequest, type PutRequest } from '../../../protocol/wire/mail-frames.ts'
import { SUBPROTOCOL } from '../../../protocol/wire/registry.ts'
import { accessProof, idOf, KIB, type MailOwner, newEnvelope } from '../mail.ts'
import type { Ledger, Tracked } from './ledger.ts'
import { heardIn, sleep, type Way, type Wire } from './way.ts'

/** What became of one put. `again`: not now, or nobody knows. */
type Answer = { readonly known: boolean } | { readonly againInMs: number } | { readonly refused: string }

interface Putting {
  put(owner: MailOwner, request: PutRequest): Promise<Answer>
  close(): void
}

export interface SenderTerms {
  readonly number: number
  readonly lines: number
  readonly way: Way
  readonly owners: readonly MailOwner[]
  readonly ledger: Ledger
  readonly random: () => number
  /** Between two letters of a line, at most. */
  readonly pauseMs: number
}

const AGAIN_MS = 30
/** What is said to be retried much later, as a full mailbox is, is retried sooner: nobody has so long here. */
const AGAIN_MS_MAX = 500

export class Sender {
  readonly #terms: SenderTerms
  readonly #putting: Putting
  readonly #lines: Promise<void>[] = []
  #going = true
  /** Nothing new is written: what was begun is put until it is answered. */
  paused = false

  constructor(terms: SenderTerms) {
    this.#terms = terms
    const at = terms.owners[terms.number % terms.owners.length] as MailOwner
    this.#putting = terms.number % 2 === 0 ? overHttp(terms.way) : new OverSocket(terms.way, at)
    for (let line = 0; line < terms.lines; line++) this.#lines.push(this.#write(line))
  }

  /** Resolves when what was begun is answered. */
  async stop(): Promise<void> {
    this.#going = false
    await Promise.all(this.#lines)
    this.#putting.close()
  }

  async #write(line: number): Promise<void> {
    const { number, owners, random, pauseMs } = this.#terms
    const owner = (number + line) % owners.length
    const priority = PRIORITIES[(number + 3 * line) % PRIORITIES.length] as Priority
    for (let sequence = 0; this.#going; sequence++) {
      await this.#letter(`${number}.${line} to ${owner} ${priority}`, owner, priority, sequence)
      do await sleep(random() * pauseMs)
      while (this.paused && this.#going)
    }
  }

  async #letter(line: string, owner: number, priority: Priority, sequence: number): Promise<void> {
    const { ledger, owners, random } = this.#terms
    const mailbox = owners[owner] as MailOwner
    const size = random()
    const envelope = newEnvelope((size < 0.9 ? 4 : size < 0.98 ? 16 : 64) * KIB)
    const id = toBase64url(await idOf(envelope))
    const letter = ledger.write({ id, owner, line, sequence, priority }, envelope)
    const proof = await accessProof(mailbox.id, mailbox.accessKey, envelope)
    for (;;) {
      const answer = await this.#attempt(letter, mailbox, { priority, ttlS: 3_600, proof, envelope })
      if (answer === 'answered') return
      await sleep(answer)
    }
  }

  async #attempt(letter: Tracked, mailbox: MailOwner, request: PutRequest): Promise<'answered' | number> {
    const { ledger, random } = this.#terms
    ledger.putting(letter)
    const answer = await this.#putting.put(mailbox, request)
    if ('known' in answer) {
      ledger.putEnded(letter, answer)
      if (letter.delivered) letter.envelope = undefined
      return 'answered'
    }
    ledger.putEnded(letter)
    if ('refused' in answer) ledger.fault(`a put of line ${letter.line} was refused: ${answer.refused}`)
    const againInMs = 'refused' in answer ? AGAIN_MS_MAX : Math.min(answer.againInMs, AGAIN_MS_MAX)
    // Now and then so late that the letter was taken meanwhile, and who knew it killed.
    return AGAIN_MS * (random() < 0.2 ? 30 : 0.5 + random()) + againInMs
  }
}

const NOBODY_KNOWS: Answer = { againInMs: 0 }
const NOT_NOW = ['rate-limited', 'over-quota', 'internal']

const verdictOn = (reason: string, retryAfterMs: number): Answer =>
  NOT_NOW.includes(reason) ? { againInMs: retryAfterMs } : { refused: reason }

function overHttp(way: Way): Putting {
  return {
    async put({ text, network }, request) {
      const what = { method: 'POST', body: encodePutRequest(request) }
      const told = await way
        .ask(`/v1/mailboxes/${text}/messages?network=${network}`, what)
        .catch(() => undefined)
      if (told === undefined) return NOBODY_KNOWS
      const body = (told.body ?? {}) as {
        readonly known?: boolean
        readonly error?: { readonly code: string; readonly retryAfterMs?: number }
      }
      if (told.status < 300) return { known: body.known === true }
      if (told.status >= 500) return NOBODY_KNOWS
      return verdictOn(body.error?.code ?? `${told.status}`, body.error?.retryAfterMs ?? 0)
    },
    close() {},
  }
}

/** All its mail through one mailbox's socket, which passes on what is for others. */
class OverSocket implements Putting {
  readonly #way: Way
  readonly #path: string
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #wire: Promise<Wire> | undefined
  #tokens = 0

  constructor(way: Way, { text, network }: MailOwner) {
    this.#way = way
    this.#path = `/v1/mailboxes/${text}?network=${network}`
  }

  async put(owner: MailOwner, request: PutRequest): Promise<Answer> {
    this.#wire ??= this.#open()
    const wire = await this.#wire.catch(() => undefined)
    if (wire === undefined) {
      this.#wire = undefined
      return NOBODY_KNOWS
    }
    const token = this.#tokens++
    return new Promise((resolve) => {
      this.#waiting.set(token, resolve)
      wire.send(encodeMail({ kind: 'put', token, mailbox: owner.id, ...request }))
    })
  }

  close(): void {
    this.#wire?.then(
      (wire) => wire.close(),
      () => {},
    )
  }

  #open(): Promise<Wire> {
    return this.#way.open(this.#path, [SUBPROTOCOL], {
      message: (bytes) => {
        for (const frame of heardIn(bytes)) {
          if (frame.kind === 'stored') this.#answer(frame.token, { known: frame.known })
          if (frame.kind === 'refused') this.#answer(frame.token, verdictOn(frame.reason, frame.retryAfterMs))
        }
      },
      closed: () => {
        this.#wire = undefined
        for (const token of [...this.#waiting.keys()]) this.#answer(token, NOBODY_KNOWS)
      },
    })
  }

  #answer(token: number, answer: Answer): void {
    this.#waiting.get(token)?.(answer)
    this.#waiting.delete(token)
  }
}
