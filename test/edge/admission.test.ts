// Who is let into rooms, in workerd: whoever shows a pass of its own, for this network and for rooms, and nobody else. And
// the passes that rooms give, so that whoever is in stays in.

import { evictDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { CAPABILITY, readPass } from '../../protocol/crypto/admission/pass.ts'
import { PASS_LIFETIME_MS } from '../../protocol/limits/admission.ts'
import { PRICE, TOKENS_BURST } from '../../protocol/limits/room.ts'
import { joinSubprotocols } from '../../protocol/room/admission.ts'
import type { JoinFrame } from '../../protocol/wire/frames.ts'
import {
  CLOSE_CODE_BASE,
  FRAME,
  PASS_SUBPROTOCOL_PREFIX,
  REFUSAL,
  type RefusalCode,
} from '../../protocol/wire/registry.ts'
import { offerOf, passFor } from '../support/passes.ts'
import { deployedWith, roomObject } from './rooms.ts'
import { newPeer, RoomSocket, refusedFor, upgrade } from './socket.ts'

const SECRETS = ['A', 'B', 'C'].map((letter) => letter.repeat(44)) as [string, string, string]

const joinOf = (peer = newPeer()): JoinFrame => ({
  kind: 'join',
  version: 1,
  peer,
  session: newPeer().slice(0, 8),
  metadata: new Uint8Array(),
})

async function enters(
  join: JoinFrame,
  offered: readonly string[],
  path = '/v1/rooms/gate',
): Promise<RoomSocket> {
  return RoomSocket.of(await upgrade(path, offered), join)
}

async function expectRefused(offered: readonly string[], code: RefusalCode, path?: string): Promise<void> {
  const closed = { code: CLOSE_CODE_BASE + REFUSAL[code], reason: code, wasClean: true }
  expect(await refusedFor(await enters(joinOf(), offered, path))).toEqual({ code, closed })
}

describe('a room is entered', () => {
  it('with a pass of one’s own, wherever among the subprotocols it stands', async () => {
    const join = joinOf()
    const [version = '', hello = '', pass = ''] = await offerOf(join)
    await (await enters(join, [version, hello, pass])).welcomed()
    await (await enters(join, [pass, hello, version])).welcomed()
  })

  it('never with somebody else’s: a pass stolen is of no use under another name', async () => {
    await expectRefused(joinSubprotocols(joinOf(), await passFor(newPeer())), 'pass-foreign')
  })

  it('and whoever is in hears nothing of one who shows the wrong pass for its name', async () => {
    const victim = await RoomSocket.join('victim')
    await victim.welcomed()
    const offered = joinSubprotocols(joinOf(victim.peer), await passFor(newPeer()))
    await expectRefused(offered, 'pass-foreign', '/v1/rooms/victim')
    await victim.settled()
    expect([victim.closed, victim.frames.map(({ kind }) => kind)]).toEqual([undefined, ['welcome', 'roster']])
  })

  it('never with a pass of another network, either way', async () => {
    const join = joinOf()
    await expectRefused(await offerOf(join, { network: 'other' }), 'pass-foreign')
    await expectRefused(await offerOf(join), 'pass-foreign', '/v1/rooms/gate?network=other')
    await (
      await enters(join, await offerOf(join, { network: 'other' }), '/v1/rooms/gate?network=other')
    ).welcomed()
  })

  it('never with one that is not for rooms', async () => {
    const capabilities = CAPABILITY.mail | CAPABILITY.records
    await expectRefused(await offerOf(joinOf(), { capabilities }), 'pass-foreign')
  })

  it('until it expires, and not after', async () => {
    const join = joinOf()
    await expectRefused(await offerOf(join, { expiresAtMs: Date.now() - 1 }), 'pass-expired')
    await (await enters(join, await offerOf(join, { expiresAtMs: Date.now() + 60_000 }))).welcomed()
  })

  it('never with one that is forged or altered, in any letter', async () => {
    await expectRefused(await offerOf(joinOf(), { secret: SECRETS[0] }), 'pass-forged')
    const join = joinOf()
    const pass = await passFor(join.peer)
    // Of the version, the subject, the network, the capabilities, the expiry and the code of authentication.
    for (const [at, code] of [
      [0, 'pass-malformed'],
      [20, 'pass-forged'],
      [48, 'pass-foreign'],
      [56, 'pass-forged'],
      [61, 'pass-forged'],
      [83, 'pass-forged'],
    ] as const) {
      const altered = pass.slice(0, at) + (pass[at] === 'B' ? 'C' : 'B') + pass.slice(at + 1)
      await expectRefused(joinSubprotocols(join, altered), code)
    }
  })

  it('never without one, with several, or with what is none', async () => {
    const join = joinOf()
    const [version = '', hello = '', pass = ''] = await offerOf(join)
    await expectRefused([version, hello], 'pass-malformed')
    await expectRefused([version, hello, pass, pass], 'pass-malformed')
    const another = PASS_SUBPROTOCOL_PREFIX + (await passFor(newPeer()))
    await expectRefused([version, hello, another, pass], 'pass-malformed')
    await expectRefused([version, hello, pass, another], 'pass-malformed')
    for (const none of ['', 'A', 'A'.repeat(84), `${pass}A`, pass.slice(0, -1)])
      await expectRefused([version, hello, PASS_SUBPROTOCOL_PREFIX + none], 'pass-malformed')
  })

  it('never by a pass in the address, which is not looked at', async () => {
    const join = joinOf()
    const pass = await passFor(join.peer)
    const [version = '', hello = ''] = joinSubprotocols(join, pass)
    for (const name of ['pass', 'waypost.pass', 'token'])
      await expectRefused([version, hello], 'pass-malformed', `/v1/rooms/gate?${name}=${pass}`)
    const stranger = await passFor(newPeer())
    await (await enters(join, await offerOf(join), `/v1/rooms/gate?pass=${stranger}`)).welcomed()
  })
})

describe('the secret', () => {
  const [first, second, third] = SECRETS

  it('of before the last rotation still lets in, and an older one does not', async () => {
    const join = joinOf()
    const offered = await offerOf(join, { secret: first })
    await deployedWith({ PASS_SECRET: first }, async () => (await enters(join, offered)).welcomed())
    await deployedWith({ PASS_SECRET: second, PASS_SECRET_PREVIOUS: first }, async () =>
      (await enters(join, offered)).welcomed(),
    )
    await deployedWith({ PASS_SECRET: third, PASS_SECRET_PREVIOUS: second }, () =>
      expectRefused(offered, 'pass-forged'),
    )
    // Leaked: the previous one is taken away at once.
    await deployedWith({ PASS_SECRET: second }, () => expectRefused(offered, 'pass-forged'))
  })

  it.each([
    ['PASS_SECRET', ''],
    ['PASS_SECRET', 'short'],
    ['PASS_SECRET_PREVIOUS', 'short'],
  ])('%s = "%s" is misconfigured, and lets nobody in', async (name, value) => {
    await deployedWith({ [name]: value }, async () => expectRefused(await offerOf(joinOf()), 'misconfigured'))
  })
})

describe('a new pass', () => {
  it('is given by the room: of the same peer, network and uses, good for the same time, and good', async () => {
    const join = joinOf()
    const capabilities = CAPABILITY.rooms | CAPABILITY.records
    const expiresAtMs = Date.now() + 60_000
    const path = '/v1/rooms/renewal?network=other'
    const options = { network: 'other', capabilities, expiresAtMs }
    const member = await enters(join, await offerOf(join, options), path)
    await member.welcomed()
    const began = Date.now()
    member.send({ kind: 'passWanted' })
    const { pass } = await member.next('pass')
    const says = readPass(pass)
    expect(says).toMatchObject({ subject: join.peer, capabilities })
    expect(says?.expiresAtMs).toBeGreaterThan(began + PASS_LIFETIME_MS - 2_000)
    expect(says?.expiresAtMs).toBeLessThanOrEqual(Date.now() + PASS_LIFETIME_MS)
    await expectRefused(joinSubprotocols(join, pass), 'pass-foreign')
    await (await enters(join, joinSubprotocols(join, pass), path)).welcomed()
  })

  it('is given though the room slept, and from what its socket was let in for', async () => {
    const member = await RoomSocket.join('sleepy')
    await member.welcomed()
    await evictDurableObject(roomObject('sleepy'))
    member.send({ kind: 'passWanted' })
    const { pass } = await member.next('pass')
    expect(readPass(pass)?.subject).toEqual(member.peer)
    await (await enters(joinOf(member.peer), joinSubprotocols(joinOf(member.peer), pass))).welcomed()
  })

  it('is given for what the newest socket showed, when a session comes back with less', async () => {
    const join = joinOf()
    await (await enters(join, await offerOf(join))).welcomed()
    const again = await enters(join, await offerOf(join, { capabilities: CAPABILITY.rooms }))
    expect((await again.welcomed()).resumed).toBe(true)
    again.send({ kind: 'passWanted' })
    expect(readPass((await again.next('pass')).pass)?.capabilities).toBe(CAPABILITY.rooms)
  })

  it('is not given to one who asks all the time', async () => {
    const member = await RoomSocket.join('greedy')
    await member.welcomed()
    const most = Math.floor(TOKENS_BURST / (PRICE.message + PRICE.pass))
    for (let i = 0; i < 2 * most; i++) member.send({ kind: 'passWanted' })
    expect(await member.next('refusal')).toMatchObject({
      code: 'rate-limited',
      refusedType: FRAME.passWanted,
    })
    const given = member.frames.filter(({ kind }) => kind === 'pass').length
    expect(given).toBeLessThanOrEqual(most + 1)
  })
})
