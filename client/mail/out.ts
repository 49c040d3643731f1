// A message in the outbox, as the postman has it: what is written of it, and what its envelopes are to hold.

import type { Content, MailReceipt } from '../../protocol/mail/content.ts'
import { fromBase64url } from '../../protocol/wire/base64url.ts'
import { type Changes, OUT, type OutRecord, outName, packOut } from './records.ts'

/** A message in the outbox: its record, and its parts as the record says they are. */
export interface Out {
  record: OutRecord
  parts: readonly Uint8Array[]
}

/** What the envelopes of a message are to hold. */
export function contentsOf(
  id: string,
  { record, parts }: Out,
  receipts: readonly MailReceipt[],
  card: Uint8Array | undefined,
): Content[] {
  const bytes = fromBase64url(id) as Uint8Array
  const { sentAtMs } = record
  const [first, ...more] = parts
  if (first === undefined) return [{ receipts, card }]
  if (more.length === 0) return [{ message: { id: bytes, sentAtMs, data: first }, receipts, card }]
  return parts.map((part, index) => {
    const section = { part: { id: bytes, sentAtMs, index, count: parts.length, bytes: part } }
    return index === 0 ? { ...section, receipts, card } : section
  })
}

export function write(id: string, { record, parts }: Out, changes: Changes): void {
  changes.set(OUT + id, packOut(record))
  for (const [i, part] of parts.entries()) changes.set(outName(id, i), part)
}

export function bytesOf({ parts }: Out): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}
