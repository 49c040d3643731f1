// Contents: what goes in comes out, the sizes that are reckoned with are right, and no bytes make reading throw.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as content from '../../../protocol/mail/content.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const sentAtMs = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const message = fc.record({ id: bytes(16), sentAtMs, data: fc.uint8Array({ maxLength: 300 }) })
const part = fc
  .record({
    id: bytes(16),
    sentAtMs,
    index: fc.nat(0xfffe),
    more: fc.nat(100),
    bytes: fc.uint8Array({ maxLength: 300 }),
  })
  .map(({ more, ...rest }) => ({ ...rest, count: Math.min(0xffff, rest.index + 1 + more) }))
const receipts = fc.array(
  fc.record({ id: bytes(16), state: fc.constantFrom<content.ReceiptState>('delivered', 'read') }),
  { minLength: 1, maxLength: 5 },
)
const some = fc.record({ receipts, card: bytes(32) }, { requiredKeys: [] })
const anyContent: fc.Arbitrary<content.Content> = fc.oneof(
  some,
  fc.tuple(some, message).map(([rest, message]) => ({ ...rest, message })),
  fc.tuple(some, part).map(([rest, part]) => ({ ...rest, part })),
)

describe('a content', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(anyContent, (value) => {
        expect(content.tryDecodeContent(content.encodeContent(value))).toEqual(value)
      }),
    )
  })

  it('takes as many bytes as is reckoned with', () => {
    const [id, data, card] = [new Uint8Array(16), new Uint8Array(100), new Uint8Array(32)]
    const length = (value: content.Content) => content.encodeContent(value).length
    expect(length({ part: { id, sentAtMs: 1, index: 0, count: 2, bytes: data } })).toBe(
      100 + content.PART_OVERHEAD_BYTES,
    )
    expect(length({ card })).toBe(content.CARD_BYTES)
    const receipt = { id, state: 'read' } as const
    const two = content.RECEIPTS_OVERHEAD_BYTES + 2 * content.RECEIPT_BYTES
    expect(length({ receipts: [receipt, receipt] })).toBe(two)
  })

  it('of a later version is read as far as it is known', () => {
    const card = new Uint8Array(32).fill(7)
    const later = Uint8Array.of(99, 0, 0, 0, 3, 1, 2, 3)
    const read = content.tryDecodeContent(new Uint8Array([...later, ...content.encodeContent({ card })]))
    expect(read).toEqual({ card })
  })

  it('is none when it says two messages, a part beyond the last, or half of anything', () => {
    const id = new Uint8Array(16)
    const one = content.encodeContent({ message: { id, sentAtMs: 1, data: id } })
    expect(content.tryDecodeContent(new Uint8Array([...one, ...one]))).toBeUndefined()
    for (let length = 1; length < one.length; length++)
      expect(content.tryDecodeContent(one.subarray(0, length))).toBeUndefined()
    const beyond = content.encodeContent({ part: { id, sentAtMs: 1, index: 2, count: 2, bytes: id } })
    expect(content.tryDecodeContent(beyond)).toBeUndefined()
  })

  it('is read from any bytes without a throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (any) => void content.tryDecodeContent(any)))
  })
})
