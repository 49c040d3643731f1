// What a client asks of the DHT over its home socket, as values and as bytes: two frames, with the question and the answer in
// them. Exact. decode throws WireError and nothing else.

import type { ClosestEntry, Key, ProviderEntry } from '../dht/contract.ts'
import { Reader, WireError, Writer } from './bytes.ts'
import {
  DHT_ANSWER,
  DHT_FRAME,
  DHT_OF,
  DHT_QUESTION,
  DHT_REFUSAL,
  type DhtRefusal,
  nameOf,
} from './registry.ts'

/** `of`: what is looked for, which whoever asks should say; not said, what is signed comes before a value. */
interface Get {
  readonly kind: 'get'
  readonly key: Key
  readonly of?: keyof typeof DHT_OF
}

/** As somebody asks it, of an edge or of a peer: nothing in it has been verified. */
export type DhtQuestion =
  | Get
  | { readonly kind: 'put'; readonly key: Key; readonly record: Uint8Array }
  | { readonly kind: 'provide'; readonly announcement: Uint8Array }
  | { readonly kind: 'providers'; readonly key: Key; readonly limit: number; readonly near: string }
  | { readonly kind: 'closest'; readonly target: Key; readonly limit: number }

export type DhtAnswer =
  | { readonly kind: 'record'; readonly expiresAtMs: number; readonly bytes: Uint8Array }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'stored'; readonly expiresAtMs: number; readonly isNew: boolean }
  | {
      readonly kind: 'providers'
      readonly heads: readonly Uint8Array[]
      readonly providers: readonly ProviderEntry[]
    }
  | { readonly kind: 'closest'; readonly records: readonly ClosestEntry[] }
  | { readonly kind: 'refused'; readonly reason: DhtRefusal; readonly retryAfterMs: number }

export interface DhtAskFrame {
  readonly kind: 'dhtAsk'
  readonly token: number
  readonly question: DhtQuestion
}
export interface DhtAnswerFrame {
  readonly kind: 'dhtAnswer'
  readonly token: number
  readonly answer: DhtAnswer
}
export type DhtFrame = DhtAskFrame | DhtAnswerFrame

type OfKind<Union extends { kind: string }, Kind extends Union['kind']> = Extract<Union, { kind: Kind }>
interface Layout<T> {
  write(value: T, to: Writer): void
  read(from: Reader): T
}

const KEY_BYTES = 32
const PATH_STEP_BYTES = 32
const TWO_32 = 2 ** 32

export function encodeDht(frame: DhtFrame): Uint8Array<ArrayBuffer> {
  const to = new Writer(bytesAbout(frame)).u8(DHT_FRAME[frame.kind]).u32(frame.token)
  if (frame.kind === 'dhtAsk') writeQuestion(frame.question, to)
  else writeAnswer(frame.answer, to)
  return to.done()
}

/** Fields that are bytes are views of what was given. */
export function decodeDht(bytes: Uint8Array): DhtFrame {
  const from = new Reader(bytes)
  const kind = nameOf(DHT_FRAME, from.u8())
  if (kind === undefined) throw new WireError('unknown-type', 'no frame of the DHT')
  const token = from.u32()
  const frame =
    kind === 'dhtAsk'
      ? ({ kind, token, question: readQuestion(from) } as const)
      : ({ kind, token, answer: readAnswer(from) } as const)
  from.end()
  return frame
}

/** decodeDht for those who treat a bad frame as a drop. */
export function tryDecodeDht(bytes: Uint8Array): DhtFrame | undefined {
  try {
    return decodeDht(bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function writeQuestion(question: DhtQuestion, to: Writer): void {
  to.u8(DHT_QUESTION[question.kind])
  ;(QUESTIONS[question.kind] as Layout<DhtQuestion>).write(question, to)
}

function readQuestion(from: Reader): DhtQuestion {
  const kind = nameOf(DHT_QUESTION, from.u8())
  if (kind === undefined) throw new WireError('bad-value', 'no such question')
  return QUESTIONS[kind].read(from)
}

function writeAnswer(answer: DhtAnswer, to: Writer): void {
  to.u8(DHT_ANSWER[answer.kind])
  ;(ANSWERS[answer.kind] as Layout<DhtAnswer>).write(answer, to)
}

function readAnswer(from: Reader): DhtAnswer {
  const kind = nameOf(DHT_ANSWER, from.u8())
  if (kind === undefined) throw new WireError('bad-value', 'no such answer')
  return ANSWERS[kind].read(from)
}

/** What is long is written into a buffer that need not grow. */
function bytesAbout(frame: DhtFrame): number {
  const said = frame.kind === 'dhtAsk' ? frame.question : frame.answer
  const long = 'record' in said ? said.record : 'bytes' in said ? said.bytes : undefined
  return 64 + (long?.length ?? 0)
}

const QUESTIONS: { readonly [Kind in DhtQuestion['kind']]: Layout<OfKind<DhtQuestion, Kind>> } = {
  get: {
    write: ({ key, of }, to) => (of === undefined ? to.bytes(key) : to.bytes(key).u8(DHT_OF[of])),
    read: (from) => {
      const key = from.bytes(KEY_BYTES)
      if (from.remaining === 0) return { kind: 'get', key }
      const of = nameOf(DHT_OF, from.u8())
      if (of === undefined) throw new WireError('bad-value', 'neither signed nor a value')
      return { kind: 'get', key, of }
    },
  },
  put: {
    write: ({ key, record }, to) => to.bytes(key).bytes(record),
    read: (from) => ({ kind: 'put', key: from.bytes(KEY_BYTES), record: from.rest() }),
  },
  provide: {
    write: ({ announcement }, to) => to.bytes(announcement),
    read: (from) => ({ kind: 'provide', announcement: from.rest() }),
  },
  providers: {
    write: ({ key, limit, near }, to) => to.bytes(key).u8(limit).u8(near.length).text(near),
    read: (from) => {
      const [key, limit] = [from.bytes(KEY_BYTES), from.u8()]
      return { kind: 'providers', key, limit, near: asciiOf(from, from.u8()) }
    },
  },
  closest: {
    write: ({ target, limit }, to) => to.bytes(target).u8(limit),
    read: (from) => ({ kind: 'closest', target: from.bytes(KEY_BYTES), limit: from.u8() }),
  },
}

const ANSWERS: { readonly [Kind in DhtAnswer['kind']]: Layout<OfKind<DhtAnswer, Kind>> } = {
  record: {
    write: ({ expiresAtMs, bytes }, to) => writeTime(to, expiresAtMs).bytes(bytes),
    read: (from) => ({ kind: 'record', expiresAtMs: readTime(from), bytes: from.rest() }),
  },
  nothing: { write: () => {}, read: () => ({ kind: 'nothing' }) },
  stored: {
    write: ({ expiresAtMs, isNew }, to) => writeTime(to, expiresAtMs).u8(isNew ? 1 : 0),
    read: (from) => {
      const [expiresAtMs, isNew] = [readTime(from), from.u8()]
      if (isNew > 1) throw new WireError('bad-value', `neither 0 nor 1: ${isNew}`)
      return { kind: 'stored', expiresAtMs, isNew: isNew === 1 }
    },
  },
  providers: { write: writeProviders, read: readProviders },
  closest: {
    write: ({ records }, to) => {
      to.u8(records.length)
      for (const { key, bytes } of records) to.bytes(key).u16(bytes.length).bytes(bytes)
    },
    read: (from) => ({
      kind: 'closest',
      records: listOf(from, () => ({ key: from.bytes(KEY_BYTES), bytes: from.bytes(from.u16()) })),
    }),
  },
  refused: {
    write: ({ reason, retryAfterMs }, to) => to.u8(DHT_REFUSAL[reason]).u32(retryAfterMs),
    read: (from) => {
      const reason = nameOf(DHT_REFUSAL, from.u8())
      if (reason === undefined) throw new WireError('bad-value', 'no such reason')
      return { kind: 'refused', reason, retryAfterMs: from.u32() }
    },
  },
}

function writeProviders({ heads, providers }: OfKind<DhtAnswer, 'providers'>, to: Writer): void {
  to.u8(heads.length)
  for (const head of heads) to.u16(head.length).bytes(head)
  to.u8(providers.length)
  for (const { peer, head, index, path, expiresAtMs } of providers) {
    writeTime(to.bytes(peer).u8(head).u16(index), expiresAtMs)
      .u8(path.length / PATH_STEP_BYTES)
      .bytes(path)
  }
}

function readProviders(from: Reader): OfKind<DhtAnswer, 'providers'> {
  const heads = listOf(from, () => from.bytes(from.u16()))
  const providers = listOf(from, () => {
    const [peer, head, index, expiresAtMs] = [from.bytes(KEY_BYTES), from.u8(), from.u16(), readTime(from)]
    if (head >= heads.length) throw new WireError('bad-value', 'no such head')
    return { peer, head, index, expiresAtMs, path: from.bytes(from.u8() * PATH_STEP_BYTES) }
  })
  return { kind: 'providers', heads, providers }
}

function listOf<T>(from: Reader, read: () => T): readonly T[] {
  return Array.from({ length: from.u8() }, read)
}

/** Milliseconds since 1970, in eight bytes. */
function writeTime(to: Writer, ms: number): Writer {
  return to.u32(Math.floor(ms / TWO_32)).u32(ms % TWO_32)
}

function readTime(from: Reader): number {
  const ms = from.u32() * TWO_32 + from.u32()
  if (!Number.isSafeInteger(ms)) throw new WireError('bad-value', 'no such time')
  return ms
}

/** Printable, so that it has one spelling and can be shown to people. */
function asciiOf(from: Reader, length: number): string {
  const text = from.text(length)
  if (!/^[\x21-\x7e]*$/.test(text)) throw new WireError('bad-text', 'not printable ASCII')
  return text
}
