// Chance that comes back: streams of random numbers from a seed and a name (sfc32, seeded by FNV-1a). Each node of a
// simulation has its own, so that one more draw in one place does not change what happens in all others.

export class Random {
  readonly #name: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number | string) {
    this.#name = `${seed}`
    this.#a = fnv1a(this.#name, 0x811c9dc5)
    this.#b = fnv1a(this.#name, this.#a ^ 0x9e3779b9)
    this.#c = fnv1a(this.#name, this.#b ^ 0x85ebca6b)
    for (let i = 0; i < 12; i++) this.u32()
  }

  /** A stream of its own, the same whenever it is asked for. */
  fork(name: string | number): Random {
    return new Random(`${this.#name}/${name}`)
  }

  u32(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** From 0 to below 1. */
  unit(): number {
    return this.u32() / 0x1_0000_0000
  }

  /** A whole number from 0 to below the bound. */
  below(bound: number): number {
    return Math.floor(this.unit() * bound)
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError('nothing to pick from')
    return list[this.below(list.length)] as T
  }

  /** Times between things that happen independently of each other. */
  exponential(mean: number): number {
    return -Math.log(1 - this.unit()) * mean
  }

  readonly bytes = (length: number): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = this.u32()
    return bytes
  }
}

export function fnv1a(text: string | Uint8Array, from = 0x811c9dc5): number {
  let hash = from
  for (let i = 0; i < text.length; i++) {
    hash ^= typeof text === 'string' ? text.charCodeAt(i) : (text[i] as number)
    hash = Math.imul(hash, 0x01000193)
  }
  return hash >>> 0
}
