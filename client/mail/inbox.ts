// Messages that came and that the application is not done with: given to it by priority, and in order of coming within each.

import { PRIORITIES, type Priority } from '../../protocol/priority.ts'
import type { PeerId } from '../types.ts'
import type { InRecord } from './records.ts'

/** Messages the application may be busy with at once: a handler that never settles must not take them all. */
const UNDER_WAY_MAX = 64

export interface InboxMessage extends Omit<InRecord, 'from'> {
  readonly from: PeerId
  /** Its place in the vault. */
  readonly order: number
}

export class Inbox {
  readonly #waiting: InboxMessage[] = []
  #underWay = 0
  #draining = false

  get size(): number {
    return this.#waiting.length + this.#underWay
  }

  add(messages: readonly InboxMessage[]): void {
    this.#waiting.push(...messages)
    this.#waiting.sort((one, other) => rank(one.priority) - rank(other.priority) || one.order - other.order)
  }

  /** `give` resolves when the application is done with the message. Called again by itself as messages are done. */
  drain(ready: () => boolean, give: (message: InboxMessage) => Promise<unknown> | undefined): void {
    if (this.#draining) return
    this.#draining = true
    while (this.#underWay < UNDER_WAY_MAX && this.#waiting.length > 0 && ready()) {
      const message = this.#waiting.shift() as InboxMessage
      this.#underWay++
      const done = give(message)
      const over = () => {
        this.#underWay--
        this.drain(ready, give)
      }
      if (done === undefined) this.#underWay--
      else void done.then(over, over)
    }
    this.#draining = false
  }
}

function rank(priority: Priority): number {
  return PRIORITIES.indexOf(priority)
}
