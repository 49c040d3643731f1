// base64url without padding, for bytes that travel in a header. Strict: one spelling for each value.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export function toBase64url(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    for (let letter = 0; letter <= Math.min(left, 3); letter++)
      text += ALPHABET[(word >>> (18 - 6 * letter)) & 63]
  }
  return text
}

/** Undefined for anything that is not exactly what toBase64url makes. */
export function fromBase64url(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array((text.length * 3) >>> 2)
  let held = 0
  let bits = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const value = ALPHABET.indexOf(text[i] as string)
    if (value < 0) return undefined
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >>> bits) & 255
      held &= (1 << bits) - 1
    }
  }
  return bits === 6 || held !== 0 ? undefined : bytes
}
