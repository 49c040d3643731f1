// Which sequence numbers of an unordered channel were had: the highest, and a bit for each of those just below it.

/** A relay or an unordered data channel reorders by far less; what is later than that counts as lost. */
export const WINDOW = 1024
const WORD = 32

export class ReplayWindow {
  readonly #bits = new Uint32Array(WINDOW / WORD)
  #highest = -1

  /** Whether this one is new, which it is not from here on. Only for what has been authenticated. */
  take(sequence: number): boolean {
    if (sequence <= this.#highest - WINDOW) return false
    this.#advance(sequence)
    const word = Math.floor(sequence / WORD) % this.#bits.length
    const bit = 1 << (sequence % WORD)
    const had = this.#bits[word] ?? 0
    if ((had & bit) !== 0) return false
    this.#bits[word] = had | bit
    return true
  }

  /** Forgets the numbers whose places the new ones take. */
  #advance(sequence: number): void {
    if (sequence <= this.#highest) return
    const from = sequence - this.#highest > WINDOW ? sequence - WINDOW + 1 : this.#highest + 1
    for (let passed = from; passed <= sequence; passed++) {
      const word = Math.floor(passed / WORD) % this.#bits.length
      this.#bits[word] = (this.#bits[word] ?? 0) & ~(1 << (passed % WORD))
    }
    this.#highest = sequence
  }
}
