// What waits in the mailboxes of a network and what became of what came, as its registries have it from them.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { News } from '../../durable-objects/mailbox/news.ts'
import { MailboxFigures } from '../../durable-objects/registry/mailbox-figures.ts'
import { REGISTRY_ASKS_MAX, REGISTRY_SUM_MS, REGISTRY_TRUST_MS } from '../../protocol/limits/mailbox.ts'
import { mailboxObjectName, placeOf } from '../../protocol/mailbox/place.ts'
import {
  type MailTotals,
  NO_MAIL,
  networkOfRegistry,
  REGISTRIES,
  registryObjectName,
} from '../../protocol/mailbox/report.ts'
import { PRIORITIES } from '../../protocol/priority.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { contactPut, idOf, type MailOwner, newOwner } from '../support/mail.ts'
import { seeded } from '../support/seeded.ts'
import { allows, ask, asOwner, put } from './mail-http.ts'
import { letEnd, mailboxObject, registryObject } from './mailboxes.ts'
import { newPeer } from './socket.ts'

const registries = (env as unknown as { readonly REGISTRIES: DurableObjectNamespace }).REGISTRIES

const stats = async (network: string) => (await ask(`/network/queue/stats?network=${network}`)).body

const mailboxOf = ({ id, network }: MailOwner) => mailboxObject(id, network)
const registryOfOwner = ({ id, network }: MailOwner) => registryObject(id, network)

/** Takes whoever runs out of memory; whom nobody asked does not run. */
const evict = (stub: DurableObjectStub) => evictDurableObject(stub).catch(() => {})

/** Sums are kept a few seconds: asked anew, they are of now. */
async function forgetSums(network: string): Promise<void> {
  for (let each = 0; each < REGISTRIES; each++)
    await evict(registries.getByName(registryObjectName(network, each)))
}

/** …as soon as no mailbox has news that is still under way. */
function freshStats(network: string) {
  const fresh = async () => {
    await forgetSums(network)
    const body = await stats(network)
    expect(body.behind).toBe(0)
    return body
  }
  return vi.waitFor(fresh, { timeout: 10_000 })
}

async function takes(owner: MailOwner, envelope: Uint8Array): Promise<void> {
  await asOwner(owner, `/messages/${toBase64url(await idOf(envelope))}`, { method: 'DELETE' })
}

describe('GET /network/queue/stats', () => {
  it('says of a network nobody wrote in that there is nothing, and makes nothing of it', async () => {
    const body = await stats('silence')
    expect(body).toMatchObject({
      network: 'silence',
      mailboxes: 0,
      behind: 0,
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
    const body = await freshStats(network)
    expect(body).toMatchObject({
      mailboxes: 3,
      behind: 0,
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
      staleMsMax: 5_000,
    })
    const { oldestAgeMs } = body.total as { oldestAgeMs: number }
    expect(oldestAgeMs).toBeLessThan(2 * 3_600_000)
    expect(await stats('elsewhere')).toMatchObject({ mailboxes: 0 })
  })

  it('hears of letters that end while their mailbox sleeps', async () => {
    const owner = await newOwner('sleepers')
    await allows(owner)
    await put(owner, await contactPut(owner, { priority: 'low' }))
    await letEnd(owner.id, owner.network)
    await evictDurableObject(mailboxOf(owner))
    expect(await runDurableObjectAlarm(mailboxOf(owner))).toBe(true)
    const { total, priorities } = await freshStats('sleepers')
    expect(total).toMatchObject({ depth: 0, expired: 1, accepted: 1 })
    expect(priorities).toMatchObject({ low: { depth: 0, expired: 1 } })
  })

  it('knows of a mailbox from when it is opened, and of one that is none never', async () => {
    const [owner, nobody] = [await newOwner('opened'), await newOwner('opened')]
    await allows(owner)
    expect((await put(nobody, await contactPut(nobody))).status).toBe(404)
    expect(await freshStats('opened')).toMatchObject({ mailboxes: 1, behind: 0, total: { refused: 0 } })
  })

  it('is the same whoever is taken out of memory between any two things that happen', async () => {
    const random = seeded(Math.floor(Math.random() * 2 ** 31))
    const network = 'sleepless'
    const owners = await Promise.all([1, 2].map(() => newOwner(network)))
    for (const owner of owners) await allows(owner)
    const waiting: { owner: MailOwner; priority: string; envelope: Uint8Array }[] = []
    const counts = Object.fromEntries(
      PRIORITIES.map((each) => [each, { depth: 0, accepted: 0, acknowledged: 0 }]),
    )
    for (let step = 0; step < 40; step++) {
      const owner = owners[Math.floor(random() * owners.length)] as MailOwner
      const priority = PRIORITIES[Math.floor(random() * PRIORITIES.length)] as (typeof PRIORITIES)[number]
      if (waiting.length > 0 && random() < 0.5) {
        const at = Math.floor(random() * waiting.length)
        const [letter] = waiting.splice(at, 1) as [(typeof waiting)[number]]
        await takes(letter.owner, letter.envelope)
        const of = counts[letter.priority] as { depth: number; acknowledged: number }
        of.depth--
        of.acknowledged++
      } else {
        const { envelope, ...proof } = await contactPut(owner, { priority })
        await put(owner, { envelope, ...proof })
        waiting.push({ owner, priority, envelope })
        const of = counts[priority] as { depth: number; accepted: number }
        of.depth++
        of.accepted++
      }
      if (random() < 0.5) await evict(mailboxOf(owner))
      if (random() < 0.3) await evict(registryOfOwner(owner))
      if (random() < 0.2) await stats(network)
    }
    expect(await freshStats(network)).toMatchObject({ mailboxes: 2, behind: 0, priorities: counts })
  })
})

/** A registry of its own network in a real object's storage, with a clock and mailboxes in our hands. */
class Scene {
  nowMs = 1_764_000_000_000
  readonly asked: string[] = []
  readonly letters = new Map<string, number>()
  /** What a mailbox does while it is asked. */
  during: (id: Uint8Array) => void = () => {}
  readonly registry: MailboxFigures
  readonly network: string
  readonly #state: DurableObjectState

  constructor(state: DurableObjectState) {
    this.#state = state
    this.network = networkOfRegistry(state.id.name) ?? ''
    this.registry = this.#made()
  }

  /** As after it slept. */
  again(): Scene {
    const again = new Scene(this.#state)
    again.nowMs = this.nowMs
    for (const [name, letters] of this.letters) again.letters.set(name, letters)
    return again
  }

  async totals(): Promise<MailTotals> {
    this.asked.length = 0
    this.nowMs += REGISTRY_SUM_MS + 1
    const clock = vi.spyOn(Date, 'now').mockReturnValue(this.nowMs)
    try {
      return await this.registry.totals()
    } finally {
      clock.mockRestore()
    }
  }

  #made(): MailboxFigures {
    const figures = async (name: string) => {
      this.asked.push(name)
      const { id } = placeOf(name) ?? { id: newPeer() }
      const letters = this.letters.get(name)
      if (letters === undefined) throw new Error('overloaded')
      this.during(id)
      return { ...NO_MAIL, gauges: { ...NO_MAIL.gauges, letters } }
    }
    const MAILBOXES = { getByName: (name: string) => ({ figures: () => figures(name) }) }
    return new MailboxFigures(this.#state.storage, MAILBOXES, this.network)
  }
}

const inScene = (work: (scene: Scene) => Promise<void>) =>
  runInDurableObject(
    registries.getByName(registryObjectName(`scene-${crypto.randomUUID()}`, 3)),
    (_, state) => work(new Scene(state)),
  )

describe('a registry', () => {
  const nameOf = (scene: Scene, id: Uint8Array) => mailboxObjectName(scene.network, id)

  it('asks whoever said that it has changed, and nobody else, until it has not asked for long', () =>
    inScene(async (scene) => {
      const [one, two] = [newPeer(), newPeer()]
      for (const id of [one, two, one]) scene.registry.changed(id)
      scene.letters.set(nameOf(scene, one), 1).set(nameOf(scene, two), 10)
      expect(await scene.totals()).toMatchObject({ mailboxes: 2, behind: 0, gauges: { letters: 11 } })
      expect(scene.asked.length).toBe(2)
      scene.letters.set(nameOf(scene, one), 2).set(nameOf(scene, two), 20)
      scene.registry.changed(two)
      expect(await scene.totals()).toMatchObject({ behind: 0, gauges: { letters: 21 } })
      expect(scene.asked).toEqual([nameOf(scene, two)])
      scene.nowMs += REGISTRY_TRUST_MS
      expect(await scene.totals()).toMatchObject({ behind: 0, gauges: { letters: 22 } })
      expect(scene.asked.length).toBe(2)
    }))

  it('asks all it knows when it wakes, with nothing on its disk but who they are', () =>
    inScene(async (scene) => {
      const ids = [newPeer(), newPeer(), newPeer()]
      for (const id of ids) {
        scene.registry.changed(id)
        scene.letters.set(nameOf(scene, id), 5)
      }
      await scene.totals()
      const woken = scene.again()
      expect(await woken.totals()).toMatchObject({ mailboxes: 3, behind: 0, gauges: { letters: 15 } })
      expect(woken.asked.length).toBe(3)
      woken.registry.changed(ids[0] as Uint8Array)
      expect(await woken.again().totals()).toMatchObject({ mailboxes: 3 })
    }))

  it('keeps a sum for a while, and gives it to whoever asks meanwhile', () =>
    inScene(async (scene) => {
      const id = newPeer()
      scene.registry.changed(id)
      scene.letters.set(nameOf(scene, id), 1)
      const both = await Promise.all([scene.registry.totals(), scene.registry.totals()])
      expect(both[0]).toBe(both[1])
      scene.registry.changed(id)
      expect(await scene.registry.totals()).toBe(both[0])
      expect(scene.asked.length).toBe(1)
    }))

  it('asks again whoever changed while it was asked, or could not answer', () =>
    inScene(async (scene) => {
      const [busy, lost] = [newPeer(), newPeer()]
      for (const id of [busy, lost]) scene.registry.changed(id)
      scene.letters.set(nameOf(scene, busy), 1)
      scene.during = (id) => scene.registry.changed(id)
      expect(await scene.totals()).toMatchObject({ mailboxes: 2, behind: 2, gauges: { letters: 1 } })
      scene.during = () => {}
      scene.letters.set(nameOf(scene, busy), 2).set(nameOf(scene, lost), 40)
      expect(await scene.totals()).toMatchObject({ behind: 0, gauges: { letters: 42 } })
      scene.letters.delete(nameOf(scene, lost))
      scene.registry.changed(lost)
      // What it said before is worth more than nothing.
      expect(await scene.totals()).toMatchObject({ behind: 1, gauges: { letters: 42 } })
    }))

  it('asks so many at once and the others next, whoever does not answer, and says how many it is behind', () =>
    inScene(async (scene) => {
      const ids = Array.from({ length: 2 * REGISTRY_ASKS_MAX }, newPeer)
      for (const [at, id] of ids.entries()) {
        scene.registry.changed(id)
        if (at >= REGISTRY_ASKS_MAX) scene.letters.set(nameOf(scene, id), 1)
      }
      const all = { mailboxes: ids.length }
      expect(await scene.totals()).toMatchObject({ ...all, behind: ids.length, gauges: { letters: 0 } })
      expect(scene.asked.length).toBe(REGISTRY_ASKS_MAX)
      const next = { behind: REGISTRY_ASKS_MAX, gauges: { letters: REGISTRY_ASKS_MAX } }
      expect(await scene.totals()).toMatchObject({ ...all, ...next })
      expect(scene.asked.length).toBe(REGISTRY_ASKS_MAX)
    }))
})

describe('a mailbox’s news', () => {
  it('is told once, and again when it has asked; what did not arrive is said with the next', async () => {
    let [told, failures] = [0, 1]
    const changed = async () => {
      if (failures-- > 0) throw new Error('overloaded')
      told++
    }
    const news = new News({ getByName: () => ({ changed }) }, { network: 'lossy', id: newPeer() })
    news.noted(0)
    expect(failures).toBe(1)
    news.noted(1)
    await scheduler.wait(0)
    expect({ told, failures }).toEqual({ told: 0, failures: 0 })
    news.noted(2)
    news.noted(3)
    await scheduler.wait(0)
    expect(told).toBe(1)
    news.asked(3)
    news.noted(3)
    await scheduler.wait(0)
    expect(told).toBe(1)
    news.noted(4)
    await scheduler.wait(0)
    expect(told).toBe(2)
  })
})
