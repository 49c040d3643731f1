// What one envelope holds, as values and as bytes: README.md shows the layout. Reading gives undefined for what is none.

import { Reader, WireError, Writer } from '../wire/bytes.ts'
import { DATA_NAME_BYTES } from '../wire/data.ts'

export const MESSAGE_ID_BYTES = DATA_NAME_BYTES
export const ACCESS_KEY_BYTES = 32

export type ReceiptState = 'delivered' | 'read'

export interface MailMessage {
  readonly id: Uint8Array
  /** By the sender's clock. */
  readonly sentAtMs: number
  /** As wire/data.ts encodes it. */
  readonly data: Uint8Array
}

export interface MailPart extends Omit<MailMessage, 'data'> {
  readonly index: number
  readonly count: number
  readonly bytes: Uint8Array
}

export interface MailReceipt {
  readonly id: Uint8Array
  readonly state: ReceiptState
}

export interface Content {
  readonly message?: MailMessage | undefined
  readonly part?: MailPart | undefined
  readonly receipts?: readonly MailReceipt[] | undefined
  /** Our access key: whoever has it writes to us without a stamp. */
  readonly card?: Uint8Array | undefined
}

const SECTION = { message: 1, part: 2, receipts: 3, card: 4 } as const
const STATES = { delivered: 1, read: 2 } as const
const SECTION_BYTES = 5
/** Beside its data. */
const MESSAGE_BYTES = MESSAGE_ID_BYTES + 8
const PART_BYTES = MESSAGE_BYTES + 4

/** What a part and a card take beside their data. */
export const PART_OVERHEAD_BYTES = SECTION_BYTES + PART_BYTES
export const CARD_BYTES = SECTION_BYTES + ACCESS_KEY_BYTES
export const RECEIPTS_OVERHEAD_BYTES = SECTION_BYTES
export const RECEIPT_BYTES = 1 + MESSAGE_ID_BYTES

export function encodeContent({ message, part, receipts, card }: Content): Uint8Array<ArrayBuffer> {
  const to = new Writer(256)
  if (message !== undefined) {
    to.u8(SECTION.message).u32(MESSAGE_BYTES + message.data.length)
    to.bytes(message.id).u64(message.sentAtMs).bytes(message.data)
  }
  if (part !== undefined) {
    to.u8(SECTION.part).u32(PART_BYTES + part.bytes.length)
    to.bytes(part.id).u64(part.sentAtMs).u16(part.index).u16(part.count).bytes(part.bytes)
  }
  if (receipts !== undefined && receipts.length > 0) {
    to.u8(SECTION.receipts).u32(receipts.length * RECEIPT_BYTES)
    for (const { id, state } of receipts) to.u8(STATES[state]).bytes(id)
  }
  if (card !== undefined) to.u8(SECTION.card).u32(ACCESS_KEY_BYTES).bytes(card)
  return to.done()
}

export function tryDecodeContent(bytes: Uint8Array): Content | undefined {
  try {
    return decodeContent(new Reader(bytes))
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

type Draft = { -readonly [Field in keyof Content]: Content[Field] } & { receipts?: MailReceipt[] }

function decodeContent(from: Reader): Content {
  const content: Draft = {}
  while (from.remaining > 0) {
    const type = from.u8()
    const section = new Reader(from.bytes(from.u32()))
    switch (type) {
      case SECTION.message:
        if (content.message !== undefined || content.part !== undefined) throw twice()
        content.message = { ...readName(section), data: section.rest() }
        break
      case SECTION.part:
        if (content.message !== undefined || content.part !== undefined) throw twice()
        content.part = readPart(section)
        break
      case SECTION.receipts:
        content.receipts ??= []
        readReceipts(section, content.receipts)
        break
      case SECTION.card:
        content.card = section.bytes(ACCESS_KEY_BYTES)
        section.end()
        break
    }
  }
  return content
}

function readName(from: Reader): { id: Uint8Array; sentAtMs: number } {
  const id = from.bytes(MESSAGE_ID_BYTES)
  return { id, sentAtMs: from.u64() }
}

function readPart(from: Reader): MailPart {
  const part = { ...readName(from), index: from.u16(), count: from.u16(), bytes: from.rest() }
  if (part.index >= part.count) throw new WireError('bad-value', `part ${part.index} of ${part.count}`)
  return part
}

function readReceipts(from: Reader, receipts: MailReceipt[]): void {
  while (from.remaining > 0) {
    const number = from.u8()
    const state = number === STATES.delivered ? 'delivered' : number === STATES.read ? 'read' : undefined
    if (state === undefined) throw new WireError('bad-value', `no such state of a message: ${number}`)
    receipts.push({ state, id: from.bytes(MESSAGE_ID_BYTES) })
  }
}

function twice(): WireError {
  return new WireError('bad-value', 'a content holds one message, or one part of one')
}
