// A mailbox's sockets: letters pushed to the owner as they come, windows, cursors, sleep; senders whose puts share
// transactions, and go on to other mailboxes.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it, vi } from 'vitest'
import type { RelayMailbox } from '../../durable-objects/relay-mailbox.ts'
import { readPass } from '../../protocol/crypto/admission/pass.ts'
import { MAILBOX_PREKEYS_LOW } from '../../protocol/limits/mailbox.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { encode } from '../../protocol/wire/codec.ts'
import type { PutFrame } from '../../protocol/wire/mail-frames.ts'
import { MAIL_FRAME, SUBPROTOCOL } from '../../protocol/wire/registry.ts'
import {
  accessProof,
  contactPut,
  idOf,
  KIB,
  type LetterTerms,
  type MailOwner,
  newEnvelope,
  newOwner,
  publicationOf,
} from '../support/mail.ts'
import { allows, ask, asOwner, publishes, put } from './mail-http.ts'
import { MailSocket, pathOf } from './mail-socket.ts'
import { letEnd, mailboxObject, onDisk } from './mailboxes.ts'

async function openOwner(network?: string): Promise<MailOwner> {
  const owner = await newOwner(network)
  await allows(owner)
  return owner
}

async function putFrame(owner: MailOwner, token: number, terms?: LetterTerms): Promise<PutFrame> {
  return { kind: 'put', token, mailbox: owner.id, ...(await contactPut(owner, terms)) }
}

async function putFrames(owner: MailOwner, count: number, terms?: LetterTerms): Promise<PutFrame[]> {
  return Promise.all(Array.from({ length: count }, (_, token) => putFrame(owner, token, terms)))
}

const probe = (owner: MailOwner) =>
  runInDurableObject(mailboxObject(owner.id, owner.network), (object) => (object as RelayMailbox).probe())

describe('an owner', () => {
  it('is told what there is, and given it; what comes later is pushed at once', async () => {
    const owner = await openOwner()
    await put(owner, await contactPut(owner, { priority: 'low' }))
    const home = await MailSocket.owner(owner)
    expect(await home.next('ready')).toMatchObject({ version: 1, stored: 1, oneTimeLeft: 0 })
    expect((await home.next('letter')).priority).toBe('low')
    const request = await contactPut(owner, { priority: 'critical', envelope: newEnvelope(64 * KIB) })
    await put(owner, request)
    const letter = await home.next('letter')
    expect(letter).toMatchObject({ priority: 'critical', id: await idOf(request.envelope) })
    expect(letter.envelope).toEqual(request.envelope)
    home.send({ kind: 'took', ids: home.of('letter').map(({ id }) => id) })
    await home.settled()
    expect((await onDisk(owner.id)).letters).toBe(0)
  })

  it('opens the mailbox by coming', async () => {
    const owner = await newOwner()
    const home = await MailSocket.owner(owner)
    await home.next('ready')
    expect(await probe(owner)).toMatchObject({ opened: true, sockets: 1 })
  })

  it('is sent no more than its window holds until it takes some', async () => {
    const owner = await openOwner()
    const home = await MailSocket.owner(owner, { letters: 3 })
    const sender = await MailSocket.sender(owner)
    sender.send(...(await putFrames(owner, 7)))
    await sender.all('stored', 7)
    await home.settled()
    expect(home.of('letter').length).toBe(3)
    home.send({
      kind: 'took',
      ids: home
        .of('letter')
        .slice(0, 2)
        .map(({ id }) => id),
    })
    await home.settled()
    expect(home.of('letter').length).toBe(5)
    const bytes = await MailSocket.owner(owner, { bytes: 9 * KIB })
    await bytes.settled()
    expect(bytes.of('letter').length).toBe(2)
  })

  it('that comes back with its cursor is not sent again what is under way; without it, everything', async () => {
    const owner = await openOwner()
    const first = await MailSocket.owner(owner)
    for (const frame of await putFrames(owner, 4)) await put(owner, frame)
    const letters = await first.all('letter', 4)
    const cursor = letters[2]!.cursor
    first.close()
    const again = await MailSocket.owner(owner, { cursor })
    expect((await again.next('ready')).stored).toBe(4)
    await again.settled()
    expect(again.of('letter').map(({ id }) => id)).toEqual([letters[3]!.id])
    const afresh = await MailSocket.owner(owner)
    expect((await afresh.all('letter', 4)).map(({ id }) => id)).toEqual(letters.map(({ id }) => id))
    // Of another life a cursor is worth nothing: nothing is skipped for it.
    afresh.close()
    await evictDurableObject(mailboxObject(owner.id), { webSockets: 'close' })
    const later = await MailSocket.owner(owner, { cursor: letters[3]!.cursor })
    expect((await later.all('letter', 4)).length).toBe(4)
  })

  it('that comes from elsewhere takes over: the one before is closed as superseded', async () => {
    const owner = await openOwner()
    const before = await MailSocket.owner(owner)
    await before.next('ready')
    const now = await MailSocket.owner(owner)
    await now.next('ready')
    expect(await before.next('refusal')).toMatchObject({ code: 'superseded' })
    expect(await before.closing()).toMatchObject({ code: 4006, reason: 'superseded' })
    await put(owner, await contactPut(owner))
    await now.next('letter')
    expect(before.of('letter')).toEqual([])
  })

  it('reads by socket and over HTTP the same letters, and takes them by either', async () => {
    const owner = await openOwner()
    const home = await MailSocket.owner(owner, { letters: 1 })
    for (const frame of await putFrames(owner, 2)) await put(owner, frame)
    await home.next('letter')
    const { messages } = (await asOwner(owner, '/messages')).body
    expect(messages.length).toBe(2)
    await asOwner(owner, `/messages/${messages[0]?.id}`, { method: 'DELETE' })
    await home.next('letter') // the window moved on
  })

  it('is given a new pass on the way', async () => {
    const owner = await openOwner()
    const home = await MailSocket.owner(owner)
    home.sendBytes(encode({ kind: 'passWanted' }))
    const { pass } = await home.next('pass')
    expect(readPass(pass)?.subject).toEqual(owner.id)
    const headers = { Authorization: `Bearer ${pass}` }
    expect((await ask(pathOf(owner, '/messages'), { headers })).status).toBe(200)
  })

  it('is told when a draw leaves few prekeys', async () => {
    const owner = await newOwner()
    await publishes(owner, await publicationOf(owner, MAILBOX_PREKEYS_LOW + 2))
    const home = await MailSocket.owner(owner)
    expect((await home.next('ready')).oneTimeLeft).toBe(MAILBOX_PREKEYS_LOW + 2)
    await ask(pathOf(owner, '/prekeys'))
    await ask(pathOf(owner, '/prekeys'))
    expect(await home.next('prekeysLeft')).toEqual({ kind: 'prekeysLeft', left: MAILBOX_PREKEYS_LOW })
    expect(home.of('prekeysLeft').length).toBe(1)
  })

  it.each([
    [
      'a pass of another',
      async (owner: MailOwner) => MailSocket.owner({ ...owner, id: (await newOwner()).id }),
      'pass-foreign',
    ],
    [
      'a pass of another network',
      (owner: MailOwner) => MailSocket.owner(owner, {}, { network: 'x' }),
      'pass-foreign',
    ],
    [
      'a pass not for mail',
      (owner: MailOwner) => MailSocket.owner(owner, {}, { capabilities: 1 }),
      'pass-foreign',
    ],
    [
      'a pass that is over',
      (owner: MailOwner) => MailSocket.owner(owner, {}, { expiresAtMs: 1_000 }),
      'pass-expired',
    ],
    ['another version', (owner: MailOwner) => MailSocket.owner(owner, { version: 2 }), 'version-mismatch'],
    [
      'no pass',
      (owner: MailOwner) => MailSocket.offering(pathOf(owner), [SUBPROTOCOL, 'waypost.mail.YAEAAAABAAAAAQ']),
      'pass-malformed',
    ],
    [
      'no hello that is one',
      (owner: MailOwner) => MailSocket.offering(pathOf(owner), [SUBPROTOCOL, 'waypost.mail.AAAA']),
      'bad-request',
    ],
    ['no mailbox', () => MailSocket.offering('/v1/mailboxes/none', [SUBPROTOCOL]), 'bad-request'],
  ])('is turned away with %s, and leaves no trace', async (_, opens, code) => {
    const owner = await newOwner()
    const socket = await opens(owner)
    expect(await socket.next('refusal')).toMatchObject({ code })
    expect((await socket.closing()).reason).toBe(code)
    expect((await onDisk(owner.id)).tables).toEqual([])
  })
})

describe('a sender', () => {
  it('has each put answered with its token, whatever becomes of it', async () => {
    const owner = await openOwner()
    const sender = await MailSocket.sender(owner)
    const good = await putFrame(owner, 1, { ttlS: 7_200 })
    const wrong = await accessProof(owner.id, newEnvelope(32), good.envelope)
    sender.send(good, { ...good, token: 2 }, { ...good, token: 3, proof: wrong })
    sender.send({ ...good, token: 4, envelope: newEnvelope(100) })
    const [first, second] = await sender.all('stored', 2)
    expect(first).toMatchObject({ token: 1, known: false })
    expect(first?.ttlS).toBeGreaterThan(7_190)
    expect(second).toMatchObject({ token: 2, known: true })
    const refused = () => sender.of('refused').map(({ token, reason }) => [token, reason])
    await vi.waitFor(() => expect(refused().length).toBe(2), { timeout: 10_000 })
    expect(refused()).toEqual(
      expect.arrayContaining([
        [3, 'bad-access'],
        [4, 'malformed'],
      ]),
    )
    expect((await onDisk(owner.id)).letters).toBe(1)
  })

  it('may put without a mailbox here, and leaves none', async () => {
    const [nobody, owner] = [await newOwner(), await openOwner()]
    const sender = await MailSocket.sender(nobody)
    sender.send(await putFrame(nobody, 1), await putFrame(owner, 2))
    expect(await sender.next('refused')).toMatchObject({ token: 1, reason: 'no-such-mailbox' })
    expect(await sender.next('stored')).toMatchObject({ token: 2 })
    expect((await onDisk(nobody.id)).tables).toEqual([])
  })

  it('that sends many at once has them share transactions and messages', async () => {
    const owner = await openOwner()
    const sender = await MailSocket.sender(owner)
    const frames = await putFrames(owner, 60)
    for (let at = 0; at < 60; at += 12) sender.sendTogether(frames.slice(at, at + 12))
    await sender.all('stored', 60)
    const { sittings } = await probe(owner)
    expect(sittings).toBeGreaterThanOrEqual(1)
    expect(sittings).toBeLessThanOrEqual(10)
    expect(sender.messages).toBeLessThanOrEqual(10)
    expect((await onDisk(owner.id)).letters).toBe(60)
  })

  it('need not say them in one message: those behind one another share a transaction all the same', async () => {
    const owner = await openOwner()
    const sender = await MailSocket.sender(owner)
    sender.send(...(await putFrames(owner, 60)))
    await sender.all('stored', 60)
    expect((await probe(owner)).sittings).toBeLessThanOrEqual(20)
    expect((await onDisk(owner.id)).letters).toBe(60)
  })

  it('whose puts come alone has each decided at once', async () => {
    const owner = await openOwner()
    const sender = await MailSocket.sender(owner)
    for (const frame of await putFrames(owner, 6)) {
      sender.send(frame)
      await sender.next('stored')
    }
    expect((await probe(owner)).sittings).toBe(6)
  })

  it('reaches other mailboxes of the network through its one socket, many with one call', async () => {
    const [here, there, elsewhere] = [await openOwner(), await openOwner(), await openOwner('elsewhere')]
    const sender = await MailSocket.sender(here)
    sender.sendTogether(await putFrames(there, 12))
    await sender.all('stored', 12)
    expect((await onDisk(there.id)).letters).toBe(12)
    expect((await probe(there)).sittings).toBeLessThanOrEqual(2)
    expect((await probe(here)).sittings).toBe(0)
    // Another network's are not found, whoever asks.
    sender.send(await putFrame(elsewhere, 99))
    expect(await sender.next('refused')).toMatchObject({ token: 99, reason: 'no-such-mailbox' })
  })

  it('is nobody who may take letters, or want a pass', async () => {
    const owner = await openOwner()
    const request = await contactPut(owner)
    await put(owner, request)
    const sender = await MailSocket.sender(owner)
    sender.send({ kind: 'took', ids: [await idOf(request.envelope)] })
    expect(await sender.next('refusal')).toMatchObject({ code: 'unexpected', refusedType: MAIL_FRAME.took })
    sender.sendBytes(encode({ kind: 'passWanted' }))
    expect(await sender.next('refusal')).toMatchObject({ code: 'unexpected' })
    expect((await onDisk(owner.id)).letters).toBe(1)
  })

  it('over its limits is refused put by put, and closed as flooding when it goes on', async () => {
    const owner = await openOwner()
    const sender = await MailSocket.sender(owner)
    const put = { ...(await putFrame(owner, 7)), envelope: new Uint8Array(9) }
    const others = Array(63).fill({ kind: 'took', ids: [] })
    try {
      // Each message costs nine of the two hundred tokens there are; refused, each of its frames one of a thousand's patience.
      while (sender.closed === undefined) {
        for (let i = 0; i < 20; i++) sender.sendTogether([put, ...others])
        await scheduler.wait(1)
      }
    } catch {
      // closed under our hands
    }
    expect(await sender.closing()).toMatchObject({ reason: 'flooding' })
    const refused = sender.of('refused').filter(({ reason }) => reason === 'rate-limited')
    expect(refused.length).toBeGreaterThan(5)
    for (const { token, retryAfterMs } of refused) expect([token, retryAfterMs > 0]).toEqual([7, true])
  })
})

describe('a mailbox that sleeps', () => {
  it('goes on between any two frames as if it had not', async () => {
    const owner = await openOwner()
    const object = mailboxObject(owner.id)
    const home = await MailSocket.owner(owner, { letters: 2 })
    const sender = await MailSocket.sender(owner)
    await home.next('ready')
    const frames = await putFrames(owner, 6)
    const got: Uint8Array[] = []
    for (const frame of frames) {
      sender.send(frame)
      expect(await sender.next('stored')).toMatchObject({ token: frame.token, known: false })
      await evictDurableObject(object)
      sender.send(frame)
      expect(await sender.next('stored')).toMatchObject({ token: frame.token, known: true })
    }
    for (let i = 0; i < 3; i++) {
      const letters = await home.all('letter', 2)
      got.push(...letters.map(({ id }) => id))
      await evictDurableObject(object)
      home.send({ kind: 'took', ids: letters.map(({ id }) => id) })
      await home.settled()
    }
    expect(got).toEqual(await Promise.all(frames.map(({ envelope }) => idOf(envelope))))
    expect((await onDisk(owner.id)).letters).toBe(0)
    home.sendBytes('ping')
    sender.sendBytes('ping')
    await Promise.all([home.settled(), sender.settled()])
    expect([home.pongs, sender.pongs]).toEqual([1, 1])
  })

  it('is woken by an owner that goes, and gives the same that has come back what is put', async () => {
    const owner = await openOwner()
    const object = mailboxObject(owner.id)
    let home = await MailSocket.owner(owner)
    for (let time = 0; time < 8; time++) {
      await home.next('ready')
      await evictDurableObject(object)
      // A page that is loaded again: its last words, and that it went, may be heard when it is there again.
      home.send({ kind: 'took', ids: [] })
      home.close()
      home = await MailSocket.owner(owner)
      const request = await contactPut(owner)
      await put(owner, request)
      await home.settled()
      expect(home.of('letter').map(({ id }) => id)).toContainEqual(await idOf(request.envelope))
    }
  })

  it('is woken when a letter ends, and forgets it', async () => {
    const owner = await openOwner()
    const before = Date.now()
    await put(owner, await contactPut(owner, { ttlS: 60 }))
    await put(owner, await contactPut(owner, { ttlS: 9_000 }))
    const { alarmMs } = await onDisk(owner.id)
    expect(alarmMs).toBeGreaterThanOrEqual(before + 60_000)
    expect(alarmMs).toBeLessThanOrEqual(Date.now() + 60_000)
    await letEnd(owner.id, owner.network, ({ seq }) => seq === 1)
    await evictDurableObject(mailboxObject(owner.id))
    expect(await runDurableObjectAlarm(mailboxObject(owner.id))).toBe(true)
    const after = await onDisk(owner.id)
    expect(after.letters).toBe(1)
    expect(after.alarmMs).toBeGreaterThan(before + 8_000_000)
  })

  it('sets no alarm that is no earlier than the one that is pending', async () => {
    const owner = await openOwner()
    await put(owner, await contactPut(owner, { ttlS: 600 }))
    const { alarmMs } = await onDisk(owner.id)
    await evictDurableObject(mailboxObject(owner.id))
    await put(owner, await contactPut(owner, { ttlS: 900 }))
    expect((await onDisk(owner.id)).alarmMs).toBe(alarmMs)
    await put(owner, await contactPut(owner, { ttlS: 300 }))
    expect((await onDisk(owner.id)).alarmMs).toBeLessThan(alarmMs ?? 0)
    expect((await onDisk(owner.id)).alarmMs).toBeGreaterThan(Date.now() + 200_000)
  })
  it('leaves an alarm that is too early as it is: it harms nobody, and moving it costs a row', async () => {
    const owner = await openOwner()
    const early = await contactPut(owner, { ttlS: 600 })
    await put(owner, early)
    const { alarmMs } = await onDisk(owner.id)
    await evictDurableObject(mailboxObject(owner.id))
    await put(owner, await contactPut(owner, { ttlS: 6_000 }))
    await evictDurableObject(mailboxObject(owner.id))
    const id = toBase64url(await idOf(early.envelope))
    await asOwner(owner, `/messages/${id}`, { method: 'DELETE' })
    expect(await onDisk(owner.id)).toMatchObject({ letters: 1, alarmMs })
  })
})
