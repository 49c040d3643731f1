// A mailbox over HTTP: put, read, taken; who may, and what is said to those who may not.

import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { CAPABILITY } from '../../protocol/crypto/admission/pass.ts'
import { HEAD_BYTES, ONE_TIME_BYTES } from '../../protocol/crypto/mail/publication.ts'
import { MAILBOX_DRAWS_BURST } from '../../protocol/limits/mailbox.ts'
import { fromBase64url, toBase64url } from '../../protocol/wire/base64url.ts'
import { encodePutRequest } from '../../protocol/wire/mail-frames.ts'
import {
  accessProof,
  contactPut,
  idOf,
  KIB,
  newEnvelope,
  newOwner,
  publicationOf,
  stampProof,
} from '../support/mail.ts'
import { passFor } from '../support/passes.ts'
import { allows, ask, asOwner, OCTETS, ORIGIN, post, publishes, put } from './mail-http.ts'
import { pathOf } from './mail-socket.ts'
import { onDisk } from './mailboxes.ts'
import { deployedWith } from './rooms.ts'

async function openOwner(network?: string) {
  const owner = await newOwner(network)
  expect((await allows(owner)).status).toBe(204)
  return owner
}

const bytesIn = (text: unknown) => fromBase64url(text as string) as Uint8Array<ArrayBuffer>

describe('a letter', () => {
  it('is put by a contact, read by the owner, taken, and then no more', async () => {
    const owner = await openOwner()
    const envelope = newEnvelope()
    const request = await contactPut(owner, { envelope, priority: 'high' })
    const before = Date.now()
    const stored = await put(owner, request)
    expect(stored.status).toBe(201)
    const id = toBase64url(await idOf(envelope))
    expect(stored.body).toEqual({ id, known: false, expiresAt: expect.any(Number) })
    expect(stored.body.expiresAt).toBeGreaterThanOrEqual(before + 3_600_000)
    const page = await asOwner(owner, '/messages')
    expect(page.status).toBe(200)
    const hour = Math.floor(before / 3_600_000)
    expect(page.body.messages).toEqual([{ id, priority: 'high', hour, envelope: toBase64url(envelope) }])
    expect(page.body.more).toBe(false)
    expect((await asOwner(owner, '/messages')).body.messages.length).toBe(1) // reading deletes nothing
    expect((await onDisk(owner.id)).letters).toBe(1)
    const taken = await asOwner(owner, `/messages/${id}`, { method: 'DELETE' })
    expect([taken.status, taken.body]).toEqual([200, { taken: 1 }])
    expect((await asOwner(owner, `/messages/${id}`, { method: 'DELETE' })).body).toEqual({ taken: 0 })
    expect((await asOwner(owner, '/messages')).body.messages).toEqual([])
    expect((await onDisk(owner.id)).letters).toBe(0)
  })

  it('put again is the same letter, also after it was taken', async () => {
    const owner = await openOwner()
    const request = await contactPut(owner)
    const first = await put(owner, request)
    const again = await put(owner, request)
    expect([again.status, again.body]).toEqual([200, { ...first.body, known: true }])
    expect((await onDisk(owner.id)).letters).toBe(1)
    await asOwner(owner, `/messages/${first.body.id}`, { method: 'DELETE' })
    expect((await put(owner, request)).body).toEqual({ ...first.body, known: true })
    expect((await onDisk(owner.id)).letters).toBe(0)
  })

  it('is read in pages, more urgent ones more often, and taken by the dozen', async () => {
    const owner = await openOwner()
    const priorities = ['low', 'normal', 'critical', 'high', 'critical'] as const
    for (const priority of priorities) await put(owner, await contactPut(owner, { priority }))
    const first = await asOwner(owner, '/messages?limit=2')
    const cursor = first.body.cursor
    const second = await asOwner(owner, `/messages?limit=100&cursor=${cursor}`)
    expect([first.body.more, second.body.more]).toEqual([true, false])
    const read = [...first.body.messages, ...second.body.messages]
    expect(read.map(({ priority }) => priority).sort()).toEqual([...priorities].sort())
    expect(read[0]?.priority).toBe('critical')
    const ids = read.map(({ id }) => id).join(',')
    expect((await asOwner(owner, `/messages/${ids}`, { method: 'DELETE' })).body).toEqual({ taken: 5 })
  })

  it('of 256 KiB comes through whole', async () => {
    const owner = await openOwner()
    const envelope = newEnvelope(256 * KIB)
    expect((await put(owner, await contactPut(owner, { envelope }))).status).toBe(201)
    const [message] = (await asOwner(owner, '/messages')).body.messages
    expect(bytesIn(message?.envelope)).toEqual(envelope)
  })

  it('of a stranger needs a stamp, for this mailbox and envelope', async () => {
    await deployedWith({ STAMP_BITS: '4' }, async () => {
      const [owner, other] = [await openOwner(), await openOwner()]
      const { body } = await ask(pathOf(owner, '/prekeys'))
      expect(body).toEqual({ bundle: null, challenge: expect.any(String), difficulty: 4 })
      const envelope = newEnvelope()
      const place = { origin: ORIGIN, network: 'default' }
      const proof = await stampProof(owner.id, bytesIn(body.challenge), envelope, place)
      const request = { priority: 'normal', ttlS: 60, proof, envelope } as const
      expect((await put(owner, request)).status).toBe(201)
      const replayed = await put(other, request)
      expect([replayed.status, replayed.body.error.code]).toEqual([403, 'bad-stamp'])
      const onAnother = await put(owner, { ...request, envelope: newEnvelope() })
      expect([onAnother.status, onAnother.body.error.code]).toEqual([403, 'bad-stamp'])
      await allows(owner, [], false)
      const blocked = await put(owner, request)
      expect([blocked.status, blocked.body.error.code]).toEqual([403, 'blocked'])
    })
  })
})

describe('who may not', () => {
  it('writes with another’s key, on another day, or with a MAC made for another mailbox or letter', async () => {
    const [owner, other] = [await openOwner(), await openOwner()]
    const request = await contactPut(owner)
    const { envelope } = request
    const bad = [
      await put(other, request),
      await put(owner, { ...request, envelope: newEnvelope() }),
      await put(owner, { ...request, proof: await accessProof(owner.id, other.accessKey, envelope) }),
      await put(owner, { ...request, proof: await accessProof(owner.id, owner.accessKey, envelope, 3) }),
    ]
    for (const { status, body } of bad) expect([status, body.error.code]).toEqual([403, 'bad-access'])
    expect((await onDisk(owner.id)).letters + (await onDisk(other.id)).letters).toBe(0)
  })

  it('writes to a mailbox nobody opened: it leaves no trace', async () => {
    const nobody = await newOwner()
    const { status, body } = await put(nobody, await contactPut(nobody))
    expect([status, body.error.code]).toEqual([404, 'no-such-mailbox'])
    expect((await ask(pathOf(nobody, '/prekeys'))).body.error.code).toBe('no-such-mailbox')
    expect((await asOwner(nobody, '/messages')).body.messages).toEqual([])
    const untouched = await onDisk((await newOwner()).id)
    expect(await onDisk(nobody.id)).toEqual(untouched)
    expect(untouched).toMatchObject({ tables: [], alarmMs: null })
  })

  it('reads, takes, publishes or sets up without the owner’s own pass', async () => {
    const [owner, other] = [await openOwner(), await openOwner('elsewhere')]
    const mine = await contactPut(owner)
    await put(owner, mine)
    const id = toBase64url(await idOf(mine.envelope))
    const passes: readonly [string | undefined, number, string][] = [
      [undefined, 401, 'pass-missing'],
      ['Basic abc', 401, 'pass-missing'],
      ['Bearer abc', 401, 'pass-malformed'],
      [`Bearer ${await passFor(owner.id, { expiresAtMs: Date.now() - 1 })}`, 401, 'pass-expired'],
      [`Bearer ${await passFor(owner.id, { secret: 'A'.repeat(43) })}`, 401, 'pass-forged'],
      [`Bearer ${await passFor(owner.id, { network: 'elsewhere' })}`, 403, 'pass-foreign'],
      [`Bearer ${await passFor(other.id)}`, 403, 'pass-foreign'],
      [`Bearer ${await passFor(owner.id, { capabilities: CAPABILITY.rooms })}`, 403, 'pass-foreign'],
    ]
    const requests: readonly [string, string][] = [
      ['GET', '/messages'],
      ['DELETE', `/messages/${id}`],
      ['PUT', '/prekeys'],
      ['PUT', '/access'],
    ]
    for (const [authorization, wanted, code] of passes) {
      for (const [method, rest] of requests) {
        const headers: HeadersInit = authorization === undefined ? {} : { Authorization: authorization }
        const { status, body } = await ask(pathOf(owner, rest), { method, headers })
        expect([method, rest, status, body.error.code]).toEqual([method, rest, wanted, code])
      }
    }
    expect((await asOwner(owner, '/messages')).body.messages.length).toBe(1)
  })

  it('acknowledges another’s letter: it stays', async () => {
    const [owner, other] = [await openOwner(), await openOwner()]
    const request = await contactPut(owner)
    await put(owner, request)
    const id = toBase64url(await idOf(request.envelope))
    expect((await asOwner(other, `/messages/${id}`, { method: 'DELETE' })).body).toEqual({ taken: 0 })
    expect((await asOwner(owner, '/messages')).body.messages.length).toBe(1)
  })
})

describe('networks', () => {
  it('never meet: one key has a mailbox in each', async () => {
    const here = await openOwner('here')
    const there = { ...here, network: 'there' }
    const request = await contactPut(here)
    expect((await put(there, request)).status).toBe(404)
    await put(here, request)
    await allows(there)
    expect((await asOwner(there, '/messages')).body.messages).toEqual([])
    expect((await asOwner(here, '/messages')).body.messages.length).toBe(1)
  })
})

describe('what is not well formed', () => {
  it('is refused with a word for it', async () => {
    const owner = await openOwner()
    const { text } = owner
    const at = `/v1/mailboxes/${text}`
    const good = encodePutRequest(await contactPut(owner))
    const pass = { Authorization: `Bearer ${await passFor(owner.id)}` }
    const JSON_TYPE = { 'Content-Type': 'application/json' }
    const key = toBase64url(newEnvelope(32))
    const rules = (body: unknown) =>
      ['PUT', `${at}/access`, { ...pass, ...JSON_TYPE }, JSON.stringify(body), 400, 'malformed'] as const
    const cases: readonly (readonly [string, string, HeadersInit, BodyInit | null, number, string])[] = [
      ['POST', '/v1/mailboxes/abc/messages', OCTETS, good, 400, 'bad-name'],
      ['GET', `/v1/mailboxes/${text.toUpperCase()}/prekeys`, {}, null, 400, 'bad-name'],
      ['GET', `${at}/prekeys?network=a%2Fb`, {}, null, 400, 'bad-name'],
      ['POST', `${at}/messages`, JSON_TYPE, good, 415, 'unsupported-media-type'],
      ['POST', `${at}/messages`, OCTETS, null, 400, 'malformed'],
      ['POST', `${at}/messages`, OCTETS, good.subarray(0, 30), 400, 'malformed'],
      ['POST', `${at}/messages`, OCTETS, good.subarray(0, good.length - 1), 400, 'malformed'],
      ['POST', `${at}/messages`, OCTETS, new Uint8Array(258 * KIB), 413, 'too-large'],
      ['GET', `${at}/messages?limit=0`, pass, null, 400, 'malformed'],
      ['GET', `${at}/messages?limit=many`, pass, null, 400, 'malformed'],
      ['GET', `${at}/messages?cursor=abcd`, pass, null, 400, 'malformed'],
      ['GET', `${at}/messages?cursor=!`, pass, null, 400, 'malformed'],
      ['DELETE', `${at}/messages/abc`, pass, null, 400, 'malformed'],
      ['PUT', `${at}/prekeys`, { ...pass, ...OCTETS }, new Uint8Array(9), 400, 'malformed'],
      ['PUT', `${at}/prekeys`, { ...pass, ...OCTETS }, new Uint8Array(98_000), 413, 'too-large'],
      ['PUT', `${at}/prekeys`, { ...pass, ...JSON_TYPE }, new Uint8Array(9), 415, 'unsupported-media-type'],
      ['PUT', `${at}/access`, { ...pass, ...JSON_TYPE }, 'x'.repeat(2_000), 413, 'too-large'],
      ['PUT', `${at}/access`, { ...pass, ...JSON_TYPE }, '{', 400, 'malformed'],
      rules([]),
      rules(null),
      rules({ keys: [] }),
      rules({ keys: 'none', strangers: true }),
      rules({ keys: ['short'], strangers: true }),
      rules({ keys: [toBase64url(newEnvelope(31))], strangers: true }),
      rules({ keys: [5], strangers: true }),
      rules({ keys: Array(5).fill(key), strangers: true }),
      rules({ keys: [key], strangers: 'no' }),
      rules({ keys: [key], strangers: true, more: 1 }),
      ['GET', at, {}, null, 426, 'upgrade-required'],
      ['POST', at, {}, null, 405, 'method-not-allowed'],
      ['PUT', `${at}/messages`, pass, null, 405, 'method-not-allowed'],
    ]
    for (const [method, path, headers, body, wanted, code] of cases) {
      const answered = await ask(path, { method, headers, body })
      const said = [method, path, answered.status, answered.body.error.code]
      expect(said).toEqual([method, path, wanted, code])
      expect(JSON.stringify(answered.body)).not.toMatch(/\bat .*\.(?:ts|js)/)
    }
    expect((await post(owner, good)).status).toBe(201)
  })

  it('answers a preflight of any page', async () => {
    const { text } = await newOwner()
    const headers = {
      Origin: 'https://app.example',
      'Access-Control-Request-Method': 'DELETE',
      'Access-Control-Request-Headers': 'authorization,content-type',
    }
    const asked = await exports.default.fetch(`${ORIGIN}/v1/mailboxes/${text}/messages/x`, {
      method: 'OPTIONS',
      headers,
    })
    expect(asked.status).toBe(204)
    expect(asked.headers.get('Access-Control-Allow-Methods')).toMatch(/DELETE/)
  })
})

describe('prekeys', () => {
  it('are handed out each once, then the signed one alone; published again they are the same', async () => {
    const owner = await newOwner()
    const publication = await publicationOf(owner, 3)
    expect((await publishes(owner, publication)).body).toEqual({ oneTime: 3 })
    const draw = async () => bytesIn((await ask(pathOf(owner, '/prekeys'))).body.bundle)
    const first = await draw()
    expect((await publishes(owner, publication)).body).toEqual({ oneTime: 2 })
    const bundles = [first, await draw(), await draw(), await draw()]
    expect(bundles.map(({ length }) => length)).toEqual(
      [1, 1, 1, 0].map((one) => HEAD_BYTES + one * ONE_TIME_BYTES),
    )
    expect(new Set(bundles.map(toBase64url)).size).toBe(4)
    const next = await publicationOf(owner, 2)
    expect((await publishes(owner, next)).body).toEqual({ oneTime: 2 })
    expect((await draw()).subarray(0, HEAD_BYTES)).toEqual(next.subarray(0, HEAD_BYTES))
  })

  it('of another device’s publication are not handed out any more: the one that publishes could not open with them', async () => {
    const owner = await newOwner()
    await publishes(owner, await publicationOf(owner, 3))
    const next = await publicationOf(owner, 2)
    expect((await publishes(owner, next)).body).toEqual({ oneTime: 2 })
    const { body } = await ask(pathOf(owner, '/prekeys'))
    expect(bytesIn(body.bundle).subarray(0, HEAD_BYTES)).toEqual(next.subarray(0, HEAD_BYTES))
  })

  it('stay where they are when the challenge alone is asked for', async () => {
    const owner = await newOwner()
    const only = () => ask(pathOf(owner, '/prekeys').concat('&challenge=only'))
    expect((await only()).status).toBe(404)
    const publication = await publicationOf(owner, 2)
    await publishes(owner, publication)
    const answered = await only()
    expect([answered.status, answered.body.bundle]).toEqual([200, null])
    expect((await publishes(owner, publication)).body).toEqual({ oneTime: 2 })
    const challenge = bytesIn(answered.body.challenge)
    const envelope = newEnvelope()
    const at = { origin: ORIGIN, network: owner.network }
    const proof = await stampProof(owner.id, challenge, envelope, at)
    expect((await put(owner, { priority: 'normal', ttlS: 60, proof, envelope })).status).toBe(201)
    const other = await ask(pathOf(owner, '/prekeys').concat('&challenge=all'))
    expect([other.status, other.body.error.code]).toEqual([400, 'malformed'])
  })

  it('are not drained by one who asks and asks', async () => {
    const owner = await newOwner()
    await publishes(owner, await publicationOf(owner, 64))
    const asked = Array.from({ length: MAILBOX_DRAWS_BURST + 8 }, () => ask(pathOf(owner, '/prekeys')))
    const lengths = (await Promise.all(asked)).map(({ body }) => bytesIn(body.bundle).length)
    const drawn = lengths.filter((length) => length > HEAD_BYTES).length
    expect(drawn).toBeGreaterThanOrEqual(MAILBOX_DRAWS_BURST)
    expect(drawn).toBeLessThanOrEqual(MAILBOX_DRAWS_BURST + 2)
  })

  it('of another, forged or touched, are refused', async () => {
    const [owner, other] = [await newOwner(), await newOwner()]
    const publication = await publicationOf(owner, 2)
    const touched = (at: number) => {
      const bytes = publication.slice()
      bytes[at] = (bytes[at] as number) ^ 1
      return bytes
    }
    const cases: readonly [Uint8Array, number, string][] = [
      [await publicationOf(other, 2), 403, 'wrong-key'],
      [touched(HEAD_BYTES - 1), 403, 'wrong-signature'],
      [touched(HEAD_BYTES + 20), 403, 'wrong-signature'],
      [publication.subarray(1), 400, 'malformed'],
    ]
    for (const [body, wanted, code] of cases) {
      const answered = await publishes(owner, body)
      expect([answered.status, answered.body.error.code]).toEqual([wanted, code])
    }
    expect((await ask(pathOf(owner, '/prekeys'))).status).toBe(404)
  })
})
