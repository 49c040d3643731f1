// What mail keeps in the identity's vault: under which names, and in which bytes.
//
//   out/<message>           head of a message in the outbox      out/<message>/<i>   its parts: as written, or sealed
//   in/<number>             a message that came, and that the application is not done with
//   part/<peer>/<message>/<i>   a piece of a message that is not whole yet
//   peer/<peer>             correspondence and card of one peer
//   told/<peer>             receipts that are to be told to it
//   ids/<number>            ids of messages that came, a block of them
//   prekeys, access         our own
//
// Only what this code wrote opens (the vault's seal), so a record that does not read is of another version: it is passed over.

import {
  ACCESS_KEY_BYTES,
  type MailReceipt,
  MESSAGE_ID_BYTES,
  type ReceiptState,
} from '../../protocol/mail/content.ts'
import type { Priority } from '../../protocol/priority.ts'
import { Reader, WireError, Writer } from '../../protocol/wire/bytes.ts'
import { readPriority, writePriority } from '../../protocol/wire/priority.ts'

export const OUT = 'out/'
export const IN = 'in/'
export const PART = 'part/'
export const PEER = 'peer/'
export const TOLD = 'told/'
export const IDS = 'ids/'
export const PREKEYS = 'prekeys'
export const ACCESS = 'access'

export type Changes = Map<string, Uint8Array | undefined>

/** Numbers as names sort as numbers do. */
export function numbered(prefix: string, number: number): string {
  return prefix + number.toString(36).padStart(10, '0')
}

export function numberOf(prefix: string, name: string): number {
  return Number.parseInt(name.slice(prefix.length), 36)
}

export function outName(id: string, part: number): string {
  return `${OUT}${id}/${part}`
}

export function partName(from: string, id: string, index: number): string {
  return `${PART}${from}/${id}/${index}`
}

/** Of a message in the outbox. Its parts are beside it. */
export interface OutRecord {
  readonly to: string
  readonly priority: Priority
  /** Its place among the others, which is the order in which it was sent. */
  readonly order: number
  readonly sentAtMs: number
  readonly expiresAtMs: number
  /** Not receipts alone. */
  readonly isMessage: boolean
  readonly parts: number
  /** The parts are envelopes, and so many of them are stored. Undefined: they are as the application wrote them. */
  readonly stored: number | undefined
}

const VERSION = 1
const NOT_SEALED = 0xffff

export function packOut(record: OutRecord): Uint8Array {
  const to = writePriority(new Writer(96).u8(VERSION), record.priority)
  to.u64(record.order).u64(record.sentAtMs).u64(record.expiresAtMs)
  return to
    .u8(record.isMessage ? 1 : 0)
    .u16(record.parts)
    .u16(record.stored ?? NOT_SEALED)
    .text(record.to)
    .done()
}

export function unpackOut(bytes: Uint8Array): OutRecord | undefined {
  return read(bytes, (from) => {
    const priority = readPriority(from)
    const [order, sentAtMs, expiresAtMs] = [from.u64(), from.u64(), from.u64()]
    const [isMessage, parts, stored] = [from.u8() === 1, from.u16(), from.u16()]
    return {
      to: from.text(from.remaining),
      priority,
      order,
      sentAtMs,
      expiresAtMs,
      isMessage,
      parts,
      stored: stored === NOT_SEALED ? undefined : stored,
    }
  })
}

/** A message that came. */
export interface InRecord {
  readonly from: string
  readonly id: Uint8Array
  readonly priority: Priority
  readonly sentAtMs: number
  readonly data: Uint8Array
}

export function packIn(record: InRecord): Uint8Array {
  const from = new Writer().text(record.from).done()
  const to = writePriority(new Writer(128 + record.data.length).u8(VERSION), record.priority)
  return to.u64(record.sentAtMs).bytes(record.id).u16(from.length).bytes(from).bytes(record.data).done()
}

export function unpackIn(bytes: Uint8Array): InRecord | undefined {
  return read(bytes, (from) => {
    const [priority, sentAtMs, id] = [readPriority(from), from.u64(), from.bytes(MESSAGE_ID_BYTES)]
    return { priority, sentAtMs, id, from: from.text(from.u16()), data: from.rest() }
  })
}

/** Our access keys: the present one first. `published` as the edge was last told them. */
export interface AccessRecord {
  readonly keys: readonly Uint8Array[]
  readonly madeAtMs: number
  readonly published: boolean
}

export function packAccess({ keys, madeAtMs, published }: AccessRecord): Uint8Array {
  const to = new Writer(128)
    .u8(VERSION)
    .u64(madeAtMs)
    .u8(published ? 1 : 0)
  for (const key of keys) to.bytes(key)
  return to.done()
}

export function unpackAccess(bytes: Uint8Array): AccessRecord | undefined {
  return read(bytes, (from) => {
    const [madeAtMs, published] = [from.u64(), from.u8() === 1]
    const keys: Uint8Array[] = []
    while (from.remaining > 0) keys.push(from.bytes(ACCESS_KEY_BYTES))
    return { keys, madeAtMs, published }
  })
}

/** A peer's: its card, if it ever gave us one, and the correspondence, as crypto/mail packs it. */
export interface PeerRecord {
  readonly card: Uint8Array | undefined
  /** The card of ours that it was given last. */
  readonly given: Uint8Array | undefined
  readonly correspondence: Uint8Array
}

export function packPeer({ card, given, correspondence }: PeerRecord): Uint8Array {
  const to = new Writer(128 + correspondence.length).u8(VERSION)
  for (const key of [card, given]) to.u8(key === undefined ? 0 : 1).bytes(key ?? new Uint8Array())
  return to.bytes(correspondence).done()
}

export function unpackPeer(bytes: Uint8Array): PeerRecord | undefined {
  return read(bytes, (from) => {
    const key = () => (from.u8() === 1 ? from.bytes(ACCESS_KEY_BYTES) : undefined)
    const [card, given] = [key(), key()]
    return { card, given, correspondence: from.rest() }
  })
}

const STATES: readonly ReceiptState[] = ['delivered', 'read']

export function packTold(receipts: readonly MailReceipt[]): Uint8Array {
  const to = new Writer(1 + receipts.length * (1 + MESSAGE_ID_BYTES)).u8(VERSION)
  for (const { state, id } of receipts) to.u8(STATES.indexOf(state)).bytes(id)
  return to.done()
}

export function unpackTold(bytes: Uint8Array): readonly MailReceipt[] {
  const unpacked = read(bytes, (from) => {
    const receipts: MailReceipt[] = []
    while (from.remaining > 0) {
      const state = STATES[from.u8()]
      if (state === undefined) throw new WireError('bad-value', 'no such state')
      receipts.push({ state, id: from.bytes(MESSAGE_ID_BYTES) })
    }
    return receipts
  })
  return unpacked ?? []
}

function read<Value>(bytes: Uint8Array, how: (from: Reader) => Value): Value | undefined {
  try {
    const from = new Reader(bytes)
    return from.u8() === VERSION ? how(from) : undefined
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
