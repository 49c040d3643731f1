// What waits in the mailboxes of a network and what became of what came, as its registries know it.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { Reporter } from '../../durable-objects/mailbox/reporter.ts'
import { MAILBOX_REPORT_MS } from '../../protocol/limits/mailbox.ts'
import { NO_MAIL, REGISTRIES, registryObjectName, registryOf } from '../../protocol/mailbox/report.ts'
import { type MailCounts, MailTally } from '../../protocol/mailbox/tally.ts'
import { contactPut, type MailOwner, newOwner } from '../support/mail.ts'
import { allows, ask, asOwner, put } from './mail-http.ts'
import { mailboxObject } from './mailboxes.ts'
import { newPeer } from './socket.ts'

const registries = (env as unknown as { readonly REGISTRIES: DurableObjectNamespace }).REGISTRIES

const stats = async (network: string) => (await ask(`/network/queue/stats?network=${network}`)).body

/** The alarm brings what was not reported yet. */
const settled = (owner: MailOwner) => runDurableObjectAlarm(mailboxObject(owner.id, owner.network))

/** Sums are kept a few seconds: asked anew, they are of now. */
async function forgetSums(network: string): Promise<void> {
  await stats(network) // only what runs can be evicted
  for (let each = 0; each < REGISTRIES; each++)
    await evictDurableObject(registries.getByName(registryObjectName(network, each)))
}

describe('GET /network/queue/stats', () => {
  it('says of a network nobody wrote in that there is nothing, and makes nothing of it', async () => {
    const body = await stats('silence')
    expect(body).toMatchObject({
      network: 'silence',
      mailboxes: 0,
      total: { depth: 0, bytes: 0, oldestAgeMs: null, accepted: 0, refused: 0 },
      priorities: { critical: { depth: 0 }, low: { expired: 0 } },
    })
    const registry = registries.getByName(registryObjectName('silence', 0))
    const tables = await runInDurableObject(registry, (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'mailboxes'").toArray(),
    )
    expect(tables).toEqual([])
    expect((await ask('/network/queue/stats?network=%20')).status).toBe(400)
  })

  it('adds up all mailboxes: what came, what was refused and why, what waits, what went', async () => {
    const network = 'counted'
    const owners = await Promise.all([1, 2, 3].map(() => newOwner(network)))
    const [one, two, three] = owners as [MailOwner, MailOwner, MailOwner]
    for (const owner of owners) await allows(owner)
    await put(one, await contactPut(one, { priority: 'critical' }))
    await put(one, await contactPut(one, { priority: 'low' }))
    await put(one, await contactPut(two))
    const kept = await contactPut(two, { priority: 'high' })
    await put(two, kept)
    await put(two, kept)
    await put(three, await contactPut(three))
    const [message] = (await asOwner(three, '/messages')).body.messages
    await asOwner(three, `/messages/${message?.id}`, { method: 'DELETE' })
    await vi.waitFor(async () => {
      for (const owner of owners) await settled(owner)
      await forgetSums(network)
      const body = await stats(network)
      expect(body).toMatchObject({
        mailboxes: 3,
        total: {
          depth: 3,
          bytes: 3 * 4_096,
          accepted: 4,
          delivered: 1,
          acknowledged: 1,
          known: 1,
          refused: 1,
        },
        priorities: {
          critical: { depth: 1, accepted: 1 },
          high: { depth: 1, accepted: 1 },
          normal: { depth: 0, accepted: 1, delivered: 1, acknowledged: 1, expired: 0 },
          low: { depth: 1, accepted: 1 },
        },
        refused: { 'bad-access': 1, 'over-quota': 0 },
        staleMsMax: 13_000,
      })
      const { oldestAgeMs } = body.total as { oldestAgeMs: number }
      expect(oldestAgeMs).toBeLessThan(2 * 3_600_000)
    })
    expect(await stats('elsewhere')).toMatchObject({ mailboxes: 0 })
  })

  it('hears of letters that end while their mailbox sleeps', async () => {
    const owner = await newOwner('sleepers')
    await allows(owner)
    await put(owner, await contactPut(owner, { priority: 'low' }))
    await runInDurableObject(mailboxObject(owner.id, owner.network), (_, { storage }) => {
      storage.sql.exec('UPDATE letters SET expires_at_ms = 1000')
    })
    await evictDurableObject(mailboxObject(owner.id, owner.network))
    expect(await settled(owner)).toBe(true)
    await vi.waitFor(async () => {
      await forgetSums('sleepers')
      const { total, priorities } = await stats('sleepers')
      expect(total).toMatchObject({ depth: 0, expired: 1, accepted: 1 })
      expect(priorities).toMatchObject({ low: { depth: 0, expired: 1 } })
    })
  })

  it('costs a row for each report, and few reports', async () => {
    const owner = await newOwner('busy')
    await allows(owner)
    for (let i = 0; i < 5; i++) await put(owner, await contactPut(owner))
    await settled(owner)
    const registry = registries.getByName(registryObjectName('busy', registryOf(owner.id)))
    await runInDurableObject(registry, (_, { storage }) => {
      const again = storage.sql.exec('INSERT OR REPLACE INTO mailboxes SELECT * FROM mailboxes')
      expect(again.rowsWritten).toBe(1)
    })
  })
})

describe('a report that does not arrive', () => {
  it('is said again with the next', async () => {
    const heard: MailCounts[] = []
    let failures = 1
    const registry = {
      report: async (_: Uint8Array, counts: MailCounts) => {
        if (failures-- > 0) throw new Error('overloaded')
        heard.push(counts)
      },
    }
    const place = { network: 'lossy', id: newPeer() }
    const reporter = new Reporter({ getByName: () => registry }, place)
    const tally = new MailTally()
    tally.note('accepted', 'high')
    expect(reporter.next(tally, () => NO_MAIL.gauges, 1_000)).toBeUndefined()
    await vi.waitFor(() => expect(tally.isEmpty).toBe(false))
    expect(reporter.next(tally, () => NO_MAIL.gauges, 2_000)).toBe(1_000 + MAILBOX_REPORT_MS)
    tally.note('accepted', 'high')
    await scheduler.wait(0)
    reporter.next(tally, () => NO_MAIL.gauges, 1_000 + MAILBOX_REPORT_MS)
    await vi.waitFor(() => expect(heard.map(({ accepted }) => accepted.high)).toEqual([2]))
    expect(tally.isEmpty).toBe(true)
  })
})
