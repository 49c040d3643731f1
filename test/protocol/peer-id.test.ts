// A PeerId as text: one spelling for each id, and what is none is refused by name.

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPeerId, PEER_ID_BYTES, parsePeerId, peerIdText } from '../../protocol/peer-id.ts'

const ids = fc.uint8Array({ minLength: PEER_ID_BYTES, maxLength: PEER_ID_BYTES })

describe('a peer id', () => {
  it('is written as IPFS tools write the SHA-256 multihash', () => {
    // RFC 4648 base32 in small letters of 0x12 0x20 and the hash of nothing, after the letter that says so.
    const id = new Uint8Array(createHash('sha256').digest())
    expect(peerIdText(id)).toBe('bciqohmgeikmpyhautl57jsezn64sij5oihsgjg4tjssjlgi3pbjlqvi')
  })

  it('is read as what was written', () => {
    fc.assert(
      fc.property(ids, (id) => {
        const text = peerIdText(id)
        expect(isPeerId(text)).toBe(true)
        expect(parsePeerId(text)).toEqual(id)
      }),
    )
  })

  it('with one letter another is another, or none', () => {
    const text = peerIdText(new Uint8Array(PEER_ID_BYTES).fill(7))
    for (let at = 0; at < text.length; at++) {
      const other = text.slice(0, at) + (text[at] === 'c' ? 'd' : 'c') + text.slice(at + 1)
      if (isPeerId(other)) expect(peerIdText(parsePeerId(other))).toBe(other)
    }
  })

  it('is of exactly 32 bytes', () => {
    for (const length of [0, 31, 33]) expect(() => peerIdText(new Uint8Array(length))).toThrow(RangeError)
  })

  const good = peerIdText(new Uint8Array(PEER_ID_BYTES).fill(0xa5))

  it.each<[string, string]>([
    ['nothing', ''],
    ['one letter less', good.slice(0, -1)],
    ['one letter more', `${good}a`],
    ['capitals', good.toUpperCase()],
    ['another base', `z${good.slice(1)}`],
    ['a letter that is none of the alphabet', `${good.slice(0, 20)}1${good.slice(21)}`],
    ['a space', ` ${good.slice(1)}`],
    ['another hash', `b${'a'.repeat(good.length - 1)}`],
    ['left-over bits that are not zero', good.slice(0, -1) + nextLetter(good.at(-1) as string)],
  ])('is not %s', (_, text) => {
    expect(isPeerId(text)).toBe(false)
    expect(() => parsePeerId(text)).toThrow(RangeError)
  })

  it('is a string', () => {
    expect(() => parsePeerId(7 as never)).toThrow(TypeError)
    expect(isPeerId(undefined as never)).toBe(false)
  })
})

function nextLetter(letter: string): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
  return alphabet[alphabet.indexOf(letter) + 1] as string
}
