// Messages that came and that the application is not done with: given to it by priority, and in order of coming within each.

import { PRIORITIES } from '../../protocol/priority.ts'
import { Queue } from '../../protocol/queue.ts'
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
  /** One of each priority, the most urgent first. */
  readonly #lines: readonly Queue<InboxMessage>[] = PRIORITIES.map(() => new Queue())
  #waiting = 0
  #underWay = 0
  #bytes = 0
  #draining = false

  get size(): number {
    return this.#waiting + this.#underWay
  }

  /** Of what these messages hold. */
  get bytes(): number {
    return this.#bytes
  }

  /** Later ones than any before, in order. */
  add(messages: readonly InboxMessage[]): void {
    for (const message of messages) {
      this.#lines[PRIORITIES.indexOf(message.priority)]?.push(message)
      this.#waiting++
      this.#bytes += message.data.length
    }
  }

  /** `give` resolves when the application is done with the message. Called again by itself as messages are done. */
  drain(ready: () => boolean, give: (message: InboxMessage) => Promise<unknown> | undefined): void {
    if (this.#draining) return
    this.#draining = true
    while (this.#underWay < UNDER_WAY_MAX && this.#waiting > 0 && ready()) {
      const message = this.#lines.find(({ length }) => length > 0)?.shift() as InboxMessage
      this.#waiting--
      this.#underWay++
      const over = () => {
        this.#underWay--
        this.#bytes -= message.data.length
      }
      const done = give(message)
      const settled = () => {
        over()
        this.drain(ready, give)
      }
      if (done === undefined) over()
      else void done.then(settled, settled)
    }
    this.#draining = false
  }
}
