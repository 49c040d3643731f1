// Letters that share a row. What is billed is rows written, however much is in one: so letters that come together lie
// together, as a *lot*: what is known of each, packed, and their envelopes one after the other.

import { concat } from '../../protocol/crypto/suite.ts'
import { MAILBOX_LOT_BYTES_MAX, MAILBOX_LOT_LETTERS_MAX } from '../../protocol/limits/mailbox.ts'
import type { Letter, LetterHead } from '../../protocol/mailbox/contract.ts'
import { PRIORITIES, type Priority } from '../../protocol/priority.ts'
import { Reader, Writer } from '../../protocol/wire/bytes.ts'
import { LETTER_ID_BYTES } from '../../protocol/wire/mail-frames.ts'

/** `seq 8 ‖ id 16 ‖ priority 1 ‖ stranger 1 ‖ bytes 4 ‖ hour 4 ‖ end 8`. */
export const HEAD_BYTES = 8 + LETTER_ID_BYTES + 1 + 1 + 4 + 4 + 8

export interface Lot {
  readonly heads: readonly LetterHead[]
  readonly envelopes: Uint8Array
}

export const EMPTY_LOT: Lot = { heads: [], envelopes: new Uint8Array() }

export function lotOf(letters: readonly Letter[]): Lot {
  const [only] = letters
  if (only !== undefined && letters.length === 1) return { heads: letters, envelopes: only.envelope }
  return { heads: letters, envelopes: concat(letters.map(({ envelope }) => envelope)) }
}

/** As few as there may be, in order. */
export function lotsOf(letters: readonly Letter[]): readonly Lot[] {
  const lots: Letter[][] = []
  let room = 0
  for (const letter of letters) {
    const last = lots.at(-1)
    if (last !== undefined && letter.bytes <= room && last.length < MAILBOX_LOT_LETTERS_MAX) last.push(letter)
    else {
      lots.push([letter])
      room = MAILBOX_LOT_BYTES_MAX
    }
    room -= letter.bytes
  }
  return lots.map(lotOf)
}

/** A view: copied by who keeps it. */
export function envelopeIn({ heads, envelopes }: Lot, seq: number): Uint8Array | undefined {
  let at = 0
  for (const head of heads) {
    if (head.seq === seq) return envelopes.subarray(at, at + head.bytes)
    at += head.bytes
  }
  return undefined
}

export function without(lot: Lot, seqs: ReadonlySet<number>): Lot {
  const heads: LetterHead[] = []
  const kept: Uint8Array[] = []
  let at = 0
  for (const head of lot.heads) {
    const end = at + head.bytes
    if (!seqs.has(head.seq)) {
      heads.push(head)
      kept.push(lot.envelopes.subarray(at, end))
    }
    at = end
  }
  return { heads, envelopes: concat(kept) }
}

export function packHeads(heads: readonly LetterHead[]): Uint8Array {
  const to = new Writer(heads.length * HEAD_BYTES)
  for (const { seq, id, priority, sender, bytes, hour, expiresAtMs } of heads) {
    to.u64(seq).bytes(id).u8(PRIORITIES.indexOf(priority))
    to.u8(sender === 'stranger' ? 1 : 0)
      .u32(bytes)
      .u32(hour)
      .u64(expiresAtMs)
  }
  return to.done()
}

/** Their ids are views of what is given. */
export function unpackHeads(packed: Uint8Array): readonly LetterHead[] {
  const from = new Reader(packed)
  const heads: LetterHead[] = []
  while (from.remaining > 0) {
    heads.push({
      seq: from.u64(),
      id: from.bytes(LETTER_ID_BYTES),
      priority: PRIORITIES[from.u8()] as Priority,
      sender: from.u8() === 1 ? 'stranger' : 'contact',
      bytes: from.u32(),
      hour: from.u32(),
      expiresAtMs: from.u64(),
    })
  }
  return heads
}
