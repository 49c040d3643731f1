// The blacklist in workerd: who comes onto it, by hand and by what it does, where it holds, and who may touch it.

import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import {
  ADMIN_GUESSES_BURST,
  AUDIT_KEPT_MAX,
  JUDGED_EVERY_MS,
  LISTED_FRESH_MS,
  LISTING_UNTIL_MS_MAX,
} from '../../protocol/limits/protection.ts'
import { registryObjectName, registryOf } from '../../protocol/mailbox/report.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { GRANT_HEADER, JOIN_HEADER } from '../../protocol/room/admission.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { encode } from '../../protocol/wire/codec.ts'
import { CLOSE_CODE_BASE, REFUSAL } from '../../protocol/wire/registry.ts'
import type { RegistryStub } from '../../workers/env.ts'
import { newOwner } from '../support/mail.ts'
import { offerOf, passFor } from '../support/passes.ts'
import { ADMIN, administered, asAdmin, lists, unlists } from './admin.ts'
import { ask, newPeer as newIdentity, putValue, randomBytes } from './dht-http.ts'
import { MailSocket } from './mail-socket.ts'
import { deployedWith, roomObject } from './rooms.ts'
import { joinOf, newPeer, RoomSocket, refusedFor, upgrade } from './socket.ts'

const registry = (peer: Uint8Array, network: string) =>
  (env as unknown as { REGISTRIES: { getByName(name: string): RegistryStub } }).REGISTRIES.getByName(
    registryObjectName(network, registryOf(peer)),
  )
const BLACKLISTED = { code: CLOSE_CODE_BASE + REFUSAL.blacklisted, reason: 'blacklisted' }
const isListed = async (peer: Uint8Array, network: string) =>
  (await registry(peer, network).listing(peer)) !== undefined

describe('whoever is listed by hand', () => {
  it('is shown, with when and why and until when, and is let in nowhere', () =>
    administered(async () => {
      const [peer, network] = [newPeer(), 'by-hand']
      const untilMs = Date.now() + 3_600_000
      const { status, body } = await lists(peer, network, { untilMs, note: 'spoke of nothing else' })
      const entry = {
        id: peerIdText(peer),
        reason: 'admin',
        source: 'admin',
        sinceMs: expect.any(Number),
        untilMs,
        offences: {},
        note: 'spoke of nothing else',
      }
      expect([status, body]).toEqual([201, entry])
      expect((await asAdmin('GET', `/network/blacklist?network=${network}`)).body).toEqual({
        network,
        entries: [entry],
      })
      const socket = await RoomSocket.join('a room', peer, { network })
      const { retryAfterMs } = await socket.next('refusal')
      expect(await socket.closing()).toMatchObject(BLACKLISTED)
      expect(Math.abs(Date.now() + retryAfterMs - untilMs)).toBeLessThan(60_000)
      expect((await (await RoomSocket.join('a room', peer)).welcomed()).roster).toEqual([])
    }))

  it('until the last day there is, is told so; a later one is none', () =>
    administered(async () => {
      const [peer, network] = [newPeer(), 'last-day']
      expect((await lists(peer, network, { untilMs: LISTING_UNTIL_MS_MAX + 1 })).status).toBe(400)
      expect((await lists(peer, network, { untilMs: LISTING_UNTIL_MS_MAX })).status).toBe(201)
      const pass = { Authorization: `Bearer ${await passFor(peer, { network })}` }
      const { status, body } = await asAdmin('GET', `/v1/turn?network=${network}`, undefined, pass)
      const { error } = body
      expect([status, error.code]).toEqual([403, 'blacklisted'])
      expect(error.message).toContain('+275760-09-13')
    }))

  it('is put out of the room where it is when it next speaks, and out of its mailbox at once', () =>
    administered(async () => {
      const network = 'put-out'
      const owner = await newOwner(network)
      const alice = await RoomSocket.join('hall', newPeer(), { network })
      const mallory = await RoomSocket.join('hall', owner.id, { network })
      await mallory.welcomed()
      const home = await MailSocket.owner(owner)
      await home.next('ready')
      await lists(owner.id, network)
      expect((await home.next('refusal')).code).toBe('blacklisted')
      expect(await home.closing()).toMatchObject(BLACKLISTED)
      // The room never complained, and looks for itself every half minute.
      const now = Date.now.bind(Date)
      const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + JUDGED_EVERY_MS + LISTED_FRESH_MS)
      mallory.send({ kind: 'relay', address: 0, payload: Uint8Array.of(1) })
      expect(await refusedFor(mallory)).toMatchObject({ code: 'blacklisted', closed: BLACKLISTED })
      clock.mockRestore()
      expect((await alice.next('left')).reason).toBe('expelled')
      const again = await MailSocket.owner(owner)
      expect(await again.closing()).toMatchObject(BLACKLISTED)
    }))

  it('writes nothing into the DHT, and reads all the same', () =>
    administered(async () => {
      const peer = await newIdentity()
      expect((await putValue(peer, randomBytes(9))).status).toBe(201)
      await lists(peer.id, 'default')
      const refused = await putValue(peer, randomBytes(9))
      const { error } = (await refused.json()) as { error: { code: string; message: string } }
      expect([refused.status, error.code]).toEqual([403, 'blacklisted'])
      expect(error.message).toMatch(/until somebody takes it off the list$/)
      expect((await ask('/v1/dht/providers/bafkqaaa')).status).not.toBe(403)
    }))

  it('may come again when it is taken off', () =>
    administered(async () => {
      const [peer, network] = [newPeer(), 'taken-off']
      await lists(peer, network)
      expect(await refusedFor(await RoomSocket.join('a room', peer, { network }))).toMatchObject({
        code: 'blacklisted',
      })
      expect((await unlists(peer, network)).status).toBe(204)
      expect((await unlists(peer, network)).body.error.code).toBe('no-such-listing')
      await (await RoomSocket.join('another room', peer, { network })).welcomed()
    }))

  it('is refused by the object too, whatever the Worker let pass', () =>
    administered(async () => {
      const [peer, network] = [newPeer(), 'zero-trust']
      await lists(peer, network)
      const headers = {
        Upgrade: 'websocket',
        [JOIN_HEADER]: toBase64url(encode(joinOf(peer))),
        [GRANT_HEADER]: toBase64url(new Uint8Array(10)),
      }
      const enters = () => roomObject('direct', network).fetch('https://edge.example/', { headers } as never)
      expect(await refusedFor(RoomSocket.of((await enters()) as never))).toMatchObject({
        code: 'blacklisted',
      })
    }))
})

describe('whoever offends', () => {
  const SLIPS = 10

  it('by frames that are none, fifty of them, is listed for a minute and put out by the room that complained', () =>
    administered(async () => {
      const [peer, network] = [newPeer(), 'offenders']
      const mallory = await RoomSocket.join('slips', peer, { network })
      await mallory.welcomed()
      for (let n = 0; n < SLIPS; n++) mallory.sendBytes(Uint8Array.of(0xee, n))
      await mallory.settled()
      expect(await isListed(peer, network)).toBe(false)
      for (let n = 0; n < 4 * SLIPS; n++) mallory.sendBytes(Uint8Array.of(0xee, n))
      expect(await mallory.closing()).toMatchObject(BLACKLISTED)
      const { body } = await asAdmin('GET', `/network/blacklist?network=${network}`)
      expect(body.entries).toMatchObject([
        { id: peerIdText(peer), reason: 'malformed', source: 'automatic', offences: { malformed: 50 } },
      ])
      const [{ sinceMs, untilMs }] = body.entries as [{ sinceMs: number; untilMs: number }]
      expect(untilMs - sinceMs).toBe(60_000)
    }))

  it('by a flood is listed at once, and not let in again where it was put out', async () => {
    await deployedWith({ ROOM_TOKENS_PER_SECOND: 1 }, async () => {
      const [peer, network] = [newPeer(), 'flooders']
      const mallory = await RoomSocket.join('flood', peer, { network })
      await mallory.welcomed()
      // However slow the machine, this is a second's flood.
      const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now())
      for (let n = 0; n < 1_010; n++) mallory.sendBytes(Uint8Array.of(0x20, 0, 0, 0, 0))
      expect((await mallory.closing()).reason).toBe('flooding')
      await expect.poll(() => isListed(peer, network)).toBe(true)
      // No time has passed: what the room heard before, that nobody is listed, would do for ten seconds.
      const enters = async () => {
        const again = await RoomSocket.join('flood', peer, { network })
        return (await again.closing()).reason
      }
      // Whom the registry's word finds inside is put out by that; once that is done, there is the list.
      expect(await enters()).toBe('blacklisted')
      expect(await enters()).toBe('blacklisted')
      clock.mockRestore()
    })
  })

  it('by what is not signed by whom it says, with a pass of its own, is told on by the Worker', async () => {
    const peer = await newIdentity()
    for (let n = 0; n < 6; n++) expect(await badlyPut(peer)).toBe('wrong-key')
    await expect.poll(() => isListed(peer.id, 'default')).toBe(true)
  })

  it('not at all, is not listed for what others do in its name', async () => {
    const [peer, network] = [newPeer(), 'framed']
    const offered = await offerOf(joinOf(peer, { metadata: peer }), { network, secret: 'B'.repeat(44) })
    for (let n = 0; n < 12; n++) {
      const socket = RoomSocket.of(await upgrade(`/v1/rooms/framing?network=${network}`, offered))
      socket.sendBytes(Uint8Array.of(0xee))
      expect((await socket.closing()).reason).toBe('pass-forged')
    }
    expect(await isListed(peer, network)).toBe(false)
  })
})

async function badlyPut(as: Awaited<ReturnType<typeof newIdentity>>): Promise<string> {
  const response = await ask('/v1/dht/records/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku', {
    as,
    method: 'PUT',
    body: randomBytes(20),
  } as Parameters<typeof ask>[1])
  return ((await response.json()) as { error: { code: string } }).error.code
}

describe('administration', () => {
  const PATHS = [
    ['GET', '/network/blacklist'],
    ['POST', '/network/blacklist'],
    ['DELETE', `/network/blacklist/${peerIdText(newPeer())}`],
    ['GET', '/network/audit'],
  ] as const

  it.each(PATHS)('%s %s is for whoever has the token', async (method, path) => {
    const code = async (headers: object) => {
      const { status, body } = await asAdmin(method, path, undefined, headers)
      return [status, body.error.code]
    }
    expect(await code(ADMIN)).toEqual([501, 'admin-off'])
    await administered(async () => {
      expect(await code({})).toEqual([401, 'admin-missing'])
      expect(await code({ Authorization: 'Basic abc' })).toEqual([401, 'admin-missing'])
      const almost = `${ADMIN.Authorization.slice(0, -1)}x`
      const from = { 'CF-Connecting-IP': `192.0.2.${PATHS.findIndex((one) => one[1] === path)}` }
      expect(await code({ Authorization: almost, ...from })).toEqual([403, 'admin-wrong'])
    })
  })

  it('is not to be guessed at: ten wrong tokens, and then none is looked at for a while', () =>
    administered(async () => {
      const from = { 'CF-Connecting-IP': '198.51.100.7' }
      const guess = (token: string) =>
        asAdmin('GET', '/network/audit', undefined, { ...from, Authorization: `Bearer ${token}` })
      for (let n = 0; n < ADMIN_GUESSES_BURST; n++) expect((await guess(`${n}`)).status).toBe(403)
      const { status, body } = await guess('one-more')
      expect([status, body.error.code]).toEqual([429, 'rate-limited'])
      expect(body.error.retryAfterMs).toBeGreaterThan(0)
      expect((await asAdmin('GET', '/network/audit')).status).toBe(200)
    }))

  it('is written down: who was listed and taken off, when, and what was noted', () =>
    administered(async () => {
      const [peer, network] = [newPeer(), 'audited']
      const untilMs = Date.now() + 60_000
      await lists(peer, network, { reason: 'flooding', untilMs, note: 'first' })
      await lists(peer, network)
      await unlists(peer, network)
      await unlists(peer, network)
      const { body } = await asAdmin('GET', `/network/audit?network=${network}`)
      const by = { atMs: expect.any(Number), id: peerIdText(peer), by: 'admin' }
      expect(body.entries).toEqual([
        { ...by, act: 'unlist', note: '' },
        { ...by, act: 'list', reason: 'admin', untilMs: null, note: '' },
        { ...by, act: 'list', reason: 'flooding', untilMs, note: 'first' },
      ])
      expect(AUDIT_KEPT_MAX).toBeGreaterThan(100)
    }))

  it('takes no body but the one there is', () =>
    administered(async () => {
      const id = peerIdText(newPeer())
      const good = { network: 'bodies', id, reason: 'flooding' }
      for (const wrong of [
        { ...good, id: 'bob' },
        { ...good, network: '-' },
        { ...good, reason: 'because' },
        { ...good, reason: undefined },
        { ...good, untilMs: 1 },
        { ...good, untilMs: 'tomorrow' },
        { ...good, untilMs: 1e20 },
        { ...good, note: 5 },
        { ...good, note: 'x'.repeat(501) },
        { ...good, unknown: 1 },
        [good],
        'null',
        '{',
      ]) {
        const { status, body } = await asAdmin('POST', '/network/blacklist', wrong)
        expect([status, body.error.code], JSON.stringify(wrong)).toEqual([400, 'malformed'])
      }
      const long = await asAdmin('POST', '/network/blacklist', { ...good, note: 'x'.repeat(5_000) })
      expect([long.status, long.body.error.code]).toEqual([413, 'too-large'])
      const text = await asAdmin('POST', '/network/blacklist', good, {
        ...ADMIN,
        'Content-Type': 'text/plain',
      })
      expect(text.body.error.code).toBe('unsupported-media-type')
    }))

  it('answers any body at all with one of its own refusals', () =>
    administered(() =>
      fc.assert(
        fc.asyncProperty(fc.oneof(fc.json(), fc.string(), fc.base64String()), async (body) => {
          const { status, body: answer } = await asAdmin('POST', '/network/blacklist', body)
          expect([400, 413]).toContain(status)
          expect(['malformed', 'too-large']).toContain(answer.error.code)
        }),
        { numRuns: 100 },
      ),
    ))
})
