// How full a mailbox is, and whether one more letter has room. Never an eviction: what was stored was promised.

import { MAILBOX_SHARES, MAILBOX_STRANGERS_SHARE } from '../limits/mailbox.ts'
import { PRIORITIES, type Priority } from '../priority.ts'
import type { LetterHead } from './contract.ts'

interface Amount {
  letters: number
  bytes: number
}

export type Measured = Pick<LetterHead, 'priority' | 'sender' | 'bytes'>

const nothing = (): Record<Priority, Amount> => ({
  critical: { letters: 0, bytes: 0 },
  high: { letters: 0, bytes: 0 },
  normal: { letters: 0, bytes: 0 },
  low: { letters: 0, bytes: 0 },
})

/** Strangers' count as low, whatever they call urgent: their floods take no room from what a priority is spared. */
const countedAs = ({ priority, sender }: Measured): Priority => (sender === 'stranger' ? 'low' : priority)

export class Usage {
  readonly total: Amount = { letters: 0, bytes: 0 }
  readonly strangers: Amount = { letters: 0, bytes: 0 }
  readonly of = nothing()
  readonly #counted = nothing()

  add(letter: Measured): void {
    this.#change(letter, 1)
  }

  remove(letter: Measured): void {
    this.#change(letter, -1)
  }

  copy(): Usage {
    const copy = new Usage()
    Object.assign(copy.total, this.total)
    Object.assign(copy.strangers, this.strangers)
    for (const priority of PRIORITIES) {
      Object.assign(copy.of[priority], this.of[priority])
      Object.assign(copy.#counted[priority], this.#counted[priority])
    }
    return copy
  }

  /**
   * Whether every bound still holds with the letter: that of its priority, those of all more urgent ones, in whose shares it
   * counts too, and the strangers' if it is one of theirs.
   */
  hasRoomFor(letter: Measured, most: Readonly<Amount>): boolean {
    const fits = (used: Readonly<Amount>, share: number) =>
      used.letters + 1 <= most.letters * share && used.bytes + letter.bytes <= most.bytes * share
    if (letter.sender === 'stranger' && !fits(this.strangers, MAILBOX_STRANGERS_SHARE)) return false
    const fromHere = { ...this.total }
    for (const each of PRIORITIES) {
      if (!fits(fromHere, MAILBOX_SHARES[each])) return false
      if (each === countedAs(letter)) break
      fromHere.letters -= this.#counted[each].letters
      fromHere.bytes -= this.#counted[each].bytes
    }
    return true
  }

  #change(letter: Measured, by: 1 | -1): void {
    const amounts = [this.total, this.of[letter.priority], this.#counted[countedAs(letter)]]
    if (letter.sender === 'stranger') amounts.push(this.strangers)
    for (const amount of amounts) {
      amount.letters += by
      amount.bytes += by * letter.bytes
    }
  }
}
