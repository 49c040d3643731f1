// Objects that fail, hang or are too many, in workerd: what their callers are told, who is let through, and when it is over.

import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it, vi } from 'vitest'
import { RelayMailbox } from '../../durable-objects/relay-mailbox.ts'
import { SignalingRoom } from '../../durable-objects/signaling-room.ts'
import { CALL_TIMEOUT_MS, CLASS_CALLS_LEAST, OBJECT_CALLS_LEAST } from '../../protocol/limits/breaker.ts'
import { newOwner } from '../support/mail.ts'
import { offerOf } from '../support/passes.ts'
import { Figures } from './figures.ts'
import { allows, ask, asOwner } from './mail-http.ts'
import { mailboxObject } from './mailboxes.ts'
import { deployedWith } from './rooms.ts'
import { joinOf, RoomSocket, refusedFor, upgrade } from './socket.ts'

const reads = (owner: Awaited<ReturnType<typeof newOwner>>) => asOwner(owner, '/messages')

/** One whose owner has opened it; its letters' table is gone from the disk where `broken`. */
async function mailbox(broken = false) {
  const owner = await newOwner()
  await allows(owner)
  if (broken)
    await runInDurableObject(mailboxObject(owner.id), (_, { storage }) => storage.sql.exec('DROP TABLE lots'))
  return owner
}

async function joinRefusal(room: string) {
  const join = joinOf()
  const socket = RoomSocket.of(await upgrade(`/v1/rooms/${room}`, await offerOf(join)), join)
  return { code: (await refusedFor(socket)).code, frames: socket.frames }
}

describe('an object that fails', () => {
  it('is left alone for a while, alone of its class, and asked again by one and another until it is well', async () => {
    const [bad, good] = [await mailbox(true), await mailbox()]
    for (let i = 0; i < OBJECT_CALLS_LEAST; i++) expect((await reads(bad)).body.error.code).toBe('internal')
    const { status, headers, body } = await reads(bad)
    expect([status, body.error.code]).toEqual([503, 'unavailable'])
    expect(body.error.retryAfterMs).toBeGreaterThan(0)
    expect(Number(headers.get('Retry-After'))).toBe(Math.ceil((body.error.retryAfterMs ?? 0) / 1_000))
    for (let i = 0; i < 30; i++) expect((await reads(good)).status).toBe(200)
    const figures = await Figures.read()
    expect(figures.value('waypost_doubtful_objects', { class: 'RelayMailbox', state: 'open' })).toBe(1)
    expect(figures.value('waypost_breaker_state', { class: 'RelayMailbox', state: 'closed' })).toBe(1)
    const calls = (outcome: string) =>
      figures.value('waypost_object_calls_total', { class: 'RelayMailbox', outcome })
    expect([calls('failed'), calls('open-object'), calls('open-class')]).toEqual([OBJECT_CALLS_LEAST, 1, 0])
    await runInDurableObject(mailboxObject(bad.id), (_, { storage }) =>
      storage.sql.exec(
        'CREATE TABLE lots (place INTEGER PRIMARY KEY NOT NULL, heads BLOB NOT NULL, envelopes BLOB NOT NULL)',
      ),
    )
    const well = async () => expect((await reads(bad)).status).toBe(200)
    await vi.waitFor(well, { timeout: 20_000, interval: 100 })
    await well()
    const after = await Figures.read()
    expect(after.value('waypost_doubtful_objects', { class: 'RelayMailbox', state: 'open' })).toBe(0)
  })

  it('that hangs is given up, and its caller told when to come again', async () => {
    const owner = await mailbox()
    const hanging = vi
      .spyOn(RelayMailbox.prototype, 'page')
      .mockImplementation(() => new Promise(() => {}) as never)
    const began = Date.now()
    const { status, body } = await reads(owner)
    hanging.mockRestore()
    expect([status, body.error.code]).toEqual([503, 'unavailable'])
    expect(Date.now() - began).toBeGreaterThanOrEqual(CALL_TIMEOUT_MS - 100)
    expect((await Figures.read()).value('waypost_object_calls_total', { outcome: 'timeout' })).toBe(1)
  })

  it('by telling that it was asked wrongly does not fail', async () => {
    const owner = await mailbox()
    const refusing = vi.spyOn(RelayMailbox.prototype, 'page').mockImplementation(() => {
      throw new RangeError('what was asked is out of range')
    })
    for (let i = 0; i < 3 * OBJECT_CALLS_LEAST; i++)
      expect((await reads(owner)).body.error.code).toBe('internal')
    refusing.mockRestore()
    expect((await reads(owner)).status).toBe(200)
  })
})

describe('a class that fails', () => {
  it('is left alone whole, says so to sockets, too, and still lets itself be asked how it is', async () => {
    const failing = vi.spyOn(SignalingRoom.prototype, 'fetch').mockImplementation(() => {
      throw new Error('no room')
    })
    const codes: string[] = []
    for (let i = 0; i < CLASS_CALLS_LEAST; i++) codes.push((await joinRefusal(`r${i}`)).code)
    expect(new Set(codes)).toEqual(new Set(['internal']))
    const { code, frames } = await joinRefusal('busy')
    failing.mockRestore()
    expect(code).toBe('edge-busy')
    expect(frames.find(({ kind }) => kind === 'refusal')).toMatchObject({ retryAfterMs: expect.any(Number) })
    const figures = await Figures.read()
    expect(figures.value('waypost_breaker_state', { class: 'SignalingRoom', state: 'open' })).toBe(1)
    expect(figures.value('waypost_dependency_health', { class: 'SignalingRoom', health: 'unhealthy' })).toBe(
      1,
    )
    expect((await ask('/health')).status).toBe(200)
    const joins = async () => (await RoomSocket.join('again')).welcomed()
    await vi.waitFor(joins, { timeout: 20_000, interval: 200 })
  })
})

describe('too much at once', () => {
  it('turns away reads before writes, and what is critical never; and nothing stays in flight', async () => {
    const owner = await mailbox()
    const before = await Figures.read()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const waiting = vi
      .spyOn(RelayMailbox.prototype, 'page')
      .mockImplementation(
        () => held.then(() => ({ letters: [], cursor: new Uint8Array(), more: false })) as never,
      )
    await deployedWith({ IN_FLIGHT_MAX: 15 }, async () => {
      const reading = Array.from({ length: 30 }, () => reads(owner))
      const shed = await Promise.race(reading)
      expect([shed.status, shed.body.error]).toMatchObject([503, { code: 'overloaded', retryAfterMs: 5_000 }])
      expect((await ask('/v1/bootstrap')).body.error.code).toBe('overloaded')
      // Writes have a share of their own, and what is critical no bound.
      expect((await ask('/v1/passes', { method: 'POST' })).body.error.code).not.toBe('overloaded')
      for (let i = 0; i < 20; i++) expect((await ask('/health')).status).toBe(200)
      release()
      const ends = (await Promise.all(reading)).map(({ status }) => status)
      expect(ends.filter((status) => status === 200).length).toBeGreaterThanOrEqual(7)
      expect(ends.filter((status) => status === 503).length).toBeGreaterThanOrEqual(15)
    })
    waiting.mockRestore()
    const after = await Figures.read()
    const grown = (priority: string) =>
      after.value('waypost_shed_total', { priority }) - before.value('waypost_shed_total', { priority })
    expect(grown('low')).toBeGreaterThanOrEqual(16)
    expect([grown('critical'), grown('high'), grown('normal')]).toEqual([0, 0, 0])
    expect(after.value('waypost_http_requests_in_flight')).toBe(1)
    expect((await ask('/v1/bootstrap')).status).toBe(200)
  })
})
