// How full a mailbox is, and whether one more letter has room. Never an eviction: what was stored was promised.

import { MAILBOX_SHARES, MAILBOX_STRANGERS_SHARE } from '../limits.ts'
import { PRIORITIES, type Priority } from '../priority.ts'
import type { LetterHead } from './contract.ts'

interface Amount {
  letters: number
  bytes: number
}

export type Measured = Pick<LetterHead, 'priority' | 'sender' | 'bytes'>

export class Usage {
  readonly total: Amount = { letters: 0, bytes: 0 }
  readonly strangers: Amount = { letters: 0, bytes: 0 }
  readonly of: Readonly<Record<Priority, Amount>> = {
    critical: { letters: 0, bytes: 0 },
    high: { letters: 0, bytes: 0 },
    normal: { letters: 0, bytes: 0 },
    low: { letters: 0, bytes: 0 },
  }

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
    for (const priority of PRIORITIES) Object.assign(copy.of[priority], this.of[priority])
    return copy
  }

  /**
   * Whether every bound still holds with the letter: that of its priority, those of all more urgent ones, in whose shares it
   * counts too, and the strangers' if it is one of theirs.
   */
  hasRoomFor({ priority, sender, bytes }: Measured, most: Readonly<Amount>): boolean {
    const fits = (used: Readonly<Amount>, share: number) =>
      used.letters + 1 <= most.letters * share && used.bytes + bytes <= most.bytes * share
    if (sender === 'stranger' && !fits(this.strangers, MAILBOX_STRANGERS_SHARE)) return false
    const fromHere = { ...this.total }
    for (const each of PRIORITIES) {
      if (!fits(fromHere, MAILBOX_SHARES[each])) return false
      if (each === priority) break
      fromHere.letters -= this.of[each].letters
      fromHere.bytes -= this.of[each].bytes
    }
    return true
  }

  #change({ priority, sender, bytes }: Measured, by: 1 | -1): void {
    const amounts = [this.total, this.of[priority]]
    if (sender === 'stranger') amounts.push(this.strangers)
    for (const amount of amounts) {
      amount.letters += by
      amount.bytes += by * bytes
    }
  }
}
