// The DHT over an owner's home socket: the same questions as over HTTP, many in one message, each with an answer of its own.

import { describe, expect, it } from 'vitest'
import { signProvided } from '../../protocol/crypto/dht/provided.ts'
import { encodeValue, readValue } from '../../protocol/dht/records/value.ts'
import { Writer } from '../../protocol/wire/bytes.ts'
import { type DhtAnswer, type DhtQuestion, encodeDht } from '../../protocol/wire/dht-frames.ts'
import { DHT_FRAME, FRAME } from '../../protocol/wire/registry.ts'
import { type MailOwner, newOwner } from '../support/mail.ts'
import { ask, cidOf, newPeer, putValue, randomBytes, signs, suite } from './dht-http.ts'
import { MailSocket } from './mail-socket.ts'

const frame = (token: number, question: DhtQuestion) => encodeDht({ kind: 'dhtAsk', token, question })

async function comesHome(owner?: MailOwner): Promise<MailSocket> {
  const home = await MailSocket.owner(owner ?? (await newOwner()))
  await home.next('ready')
  return home
}

let tokens = 0
async function asks(home: MailSocket, question: DhtQuestion): Promise<DhtAnswer> {
  const token = ++tokens
  home.sendBytes(frame(token, question))
  const answer = await home.next('dhtAnswer')
  expect(answer.token).toBe(token)
  return answer.answer
}

async function newValue(bytes = randomBytes(500)) {
  const record = encodeValue({ code: 0x12, ttlSeconds: 3_600, value: bytes })
  return { key: await suite.hash.sha256(bytes), record, bytes }
}

describe('an owner at home', () => {
  it('puts and gets values, and what came over HTTP', async () => {
    const home = await comesHome()
    const { key, record, bytes } = await newValue()
    expect(await asks(home, { kind: 'get', key })).toEqual({ kind: 'nothing' })
    expect(await asks(home, { kind: 'put', key, record })).toMatchObject({ kind: 'stored', isNew: true })
    expect(await asks(home, { kind: 'get', key })).toMatchObject({ kind: 'record', bytes: record })
    expect((await ask(`/v1/dht/records/${await cidOf(bytes)}`)).status).toBe(200)
    const other = randomBytes(60_000)
    await putValue(await newPeer(), other)
    const got = await asks(home, { kind: 'get', key: await suite.hash.sha256(other) })
    expect(got.kind === 'record' && readValue(got.bytes)?.value).toEqual(other)
  })

  it('provides, and finds providers and the peers nearest', async () => {
    const network = 'home'
    const owner = await newOwner(network)
    const home = await comesHome(owner)
    const key = randomBytes(32)
    const terms = { ttlSeconds: 600, region: 'weur', createdMs: Date.now() }
    const announcement = await signProvided(owner, [key], terms)
    expect(await asks(home, { kind: 'provide', announcement })).toMatchObject({ kind: 'stored' })
    const found = await asks(home, { kind: 'providers', key, limit: 5, near: '' })
    expect(found.kind === 'providers' && found.providers.map(({ peer }) => peer)).toEqual([owner.id])
    expect(await asks(home, { kind: 'closest', target: key, limit: 255 })).toEqual({
      kind: 'closest',
      records: [],
    })
    const others = await signProvided(await newPeer(), [key], terms)
    expect(await asks(home, { kind: 'provide', announcement: others })).toMatchObject({ reason: 'wrong-key' })
  })

  it('asks many things in one message, and is answered each', async () => {
    const home = await comesHome()
    const values = await Promise.all(Array.from({ length: 30 }, () => newValue(randomBytes(50))))
    const to = new Writer().u8(FRAME.batch)
    for (const [token, { key, record }] of values.entries()) {
      const bytes = frame(token, { kind: 'put', key, record })
      to.u16(bytes.length).bytes(bytes)
    }
    home.sendBytes(to.done())
    const answers = await home.all('dhtAnswer', 30)
    expect(answers.map(({ token }) => token).sort((a, b) => a - b)).toEqual([...values.keys()])
    expect(answers.every(({ answer }) => answer.kind === 'stored')).toBe(true)
  })

  it('is told what was wrong, and goes on', async () => {
    const home = await comesHome()
    const { key, record } = await newValue()
    expect(await asks(home, { kind: 'put', key: randomBytes(32), record })).toMatchObject({
      reason: 'wrong-key',
    })
    const name = await signs(await newPeer())
    const forged = name.bytes.with(name.bytes.length - 1, (name.bytes.at(-1) ?? 0) ^ 1)
    const put = await asks(home, { kind: 'put', key: name.key, record: forged })
    expect(put).toEqual({ kind: 'refused', reason: 'wrong-signature', retryAfterMs: 0 })
    home.sendBytes(frame(1, { kind: 'get', key }).slice(0, 20))
    expect(await home.next('refusal')).toMatchObject({ code: 'malformed', refusedType: DHT_FRAME.dhtAsk })
    home.sendBytes(encodeDht({ kind: 'dhtAnswer', token: 1, answer: { kind: 'nothing' } }))
    expect(await home.next('refusal')).toMatchObject({ code: 'malformed' })
    expect(await asks(home, { kind: 'get', key })).toEqual({ kind: 'nothing' })
  })
})

it('a sender, who has shown no pass, is refused', async () => {
  const sender = await MailSocket.sender(await newOwner())
  sender.sendBytes(frame(1, { kind: 'get', key: randomBytes(32) }))
  expect(await sender.next('refusal')).toMatchObject({ code: 'unexpected', refusedType: DHT_FRAME.dhtAsk })
})
