// A PeerId: 32 bytes on the wire; as text the multibase base32 form of its SHA-256 multihash, as IPFS tools print it.

declare const peerIdBrand: unique symbol
/** The text form. Only `peerIdText` and `parsePeerId` make one. */
export type PeerId = string & { readonly [peerIdBrand]: true }

export const PEER_ID_BYTES = 32
const MULTIHASH_SHA256 = [0x12, 0x20] as const
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const TEXT_LENGTH = 1 + Math.ceil(((PEER_ID_BYTES + MULTIHASH_SHA256.length) * 8) / 5)

export function peerIdText(bytes: Uint8Array): PeerId {
  if (bytes.length !== PEER_ID_BYTES)
    throw new RangeError(`a peer id has ${PEER_ID_BYTES} bytes, not ${bytes.length}`)
  return `b${base32([...MULTIHASH_SHA256, ...bytes])}` as PeerId
}

/** The bytes of a text form; throws a RangeError naming what is wrong with it. */
export function parsePeerId(text: string): Uint8Array {
  if (typeof text !== 'string') throw new TypeError('a peer id must be a string')
  if (text.length !== TEXT_LENGTH || text[0] !== 'b') {
    throw new RangeError(`a peer id is "b" and ${TEXT_LENGTH - 1} base32 letters`)
  }
  const bytes = unbase32(text.slice(1))
  if (bytes === undefined || bytes[0] !== MULTIHASH_SHA256[0] || bytes[1] !== MULTIHASH_SHA256[1]) {
    throw new RangeError('a peer id is the base32 form of a SHA-256 multihash')
  }
  return bytes.slice(MULTIHASH_SHA256.length)
}

export function isPeerId(text: string): text is PeerId {
  try {
    parsePeerId(text)
    return true
  } catch {
    return false
  }
}

function base32(bytes: readonly number[]): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(held >>> bits) & 31]
      held &= (1 << bits) - 1
    }
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31]
}

/** Undefined for a letter outside the alphabet, or for leftover bits that are not zero (a second spelling of one id). */
function unbase32(text: string): Uint8Array | undefined {
  const bytes: number[] = []
  let bits = 0
  let held = 0
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter)
    if (value < 0) return undefined
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >>> bits) & 255)
      held &= (1 << bits) - 1
    }
  }
  return held === 0 ? Uint8Array.from(bytes) : undefined
}
