// What a letter costs in rows written, through its whole life in a real object: put, delivered, acknowledged. Counted where
// the platform counts for the bill: at each statement's cursor, and an alarm that is set is a row.

import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { MAILBOX_REPORT_MS } from '../../protocol/limits/mailbox.ts'
import {
  ALARM_ROWS,
  LETTER_BYTES,
  LETTER_ROWS,
  MAILBOX_BYTES,
  OPENING_ROWS,
  PREKEYS,
  PUBLISHING_ROWS,
} from '../../scripts/cost/usage.ts'
import {
  contactPut,
  idOf,
  type LetterTerms,
  type MailOwner,
  newOwner,
  publicationOf,
} from '../support/mail.ts'
import { allows, asOwner, publishes, put } from './mail-http.ts'
import { MailSocket } from './mail-socket.ts'
import { mailboxObject, onDisk } from './mailboxes.ts'

interface Rows {
  readonly statements: number
  readonly alarms: number
  /** Alarms that bring a report of the mailbox's figures: whoever comes first sets it, however many letters follow. */
  readonly reports: number
}

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>

/** Counts for one object from now on, and says what it has counted since it was last asked. */
async function meter(owner: MailOwner): Promise<() => Promise<Rows>> {
  const cursors: Cursor[] = []
  let [alarms, reports] = [0, 0]
  const stub = mailboxObject(owner.id, owner.network)
  await runInDurableObject(stub, (_, { storage }) => {
    const { sql } = storage
    const exec = sql.exec.bind(sql) as (query: string, ...bindings: SqlStorageValue[]) => Cursor
    const setAlarm = storage.setAlarm.bind(storage)
    const counted = (query: string, ...bindings: SqlStorageValue[]) => {
      const cursor = exec(query, ...bindings)
      cursors.push(cursor)
      return cursor
    }
    Object.defineProperty(sql, 'exec', { value: counted, configurable: true })
    const countedAlarm = (atMs: number) => {
      if (atMs <= Date.now() + MAILBOX_REPORT_MS) reports++
      else alarms++
      return setAlarm(atMs)
    }
    Object.defineProperty(storage, 'setAlarm', { value: countedAlarm, configurable: true })
  })
  return () =>
    runInDurableObject(stub, () => {
      const statements = cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0)
      const rows = { statements, alarms: alarms * ALARM_ROWS, reports: reports * ALARM_ROWS }
      cursors.length = 0
      alarms = 0
      reports = 0
      return rows
    })
}

async function opened(): Promise<MailOwner> {
  const owner = await newOwner()
  await allows(owner)
  return owner
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
    expect(await rows()).toEqual({ statements: LETTER_ROWS.put, alarms: 1, reports: 0 })
    await put(owner, request)
    expect(await rows()).toEqual({ statements: 0, alarms: 0, reports: 1 })
    const home = await MailSocket.owner(owner)
    await home.next('letter')
    await asOwner(owner, '/messages')
    expect(await rows()).toEqual({ statements: LETTER_ROWS.delivered, alarms: 0, reports: 0 })
    home.send({ kind: 'took', ids: [await idOf(request.envelope)] })
    await home.settled()
    expect(await rows()).toEqual({ statements: LETTER_ROWS.taken, alarms: 0, reports: 0 })
  })

  it('costs no less among others: a transaction is shared, a row is not', async () => {
    const owner = await opened()
    const [home, sender] = [await MailSocket.owner(owner), await MailSocket.sender(owner)]
    const rows = await meter(owner)
    const frames = await putFrames(owner, 48)
    for (let at = 0; at < 48; at += 12) sender.sendTogether(frames.slice(at, at + 12))
    await sender.all('stored', 48)
    const letters = await home.all('letter', 48)
    home.send({ kind: 'took', ids: letters.map(({ id }) => id) })
    await home.settled()
    const each = LETTER_ROWS.put + LETTER_ROWS.delivered + LETTER_ROWS.taken
    expect(each).toBeLessThanOrEqual(2)
    // The one alarm is spread over them all.
    expect(await rows()).toEqual({ statements: 48 * each, alarms: 1, reports: 1 })
  })
})

describe('a mailbox', () => {
  it('is opened once: its tables, its owner, whom it lets write', async () => {
    const owner = await newOwner()
    const rows = await meter(owner)
    await allows(owner)
    expect(await rows()).toEqual({ statements: OPENING_ROWS, alarms: 0, reports: 0 })
    await publishes(owner, await publicationOf(owner, PREKEYS))
    expect(await rows()).toEqual({ statements: PUBLISHING_ROWS, alarms: 0, reports: 0 })
  })

  it('and its letters take no more of the disk than is said', async () => {
    const owner = await opened()
    await publishes(owner, await publicationOf(owner, PREKEYS))
    const { bytes: without } = await onDisk(owner.id)
    expect(without).toBeLessThanOrEqual(MAILBOX_BYTES)
    expect(without).toBeGreaterThan(MAILBOX_BYTES * 0.95)
    const sender = await MailSocket.sender(owner)
    sender.send(...(await putFrames(owner, 100)))
    await sender.all('stored', 100)
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
    expect(await rows()).toEqual({ statements: 10, alarms: 1, reports: 1 })
  })

  it('is another for one that ends earlier: at worst one for each letter', async () => {
    const owner = await opened()
    const rows = await meter(owner)
    for (const ttlS of [2_592_000, 86_400 * 2, 3_600]) await put(owner, await contactPut(owner, { ttlS }))
    // The third's is set when the report's has rung: until then there is an earlier one.
    expect(await rows()).toEqual({ statements: 3, alarms: 2, reports: 1 })
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
    expect(await rows()).toEqual({ statements: 0, alarms: 0, reports: 0 })
  })
})
