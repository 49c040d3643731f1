// Application data: the receiver is given what was sent, as the kind of thing it was.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Data, decodeData, encodeData, type Json } from '../../../protocol/wire/data.ts'

describe('application data', () => {
  it('of text arrives as the same text', () => {
    const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('\ufeffmarked'))
    fc.assert(
      fc.property(texts, (text) => {
        expect(decodeData(encodeData(text))).toBe(text)
      }),
    )
  })

  it('of bytes arrives as the same bytes, in an array of the receiver’s own', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const encoded = encodeData(bytes)
        const received = decodeData(encoded) as Uint8Array
        expect(received).toEqual(bytes)
        expect(received.buffer).not.toBe(encoded.buffer)
      }),
    )
  })

  it('of any view or buffer arrives as the bytes it shows', () => {
    const numbers = new Uint16Array([1, 2, 3]).subarray(1)
    const shown = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
    expect(decodeData(encodeData(numbers))).toEqual(shown)
    expect(decodeData(encodeData(new DataView(numbers.buffer, 2, 4)))).toEqual(shown)
    expect(decodeData(encodeData(numbers.buffer))).toEqual(new Uint8Array(numbers.buffer))
  })

  it('of JSON arrives as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const said = JSON.parse(JSON.stringify(value)) as Json
        expect(decodeData(encodeData(value as Json))).toEqual(said)
      }),
    )
  })

  it('that JSON cannot say is the sender’s mistake, and told as one', () => {
    const circular: Record<string, unknown> = {}
    circular.self = circular
    for (const wrong of [undefined, () => {}, Symbol('no'), 10n, circular])
      expect(() => encodeData(wrong as Data)).toThrow(TypeError)
  })

  it('that is cut, of no kind, or not what it says, is a WireError', () => {
    for (const wrong of [[], [3], [255, 1], [1, 0xff], [2], [2, 0x7b], [2, 0xc3]])
      expect(() => decodeData(Uint8Array.from(wrong))).toThrow(expect.objectContaining({ name: 'WireError' }))
  })
})
