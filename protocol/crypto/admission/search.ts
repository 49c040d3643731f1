// The work of a stamp: SHA-256 in plain JavaScript, of one block per try. WebCrypto's own costs a promise for each call,
// which is more than the hash.
//
// The texts of these two functions are also the program of a Web Worker (client/stamp-worker.ts), so they may use nothing
// from outside themselves: no import, no constant of this file, no syntax that a bundler replaces by a helper.

export interface Sha256Block {
  /** The state before the first block. */
  readonly initial: Int32Array
  /** The block to compress next, as 16 words; what follows them is scratch. */
  readonly w: Int32Array
  compress(from: Int32Array, to: Int32Array): void
}

/** SHA-256's compression, and nothing around it. */
export function sha256Block(): Sha256Block {
  const initial = new Int32Array(8)
  const constants = new Int32Array(64)
  // The standard's constants: the fractions of the roots of the first primes.
  for (let n = 2, at = 0; at < 64; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
    if (!prime) continue
    if (at < 8) initial[at] = (n ** (1 / 2) % 1) * 2 ** 32
    constants[at++] = (n ** (1 / 3) % 1) * 2 ** 32
  }
  const w = new Int32Array(64)

  const compress = (from: Int32Array, to: Int32Array) => {
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15] as number
      const y = w[t - 2] as number
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
      w[t] = ((w[t - 16] as number) + s0 + (w[t - 7] as number) + s1) | 0
    }
    let a = from[0] as number
    let b = from[1] as number
    let c = from[2] as number
    let d = from[3] as number
    let e = from[4] as number
    let f = from[5] as number
    let g = from[6] as number
    let h = from[7] as number
    for (let t = 0; t < 64; t++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (constants[t] as number) + (w[t] as number)) | 0
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    to[0] = (from[0] as number) + a
    to[1] = (from[1] as number) + b
    to[2] = (from[2] as number) + c
    to[3] = (from[3] as number) + d
    to[4] = (from[4] as number) + e
    to[5] = (from[5] as number) + f
    to[6] = (from[6] as number) + g
    to[7] = (from[7] as number) + h
  }
  return { initial, w, compress }
}

export interface StampSearcher {
  /** So many tries more; true when every puzzle is solved. */
  step(tries: number): boolean
  /** Puzzles solved. */
  solved(): number
  /** The stamp; zeros where a puzzle is not solved yet. */
  stamp(): Uint8Array<ArrayBuffer>
}

/**
 * Looks for nonces so that SHA-256(challenge 32 ‖ i 1 ‖ place 32 ‖ nonce 4) begins with so many zeros (at most 32). The
 * first 64 of these 69 bytes are the same for all tries of a puzzle, so they are compressed once.
 */
export function stampSearcher(
  { initial, w, compress }: Sha256Block,
  challenge: Uint8Array,
  place: Uint8Array,
  bits: number,
  puzzles: number,
): StampSearcher {
  const middle = new Int32Array(8)
  const out = new Int32Array(8)
  let solved = 0
  let nonce = 0
  const begin = () => {
    const block = new Uint8Array(64)
    block.set(challenge)
    block[32] = solved
    block.set(place.subarray(0, 31), 33)
    const view = new DataView(block.buffer)
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(4 * t)
    compress(initial, middle)
    for (let t = 0; t < 16; t++) w[t] = 0
    w[15] = 69 * 8
    nonce = 0
  }
  begin()

  const stamp = new Uint8Array(4 * puzzles)
  const last = (place[31] as number) << 24
  return {
    step: (tries) => {
      for (let left = tries; left > 0 && solved < puzzles; left--) {
        w[0] = last | (nonce >>> 8)
        w[1] = (nonce << 24) | 0x800000
        compress(middle, out)
        if (Math.clz32(out[0] as number) >= bits) {
          new DataView(stamp.buffer).setUint32(4 * solved++, nonce)
          begin()
        } else nonce++
      }
      return solved >= puzzles
    },
    solved: () => solved,
    stamp: () => stamp.slice(),
  }
}
