// What is put into the DHT of tests: bytes of which no two seeds give the same.

export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** Said of megabytes at once: a matcher would look at each byte. */
export const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0
