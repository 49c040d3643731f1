// Bytes of every kind thrown at a mailbox, always the same ones: as frames, as bodies, as headers. Each is refused with a word
// of ours or does what it says; the mailbox lives on, and what is in it stays.

import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { RelayMailbox } from '../../durable-objects/relay-mailbox.ts'
import { MAILBOX_MESSAGE_BYTES_MAX } from '../../protocol/limits/mailbox.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { encode } from '../../protocol/wire/codec.ts'
import { encodeMail, encodePutRequest, type MailFrame } from '../../protocol/wire/mail-frames.ts'
import { MAIL_FRAME, MAIL_REFUSAL, SUBPROTOCOL } from '../../protocol/wire/registry.ts'
import { HTTP_ERRORS } from '../../workers/errors.ts'
import { Random } from '../sim/random.ts'
import { contactPut, idOf, type MailOwner, newEnvelope, newOwner } from '../support/mail.ts'
import { passFor } from '../support/passes.ts'
import { allows, ask, asOwner, OCTETS, post, put } from './mail-http.ts'
import { MailSocket, pathOf } from './mail-socket.ts'
import { mailboxObject } from './mailboxes.ts'
import { mutatedFrame } from './mutated-frame.ts'

const TYPES = Object.values(MAIL_FRAME)

const mutated = (random: Random, good: Uint8Array) =>
  mutatedFrame(random, good, { types: TYPES, changesWithin: 200 })

async function goodFrames(owner: MailOwner): Promise<Uint8Array[]> {
  const request = await contactPut(owner)
  const other = await newOwner()
  const frames: MailFrame[] = [
    { kind: 'put', token: 1, mailbox: owner.id, ...request },
    { kind: 'put', token: 2, mailbox: other.id, ...request },
    { kind: 'took', ids: [await idOf(newEnvelope())] },
    { kind: 'hello', version: 1, letters: 1, bytes: 1, cursor: new Uint8Array() },
    { kind: 'ready', version: 1, keepAliveMs: 1, stored: 1, oneTimeLeft: 1 },
    { kind: 'stored', token: 1, known: false, ttlS: 1 },
    { kind: 'refused', token: 1, reason: 'internal', retryAfterMs: 1 },
    { kind: 'prekeysLeft', left: 1 },
  ]
  const batch = encode({ kind: 'batch', frames: frames.map(encodeMail) })
  return [...frames.map(encodeMail), batch, encode({ kind: 'passWanted' })]
}

/** Of the first of them, which is a put. */
function goodEnvelope([put]: readonly Uint8Array[]): Uint8Array {
  return (put as Uint8Array).slice(-4_096)
}

describe('whatever a socket says', () => {
  it('is answered with words of ours, and harms nobody', async () => {
    const random = new Random('waypost mailbox 2026-11')
    const owner = await newOwner()
    await allows(owner)
    const kept = await contactPut(owner)
    await put(owner, kept)
    const good = await goodFrames(owner)
    const known = [kept.envelope, goodEnvelope(good)].map(toBase64url)
    let frames = 0
    for (let round = 0; round < 8; round++) {
      const socket = round % 2 === 0 ? await MailSocket.sender(owner) : await MailSocket.owner(owner)
      // Within what a socket may send: what is tested is parsing, not the limits.
      for (let i = 0; i < 120; i++) {
        if (random.chance(0.02)) socket.sendBytes(random.pick(['', 'ping ', '\u0000', 'x'.repeat(2_000)]))
        else
          socket.sendBytes(
            random.chance(0.2) ? random.bytes(random.below(400)) : mutated(random, random.pick(good)),
          )
        frames++
      }
      await socket.settled()
      expect(socket.closed).toBeUndefined()
      socket.close()
    }
    expect(frames).toBe(960)
    const { drops, storeFailures } = await runInDurableObject(mailboxObject(owner.id), (object) =>
      (object as RelayMailbox).probe(),
    )
    expect(storeFailures).toBe(0)
    expect(drops.malformed).toBeGreaterThan(200)
    expect(drops.unexpected).toBeGreaterThan(60)
    const { messages } = (await asOwner(owner, '/messages')).body
    // What was there, and perhaps the good put with another token; nothing made of a mutation.
    expect(messages[0]?.envelope).toBe(known[0])
    for (const { envelope } of messages) expect(known).toContain(envelope)
  })

  it('that is too large is refused, and not looked at', async () => {
    const owner = await newOwner()
    await allows(owner)
    const socket = await MailSocket.sender(owner)
    socket.sendBytes(new Uint8Array(MAILBOX_MESSAGE_BYTES_MAX + 1).fill(MAIL_FRAME.put))
    expect(await socket.next('refusal')).toMatchObject({ code: 'too-large' })
    const [small, large] = [
      await contactPut(owner),
      await contactPut(owner, { envelope: newEnvelope(262_144) }),
    ]
    socket.send({ kind: 'put', token: 5, mailbox: owner.id, ...large })
    socket.send({ kind: 'put', token: 6, mailbox: owner.id, ...small })
    expect((await socket.all('stored', 2)).map(({ token }) => token).sort()).toEqual([5, 6])
  })
})

describe('whatever a request brings', () => {
  it('is refused with a code of ours, without a stack', async () => {
    const random = new Random('waypost mailbox http 2026-11')
    const owner = await newOwner()
    await allows(owner)
    const good = encodePutRequest(await contactPut(owner))
    const pass = await passFor(owner.id)
    const codes = new Set<string>()
    const letters = () => toBase64url(random.bytes(random.below(60)))
    for (let i = 0; i < 250; i++) {
      const authorization = random.pick([
        `Bearer ${pass}`,
        `Bearer ${letters()}`,
        letters(),
        `Bearer ${pass}x`,
      ])
      const headers = { ...OCTETS, Authorization: authorization }
      const body = Uint8Array.from(
        random.chance(0.5) ? mutated(random, good) : random.bytes(random.below(500)),
      )
      const { status, body: answered } = await random.pick([
        () => post(owner, body),
        () => ask(`${pathOf(owner, '/messages')}&cursor=${letters()}&limit=${letters()}`, { headers }),
        () => ask(pathOf(owner, `/messages/${letters() || 'x'},${letters()}`), { method: 'DELETE', headers }),
        () => ask(pathOf(owner, '/prekeys'), { method: 'PUT', headers, body }),
        () =>
          ask(pathOf(owner, '/access'), {
            method: 'PUT',
            headers: { ...headers, 'Content-Type': 'application/json' },
            body,
          }),
        () => ask(`/v1/mailboxes/${encodeURIComponent(letters() || 'x')}/messages`, { headers }),
      ])()
      // One in many mutations changes nothing that matters.
      if (status < 300) continue
      const { code } = answered.error
      expect(Object.keys(HTTP_ERRORS)).toContain(code)
      expect(status).toBe(HTTP_ERRORS[code as keyof typeof HTTP_ERRORS])
      expect(code).not.toBe('internal')
      expect(JSON.stringify(answered)).not.toMatch(/\.ts|\.js|Error/)
      codes.add(code)
    }
    expect([...codes]).toEqual(
      expect.arrayContaining(['malformed', 'bad-access', 'pass-malformed', 'pass-missing', 'bad-name']),
    )
    expect((await put(owner, await contactPut(owner))).status).toBe(201)
  })

  it('in an upgrade is refused over the socket', async () => {
    const random = new Random('waypost mailbox upgrade 2026-11')
    const owner = await newOwner()
    for (let i = 0; i < 40; i++) {
      const junk = toBase64url(random.bytes(random.below(60)))
      const socket = await MailSocket.offering(pathOf(owner), [
        random.pick([SUBPROTOCOL, 'waypost.9']),
        `waypost.mail.${junk || 'A'}`,
        `waypost.pass.${junk || 'A'}`,
      ])
      const { code } = await socket.next('refusal')
      expect(['version-mismatch', 'bad-request', 'pass-malformed']).toContain(code)
      await socket.closing()
    }
  })

  it('has a status for every way a put can be refused', () => {
    for (const reason of Object.keys(MAIL_REFUSAL)) expect(HTTP_ERRORS).toHaveProperty(reason)
  })
})
