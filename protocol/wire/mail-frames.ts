// The frames of a mailbox's socket as values, and their bytes. A table of their own beside codec.ts: a client that has no
// mailbox does not load them. decodeMail throws WireError and nothing else.

import { CHALLENGE_BYTES } from '../crypto/admission/challenge.ts'
import { STAMP_BYTES } from '../crypto/admission/stamp.ts'
import { MAILBOX_TOOK_MAX } from '../limits/mailbox.ts'
import { PEER_ID_BYTES } from '../peer-id.ts'
import type { Priority } from '../priority.ts'
import { Reader, WireError, Writer } from './bytes.ts'
import { readPriority, writePriority } from './priority.ts'
import { MAIL_FRAME, MAIL_PROOF, MAIL_REFUSAL, type MailRefusal, nameOf } from './registry.ts'

export const LETTER_ID_BYTES = 16
const ACCESS_MAC_BYTES = 16
/** How far a reader has come. What is in it is the mailbox's own (mailbox/cursor.ts). */
export const CURSOR_BYTES = 34

export type Proof =
  | { readonly kind: 'access'; readonly day: number; readonly mac: Uint8Array }
  | { readonly kind: 'stamp'; readonly challenge: Uint8Array; readonly stamp: Uint8Array }

/** What a put asks for, over HTTP its whole body. */
export interface PutRequest {
  readonly priority: Priority
  readonly ttlS: number
  readonly proof: Proof
  readonly envelope: Uint8Array
}

export interface HelloFrame {
  readonly kind: 'hello'
  readonly version: number
  readonly letters: number
  readonly bytes: number
  /** Empty: from the beginning. */
  readonly cursor: Uint8Array
}
export interface ReadyFrame {
  readonly kind: 'ready'
  readonly version: number
  readonly keepAliveMs: number
  readonly stored: number
  readonly oneTimeLeft: number
}
export interface PutFrame extends PutRequest {
  readonly kind: 'put'
  readonly token: number
  readonly mailbox: Uint8Array
}
export interface StoredFrame {
  readonly kind: 'stored'
  readonly token: number
  readonly known: boolean
  readonly ttlS: number
}
export interface RefusedFrame {
  readonly kind: 'refused'
  readonly token: number
  readonly reason: MailRefusal
  readonly retryAfterMs: number
}
export interface LetterFrame {
  readonly kind: 'letter'
  readonly id: Uint8Array
  readonly priority: Priority
  readonly hour: number
  /** What `hello` says after a reconnect if this was the last that came. */
  readonly cursor: Uint8Array
  readonly envelope: Uint8Array
}
export interface TookFrame {
  readonly kind: 'took'
  readonly ids: readonly Uint8Array[]
}
export interface PrekeysLeftFrame {
  readonly kind: 'prekeysLeft'
  readonly left: number
}

export type MailFrame =
  | HelloFrame
  | ReadyFrame
  | PutFrame
  | StoredFrame
  | RefusedFrame
  | LetterFrame
  | TookFrame
  | PrekeysLeftFrame
export type MailFrameKind = MailFrame['kind']
type FrameOf<Kind extends MailFrameKind> = Extract<MailFrame, { kind: Kind }>

interface Layout<F> {
  write(frame: F, to: Writer): void
  read(from: Reader): F
}

/** All of a frame but its envelope, and an answer: a buffer that need not grow is copied once. */
const FIELDS_BYTES_MOST = 160
const FIELDS_SMALL_BYTES = 16

export function encodeMail(frame: MailFrame): Uint8Array<ArrayBuffer> {
  const bytes = 'envelope' in frame ? FIELDS_BYTES_MOST + frame.envelope.length : FIELDS_SMALL_BYTES
  const to = new Writer(bytes).u8(MAIL_FRAME[frame.kind])
  const layout = LAYOUTS[frame.kind] as Layout<MailFrame>
  layout.write(frame, to)
  return to.done()
}

/** Fields that are bytes are views of what was given. */
export function decodeMail(bytes: Uint8Array): MailFrame {
  const from = new Reader(bytes)
  const kind = nameOf(MAIL_FRAME, from.u8())
  if (kind === undefined) throw new WireError('unknown-type', 'no frame of a mailbox')
  const frame = (LAYOUTS[kind] as Layout<MailFrame>).read(from)
  from.end()
  return frame
}

/** decodeMail for those who treat a bad frame as a drop. */
export function tryDecodeMail(bytes: Uint8Array): MailFrame | undefined {
  return attempt(() => decodeMail(bytes))
}

export function encodePutRequest(request: PutRequest): Uint8Array<ArrayBuffer> {
  const to = new Writer(FIELDS_BYTES_MOST + request.envelope.length)
  writeRequest(request, to)
  return to.done()
}

export function tryDecodePutRequest(bytes: Uint8Array): PutRequest | undefined {
  return attempt(() => readRequest(new Reader(bytes)))
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function readBool(from: Reader): boolean {
  const value = from.u8()
  if (value > 1) throw new WireError('bad-value', `neither 0 nor 1: ${value}`)
  return value === 1
}

function writeRequest({ priority, ttlS, proof, envelope }: PutRequest, to: Writer): void {
  writePriority(to, priority).u32(ttlS).u8(MAIL_PROOF[proof.kind])
  if (proof.kind === 'access') to.u32(proof.day).bytes(proof.mac)
  else to.bytes(proof.challenge).bytes(proof.stamp)
  to.bytes(envelope)
}

function readRequest(from: Reader): PutRequest {
  const [priority, ttlS, proof] = [readPriority(from), from.u32(), readProof(from)]
  return { priority, ttlS, proof, envelope: from.rest() }
}

function readProof(from: Reader): Proof {
  const kind = nameOf(MAIL_PROOF, from.u8())
  switch (kind) {
    case 'access':
      return { kind, day: from.u32(), mac: from.bytes(ACCESS_MAC_BYTES) }
    case 'stamp':
      return { kind, challenge: from.bytes(CHALLENGE_BYTES), stamp: from.bytes(STAMP_BYTES) }
    case undefined:
      throw new WireError('bad-value', 'no such proof')
  }
}

const LAYOUTS: { readonly [Kind in MailFrameKind]: Layout<FrameOf<Kind>> } = {
  hello: {
    write: (f, to) => to.u8(f.version).u32(f.letters).u32(f.bytes).bytes(f.cursor),
    read: (from) => ({
      kind: 'hello',
      version: from.u8(),
      letters: from.u32(),
      bytes: from.u32(),
      cursor: from.rest(),
    }),
  },
  ready: {
    write: (f, to) => to.u8(f.version).u32(f.keepAliveMs).u32(f.stored).u16(f.oneTimeLeft),
    read: (from) => {
      const [version, keepAliveMs, stored, oneTimeLeft] = [from.u8(), from.u32(), from.u32(), from.u16()]
      from.rest() // Lax: what a later version adds is not for us
      return { kind: 'ready', version, keepAliveMs, stored, oneTimeLeft }
    },
  },
  put: {
    write: (f, to) => {
      to.u32(f.token).bytes(f.mailbox)
      writeRequest(f, to)
    },
    read: (from) => {
      const [token, mailbox] = [from.u32(), from.bytes(PEER_ID_BYTES)]
      return { kind: 'put', token, mailbox, ...readRequest(from) }
    },
  },
  stored: {
    write: (f, to) =>
      to
        .u32(f.token)
        .u8(f.known ? 1 : 0)
        .u32(f.ttlS),
    read: (from) => ({ kind: 'stored', token: from.u32(), known: readBool(from), ttlS: from.u32() }),
  },
  refused: {
    write: (f, to) => to.u32(f.token).u8(MAIL_REFUSAL[f.reason]).u32(f.retryAfterMs),
    read: (from) => {
      const [token, reason] = [from.u32(), nameOf(MAIL_REFUSAL, from.u8())]
      if (reason === undefined) throw new WireError('bad-value', 'no such reason')
      return { kind: 'refused', token, reason, retryAfterMs: from.u32() }
    },
  },
  letter: {
    write: (f, to) => writePriority(to.bytes(f.id), f.priority).u32(f.hour).bytes(f.cursor).bytes(f.envelope),
    read: (from) => {
      const [id, priority, hour] = [from.bytes(LETTER_ID_BYTES), readPriority(from), from.u32()]
      return { kind: 'letter', id, priority, hour, cursor: from.bytes(CURSOR_BYTES), envelope: from.rest() }
    },
  },
  took: {
    write: (f, to) => {
      for (const id of f.ids) to.bytes(id)
    },
    read: (from) => {
      const ids: Uint8Array[] = []
      if (from.remaining > LETTER_ID_BYTES * MAILBOX_TOOK_MAX)
        throw new WireError('bad-value', 'too many ids')
      while (from.remaining > 0) ids.push(from.bytes(LETTER_ID_BYTES))
      return { kind: 'took', ids }
    },
  },
  prekeysLeft: {
    write: (f, to) => to.u16(f.left),
    read: (from) => ({ kind: 'prekeysLeft', left: from.u16() }),
  },
}
