// What a letter costs in rows written, through its whole life in a real object: put, delivered, acknowledged. Counted where
// the platform counts for the bill: at each statement's cursor, and an alarm that is set is a row.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it, vi } from 'vitest'
import type { NetworkRegistry } from '../../durable-objects/network-registry.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import {
  KNOWN_ROWS,
  LETTER_BYTES,
  LETTER_ROWS,
  MAILBOX_BYTES,
  OPENING_ROWS,
  PREKEYS,
  PUBLISHING_ROWS,
  PUT_TOGETHER,
} from '../../scripts/cost/usage.ts'
import {
  contactPut,
  idOf,
  type LetterTerms,
  type MailOwner,
  newOwner,
  publicationOf,
} from '../support/mail.ts'
import { allows, ask, asOwner, publishes, put } from './mail-http.ts'
import { MailSocket } from './mail-socket.ts'
import { mailboxObject, onDisk, registryObject } from './mailboxes.ts'
import { meterOf } from './row-meter.ts'
import { newPeer } from './socket.ts'

interface Rows {
  readonly statements: number
  readonly alarms: number
  /** Whatever its registry writes and sets on its behalf. */
  readonly figures: number
}

/** Of the mailbox and of the registry it has its figures from: all that anybody writes for it. */
async function meter(owner: MailOwner): Promise<() => Promise<Rows>> {
  const registry = registryObject(owner.id, owner.network)
  const [ofMailbox, ofRegistry] = [
    await meterOf(mailboxObject(owner.id, owner.network)),
    await meterOf(registry),
  ]
  return async () => {
    const { statements, alarms } = await ofRegistry()
    return { ...(await ofMailbox()), figures: statements + alarms }
  }
}

/** Its registry has heard of it: of that nobody waits, and it is a row. */
async function known(owner: MailOwner): Promise<void> {
  const find = (_: unknown, { storage }: DurableObjectState) =>
    storage.sql.exec('SELECT 1 FROM mailboxes WHERE id = ?', owner.id).toArray().length
  const found = () => runInDurableObject(registryObject(owner.id, owner.network), find)
  await vi.waitFor(async () => expect(await found()).toBe(1), { timeout: 10_000 })
}

async function opened(): Promise<MailOwner> {
  const owner = await newOwner()
  await allows(owner)
  await known(owner)
  return owner
}

/** With an alarm pending that serves what comes: the first letter of a month sets it. */
async function aged(owner: MailOwner): Promise<void> {
  const request = await contactPut(owner, { ttlS: 600 })
  await put(owner, request)
  await asOwner(owner, `/messages/${toBase64url(await idOf(request.envelope))}`, { method: 'DELETE' })
}

async function putFrames(owner: MailOwner, count: number, terms?: LetterTerms) {
  const requests = await Promise.all(Array.from({ length: count }, () => contactPut(owner, terms)))
  return requests.map((request, token) => ({ kind: 'put' as const, token, mailbox: owner.id, ...request }))
}

describe('a letter', () => {
  it('costs a row when it comes, none when it is delivered, and a row when it is taken', async () => {
    const owner = await opened()
    const rows = await meter(owner)
    const request = await contactPut(owner)
    await put(owner, request)
    expect(await rows()).toEqual({ statements: LETTER_ROWS.put, alarms: 1, figures: 0 })
    await put(owner, request)
    expect(await rows()).toEqual({ statements: 0, alarms: 0, figures: 0 })
    const home = await MailSocket.owner(owner)
    await home.next('letter')
    await asOwner(owner, '/messages')
    expect(await rows()).toEqual({ statements: LETTER_ROWS.delivered, alarms: 0, figures: 0 })
    home.send({ kind: 'took', ids: [await idOf(request.envelope)] })
    await home.settled()
    expect(await rows()).toEqual({ statements: LETTER_ROWS.taken, alarms: 0, figures: 0 })
  })

  it('costs two with all that its figures cost, alone and whoever slept and looked in between', async () => {
    const owner = await opened()
    await aged(owner)
    const [mailbox, registry] = [mailboxObject(owner.id), registryObject(owner.id)]
    for (const looks of [false, true, true]) {
      let written = 0
      const counting = async (work: () => Promise<unknown>) => {
        const rows = await meter(owner)
        await work()
        if (looks) expect((await ask('/network/queue/stats')).status).toBe(200)
        const { statements, alarms, figures } = await rows()
        written += statements + alarms + figures
        await evictDurableObject(mailbox)
        await evictDurableObject(registry)
      }
      const request = await contactPut(owner, { ttlS: 2_592_000 })
      await counting(() => put(owner, request))
      await counting(() => put(owner, request))
      await counting(() => asOwner(owner, '/messages'))
      const id = toBase64url(await idOf(request.envelope))
      await counting(() => asOwner(owner, `/messages/${id}`, { method: 'DELETE' }))
      expect(written).toBe(2)
    }
  })

  it('costs two for all that come in one message and are taken in one', async () => {
    const owner = await opened()
    const [home, sender] = [await MailSocket.owner(owner), await MailSocket.sender(owner)]
    const rows = await meter(owner)
    sender.sendTogether(await putFrames(owner, PUT_TOGETHER))
    await sender.all('stored', PUT_TOGETHER)
    expect(await rows()).toEqual({ statements: LETTER_ROWS.put, alarms: 1, figures: 0 })
    const letters = await home.all('letter', PUT_TOGETHER)
    expect(await rows()).toEqual({ statements: LETTER_ROWS.delivered, alarms: 0, figures: 0 })
    home.send({ kind: 'took', ids: letters.map(({ id }) => id) })
    await home.settled()
    expect(await rows()).toEqual({ statements: LETTER_ROWS.taken, alarms: 0, figures: 0 })
    expect(await onDisk(owner.id)).toMatchObject({ letters: 0 })
  })

  it('costs a row when it is taken alone, whoever it came with', async () => {
    const owner = await opened()
    const [home, sender] = [await MailSocket.owner(owner), await MailSocket.sender(owner)]
    const rows = await meter(owner)
    sender.sendTogether(await putFrames(owner, PUT_TOGETHER))
    await sender.all('stored', PUT_TOGETHER)
    const letters = await home.all('letter', PUT_TOGETHER)
    for (const { id } of letters) {
      home.send({ kind: 'took', ids: [id] })
      await home.settled()
    }
    const statements = LETTER_ROWS.put + LETTER_ROWS.taken * PUT_TOGETHER
    expect(await rows()).toEqual({ statements, alarms: 1, figures: 0 })
  })

  it('costs less among others, also where messages share a transaction or none', async () => {
    const owner = await opened()
    const [home, sender] = [await MailSocket.owner(owner), await MailSocket.sender(owner)]
    const rows = await meter(owner)
    const frames = await putFrames(owner, 48)
    for (let at = 0; at < 48; at += 12) sender.sendTogether(frames.slice(at, at + 12))
    await sender.all('stored', 48)
    const letters = await home.all('letter', 48)
    home.send({ kind: 'took', ids: letters.map(({ id }) => id) })
    await home.settled()
    const lots = (LETTER_ROWS.put + LETTER_ROWS.taken) * 4
    const { statements, ...others } = await rows()
    expect(statements).toBeLessThanOrEqual(lots)
    expect(statements).toBeGreaterThanOrEqual((lots * 12) / PUT_TOGETHER)
    // The one alarm is spread over them all.
    expect(others).toEqual({ alarms: 1, figures: 0 })
  })
})

describe('a mailbox', () => {
  it('is opened once: its tables, its owner, whom it lets write', async () => {
    const owner = await newOwner('opening')
    // Its registry has a table already: another mailbox's made it.
    await runInDurableObject(registryObject(owner.id, owner.network), (registry) =>
      (registry as NetworkRegistry).changed(newPeer()),
    )
    const rows = await meter(owner)
    await allows(owner)
    await known(owner)
    expect(await rows()).toEqual({ statements: OPENING_ROWS, alarms: 0, figures: KNOWN_ROWS })
    await publishes(owner, await publicationOf(owner, PREKEYS))
    expect(await rows()).toEqual({ statements: PUBLISHING_ROWS, alarms: 0, figures: 0 })
  })

  it('and its letters take no more of the disk than is said', async () => {
    const owner = await opened()
    await publishes(owner, await publicationOf(owner, PREKEYS))
    const { bytes: without } = await onDisk(owner.id)
    expect(without).toBeLessThanOrEqual(MAILBOX_BYTES)
    expect(without).toBeGreaterThan(MAILBOX_BYTES * 0.95)
    const sender = await MailSocket.sender(owner)
    // Alone: those that come together take less.
    for (const frame of await putFrames(owner, 100)) {
      sender.send(frame)
      await sender.next('stored')
    }
    const { bytes, letters } = await onDisk(owner.id)
    const each = (bytes - without) / letters
    expect(each).toBeLessThanOrEqual(LETTER_BYTES)
    expect(each).toBeGreaterThan(LETTER_BYTES * 0.95)
  })
})

describe('the alarm', () => {
  it('is a row for all letters that end no earlier than the first, taken or not', async () => {
    const owner = await opened()
    const rows = await meter(owner)
    const home = await MailSocket.owner(owner)
    for (const ttlS of [3_600, 7_200, 86_400, 2_592_000, 2_592_000]) {
      const request = await contactPut(owner, { ttlS })
      await put(owner, request)
      home.send({ kind: 'took', ids: [await idOf(request.envelope)] })
      await home.settled()
    }
    expect(await rows()).toEqual({ statements: 10, alarms: 1, figures: 0 })
  })

  it('is another for one that ends earlier: at worst one for each letter', async () => {
    const owner = await opened()
    const rows = await meter(owner)
    for (const ttlS of [2_592_000, 86_400 * 2, 3_600]) await put(owner, await contactPut(owner, { ttlS }))
    expect(await rows()).toEqual({ statements: 3, alarms: 3, figures: 0 })
  })

  it('is not set again when it rings for nobody', async () => {
    const owner = await opened()
    const rows = await meter(owner)
    const request = await contactPut(owner)
    await put(owner, request)
    const home = await MailSocket.owner(owner)
    await home.next('letter')
    home.send({ kind: 'took', ids: [await idOf(request.envelope)] })
    await home.settled()
    await rows()
    expect(await runDurableObjectAlarm(mailboxObject(owner.id, owner.network))).toBe(true)
    expect(await rows()).toEqual({ statements: 0, alarms: 0, figures: 0 })
  })
})
