// Everything the room refuses, as a client sees it: a frame that says why, and a close only where it is fatal.

import { describe, expect, it } from 'vitest'
import { METADATA_BYTES_MAX, NAME_LENGTH_MAX, PATIENCE_BURST } from '../../protocol/limits/room.ts'
import { MESSAGE_BYTES_MAX } from '../../protocol/limits/wire.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import { encode } from '../../protocol/wire/codec.ts'
import {
  CLOSE_CODE_BASE,
  FRAME,
  JOIN_SUBPROTOCOL_PREFIX,
  REFUSAL,
  type RefusalCode,
  SUBPROTOCOL,
} from '../../protocol/wire/registry.ts'
import { offerOf } from '../support/passes.ts'
import { deployedWith } from './rooms.ts'
import { allSettled, joinOf, newPeer, RoomSocket, refusedFor, upgrade } from './socket.ts'

const hello = await offerOf(joinOf())
/** So few that it does not matter how fast the machine is. */
const FEW_TOKENS = { ROOM_TOKENS_PER_SECOND: 1 }
const fatal = (code: RefusalCode) => ({
  code,
  closed: { code: CLOSE_CODE_BASE + REFUSAL[code], reason: code, wasClean: true },
})

async function pair(room: string): Promise<[RoomSocket, RoomSocket]> {
  const alice = await RoomSocket.join(room)
  await alice.welcomed()
  const bob = await RoomSocket.join(room)
  await bob.welcomed()
  return [alice, bob]
}

describe('an upgrade is refused, in a way a browser can read,', () => {
  it.each([
    ['without any subprotocol', '/v1/rooms/r', undefined, 'version-mismatch'],
    ['in another version', '/v1/rooms/r', ['waypost.2', 'waypost.join.AA'], 'version-mismatch'],
    ['without a hello', '/v1/rooms/r', [SUBPROTOCOL], 'bad-request'],
    ['with an empty hello', '/v1/rooms/r', [SUBPROTOCOL, JOIN_SUBPROTOCOL_PREFIX], 'bad-request'],
    [
      'with a hello that is no base64url',
      '/v1/rooms/r',
      [SUBPROTOCOL, `${JOIN_SUBPROTOCOL_PREFIX}A`],
      'bad-request',
    ],
    [
      'with another frame as hello',
      '/v1/rooms/r',
      [SUBPROTOCOL, `${JOIN_SUBPROTOCOL_PREFIX}Fg`],
      'bad-request',
    ],
    ['with a room’s name of two lines', '/v1/rooms/a%0Ab', hello, 'bad-request'],
    [
      'with a room’s name over the bound',
      `/v1/rooms/${'n'.repeat(NAME_LENGTH_MAX + 1)}`,
      hello,
      'bad-request',
    ],
    ['with a network’s name that is none', '/v1/rooms/r?network=a%2Fb', hello, 'bad-request'],
    ['with an empty network’s name', '/v1/rooms/r?network=', hello, 'bad-request'],
  ] as const)('%s', async (_, path, offered, code) => {
    const response = await upgrade(path, offered)
    // A browser fails a socket whose answer names a subprotocol it did not offer, or names none of those it did.
    const answered = response.headers.get('Sec-WebSocket-Protocol')
    expect(answered).toBe(offered === undefined ? null : offered[0])
    expect(await refusedFor(RoomSocket.of(response))).toEqual(fatal(code))
  })

  it('with a hello of another version', async () => {
    expect(await refusedFor(await RoomSocket.join('v', newPeer(), { version: 2 }))).toEqual(
      fatal('version-mismatch'),
    )
  })

  it('with a hello that is cut', async () => {
    const join = encode(joinOf())
    const cut = JOIN_SUBPROTOCOL_PREFIX + toBase64url(join.subarray(0, join.length - 1))
    expect(await refusedFor(RoomSocket.of(await upgrade('/v1/rooms/r', [SUBPROTOCOL, cut])))).toEqual(
      fatal('bad-request'),
    )
  })

  it('with more metadata than the bound, and not with as much', async () => {
    const most = await RoomSocket.join('most', newPeer(), { metadata: new Uint8Array(METADATA_BYTES_MAX) })
    await most.welcomed()
    const more = await RoomSocket.join('most', newPeer(), {
      metadata: new Uint8Array(METADATA_BYTES_MAX + 1),
    })
    expect(await refusedFor(more)).toEqual(fatal('too-large'))
  })

  it('to a full room, until somebody leaves it', async () => {
    await deployedWith({ ROOM_PEERS_MAX: 2 }, async () => {
      const [alice, bob] = await pair('full')
      expect(await refusedFor(await RoomSocket.join('full'))).toEqual(fatal('room-full'))
      bob.close()
      await alice.next('left')
      await (await RoomSocket.join('full')).welcomed()
    })
  })

  it('by an edge whose rooms are set to nonsense, which says so where people look', async () => {
    await deployedWith({ ROOM_PEERS_MAX: 'many' }, async () => {
      expect(await refusedFor(await RoomSocket.join('nonsense'))).toEqual(fatal('misconfigured'))
    })
  })
})

describe('a frame is refused, and the socket stays,', () => {
  it.each([
    ['when it is none', Uint8Array.of(0xee), { code: 'malformed', refusedType: 0xee }],
    ['when it is cut', Uint8Array.of(FRAME.drained, 0), { code: 'malformed', refusedType: FRAME.drained }],
    ['when it is empty', new Uint8Array(), { code: 'malformed', refusedType: 0 }],
    ['when it is text', 'hello', { code: 'malformed', refusedType: 0 }],
    [
      'when it is for clients',
      Uint8Array.of(FRAME.left, 0, 0, 0, 0, 1),
      { code: 'unexpected', refusedType: FRAME.left },
    ],
    [
      'when it is over the bound',
      new Uint8Array(MESSAGE_BYTES_MAX + 1).fill(FRAME.relay),
      { code: 'too-large', refusedType: FRAME.relay },
    ],
  ] as const)('%s', async (name, message, refusal) => {
    const [alice, bob] = await pair(`frame ${name}`)
    alice.sendBytes(message)
    expect(await alice.next('refusal')).toEqual({ kind: 'refusal', retryAfterMs: 0, ...refusal })
    alice.send({ kind: 'relay', address: bob.view.address!, payload: utf8('still here') })
    expect((await bob.next('relay')).payload).toEqual(utf8('still here'))
  })

  it('when its metadata is over the bound', async () => {
    const [alice, bob] = await pair('metadata')
    alice.send({ kind: 'metadata', address: 0, metadata: new Uint8Array(METADATA_BYTES_MAX + 1) })
    expect(await alice.next('refusal')).toMatchObject({ code: 'too-large', refusedType: FRAME.metadata })
    await allSettled([alice, bob])
    expect(bob.frames.some(({ kind }) => kind === 'metadata')).toBe(false)
  })

  it('a message of exactly the bound is not', async () => {
    const [alice, bob] = await pair('exactly')
    alice.send({ kind: 'relay', address: bob.view.address!, payload: new Uint8Array(MESSAGE_BYTES_MAX - 5) })
    expect((await bob.next('relay')).payload.length).toBe(MESSAGE_BYTES_MAX - 5)
  })

  it('when too many came before it, with the time after which it is taken', async () => {
    await deployedWith(FEW_TOKENS, async () => {
      const [alice, bob] = await pair('rate')
      const relay = { kind: 'relay', address: bob.view.address!, payload: utf8('much') } as const
      for (let i = 0; i < 100; i++) alice.send(relay)
      const { code, retryAfterMs } = await alice.next('refusal')
      expect(code).toBe('rate-limited')
      expect(retryAfterMs).toBeGreaterThan(0)
      expect(retryAfterMs).toBeLessThanOrEqual(1_000)
      expect(alice.closed).toBeUndefined()
    })
  })
})

describe('a member who does not stop', () => {
  it('is told, closed, and gone for the others', async () => {
    await deployedWith(FEW_TOKENS, async () => {
      const [alice, bob] = await pair('flood')
      const { address } = bob.view
      for (let i = 0; i < 3 * PATIENCE_BURST; i++) bob.sendBytes(Uint8Array.of(0xee))
      expect(await bob.closing()).toEqual(fatal('flooding').closed)
      expect(bob.frames.at(-1)).toMatchObject({ kind: 'refusal', code: 'flooding' })
      expect(await alice.next('left')).toEqual({ kind: 'left', address, reason: 'expelled' })
    })
  })
})
