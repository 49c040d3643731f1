// The traffic of test/faults/mailbox.test.ts within workerd, while the mailboxes' objects are put to sleep in the middle of
// it, with their sockets kept or closed: every put that was answered is delivered, in order, and is on disk until then.

import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { unpackHeads } from '../../durable-objects/mailbox/lot.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import type { MailOwner } from '../support/mail.ts'
import { Traffic } from '../support/mail-traffic/traffic.ts'
import { CROWDED, sleep, type Way } from '../support/mail-traffic/way.ts'
import { seeded } from '../support/seeded.ts'
import { ORIGIN } from './mail-http.ts'
import { mailboxObject } from './mailboxes.ts'
import { deployedWith } from './rooms.ts'
import { upgrade } from './socket.ts'

const here: Way = {
  async ask(path, init) {
    const response = await exports.default.fetch(ORIGIN + path, init as never)
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  },
  async open(path, protocols, hearing) {
    const { webSocket } = await upgrade(path, protocols)
    if (webSocket === null) throw new Error('it did not open')
    let closed = false
    webSocket.addEventListener('message', ({ data }) => {
      if (data instanceof ArrayBuffer) hearing.message(new Uint8Array(data))
    })
    webSocket.addEventListener('close', () => {
      closed = true
      hearing.closed()
    })
    Object.assign(webSocket, { binaryType: 'arraybuffer' })
    webSocket.accept()
    return {
      send: (bytes) => {
        if (!closed) webSocket.send(bytes)
      },
      close: () => webSocket.close(),
    }
  },
}

function idsOnDisk({ id }: MailOwner): Promise<ReadonlySet<string>> {
  return runInDurableObject(mailboxObject(id), (_, { storage }) => {
    const rows = storage.sql.exec<{ heads: ArrayBuffer }>('SELECT heads FROM lots').toArray()
    const heads = rows.flatMap((row) => unpackHeads(new Uint8Array(row.heads)))
    return new Set(heads.map((head) => toBase64url(head.id)))
  })
}

async function survives(webSockets: 'hibernate' | 'close', times: number): Promise<void> {
  const random = seeded(Math.floor(Math.random() * 2 ** 31))
  const traffic = await Traffic.begin({ way: here, senders: 8, owners: 3, seed: 1, pauseMs: 60 })
  const { ledger, mailboxes } = traffic
  let [evictions, found] = [0, 0]
  // There was something to lose: where by chance nothing was on disk each time, it goes on.
  const wasMuch = () => found > 0 && ledger.counts.answered > 100
  for (let time = 0; time < times || (!wasMuch() && time < 10 * times); time++) {
    const until = ledger.counts.answered + random() * 40
    while (ledger.counts.answered < until) await sleep(2)
    // Now and then when it is empty: seqs begin again then.
    if (random() < 0.5) {
      traffic.pause(true)
      while (ledger.open.length > 0) await sleep(2)
    }
    const at = Math.floor(random() * mailboxes.length)
    const owner = mailboxes[at] as MailOwner
    ledger.life++
    // Nobody may be in it just then: that one sleeps already.
    const evicted = evictDurableObject(mailboxObject(owner.id), { webSockets })
    evictions += await evicted.then(
      () => 1,
      () => 0,
    )
    traffic.pause(false)
    const answered = [...ledger.letters.values()].filter((letter) => letter.owner === at && letter.answered)
    const onDisk = await idsOnDisk(owner)
    for (const { id, line, sequence, tookInLife } of answered)
      if (tookInLife === undefined && !onDisk.has(id))
        ledger.fault(`letter ${sequence} of line ${line} is not on disk`)
    found += onDisk.size
  }
  await traffic.rest()
  expect(ledger.faults).toEqual([])
  expect(ledger.counts.delivered).toBe(ledger.counts.answered)
  // There was mostly somebody to put to sleep, too.
  expect(wasMuch()).toBe(true)
  expect(evictions).toBeGreaterThan(ledger.life / 2)
  for (const owner of mailboxes) expect((await idsOnDisk(owner)).size).toBe(0)
}

// Five seconds each; on a machine that has much else to do, several times as long.
const timeout = 180_000

describe('a mailbox that is put to sleep in the middle of its work', () => {
  it('loses nothing when its sockets stay', { timeout }, () =>
    deployedWith(CROWDED, () => survives('hibernate', 8)),
  )

  it('loses nothing when its sockets close', { timeout }, () =>
    deployedWith(CROWDED, () => survives('close', 8)),
  )
})
