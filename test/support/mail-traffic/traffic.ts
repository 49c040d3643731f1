// Senders and owners together: begun, left alone while somebody kills what they talk to, and brought to rest.

import { toBase64url } from '../../../protocol/wire/base64url.ts'
import { type MailOwner, newOwner } from '../mail.ts'
import { passFor } from '../passes.ts'
import { seeded } from '../seeded.ts'
import { Ledger } from './ledger.ts'
import { HomeOwner, PageOwner, type Reader } from './owners.ts'
import { Sender } from './senders.ts'
import { sleep, type Way } from './way.ts'

export interface TrafficTerms {
  readonly way: Way
  readonly senders: number
  readonly owners: number
  readonly seed: number
  readonly pauseMs: number
}

const LINES = 3
const REST_MS_MAX = 60_000

export class Traffic {
  readonly ledger: Ledger
  readonly mailboxes: readonly MailOwner[]
  readonly #senders: readonly Sender[]
  readonly #owners: readonly Reader[]

  private constructor(ledger: Ledger, mailboxes: readonly MailOwner[], terms: TrafficTerms) {
    const { way, seed, pauseMs } = terms
    this.ledger = ledger
    this.mailboxes = mailboxes
    // The last owner reads pages.
    this.#owners = mailboxes.map((owner, number) => {
      const own = { number, owner, way, ledger, random: seeded(seed + 1_000 + number) }
      return (number === mailboxes.length - 1 ? new PageOwner(own) : new HomeOwner(own)).begin()
    })
    this.#senders = Array.from({ length: terms.senders }, (_, number) => {
      const random = seeded(seed + number)
      return new Sender({ number, lines: LINES, way, owners: mailboxes, ledger, random, pauseMs })
    })
  }

  static async begin(terms: TrafficTerms): Promise<Traffic> {
    const mailboxes = await Promise.all(Array.from({ length: terms.owners }, () => newOwner()))
    for (const owner of mailboxes) {
      const body = JSON.stringify({ keys: [toBase64url(owner.accessKey)], strangers: true })
      const told = await terms.way.ask(`/v1/mailboxes/${owner.text}/access?network=${owner.network}`, {
        method: 'PUT',
        headers: {
          'Content-Type': 'application/json',
          Authorization: `Bearer ${await passFor(owner.id, { network: owner.network })}`,
        },
        body: new TextEncoder().encode(body),
      })
      if (told.status !== 204) throw new Error(`the mailbox did not open: ${told.status}`)
    }
    return new Traffic(new Ledger(), mailboxes, terms)
  }

  /** Nobody writes anything new, until they may again. */
  pause(paused: boolean): void {
    for (const sender of this.#senders) sender.paused = paused
  }

  /** Nobody writes any more; everything is read and taken. What is not by then is a fault. */
  async rest(): Promise<void> {
    const deadlineMs = performance.now() + REST_MS_MAX
    const stopping = Promise.all(this.#senders.map((sender) => sender.stop()))
    await Promise.race([stopping, sleep(REST_MS_MAX)])
    for (const owner of this.#owners) owner.hurry()
    while (this.ledger.open.length > 0 && performance.now() < deadlineMs) await sleep(50)
    await Promise.all(this.#owners.map((owner) => owner.stop()))
    this.ledger.close()
  }
}
