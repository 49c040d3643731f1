// Clients that are not ours, over a real socket: the wire is a document and not a library, so whatever speaks WebSocket
// can be a member. Here Node's own, and an unmodified partysocket.

import { WebSocket as PartyWebSocket } from 'partysocket'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../protocol/wire/bytes.ts'
import { SUBPROTOCOL } from '../../protocol/wire/registry.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { NodeMember, newJoin, roomUrl, type SocketLike } from '../support/node-member.ts'
import { offerOf } from '../support/passes.ts'

let edge: LocalEdge
const members: NodeMember[] = []

beforeAll(async () => {
  edge = await LocalEdge.start()
})
afterAll(async () => {
  for (const { socket } of members) socket.close()
  await edge?.stop()
})

function member(socket: SocketLike): NodeMember {
  const made = new NodeMember(socket)
  members.push(made)
  return made
}

describe('an unmodified partysocket', () => {
  const party = async (room: string) =>
    member(
      new PartyWebSocket(roomUrl(edge.url, room), await offerOf(newJoin()), {
        minReconnectionDelay: 100,
        maxReconnectionDelay: 500,
      }) as unknown as SocketLike,
    )

  it('joins a room, talks in it, and leaves it', async () => {
    const alice = await party('party')
    await alice.next('welcome')
    const bob = member(new WebSocket(roomUrl(edge.url, 'party'), await offerOf(newJoin())))
    const { address } = await bob.next('welcome')
    expect((await bob.next('roster')).members.length).toBe(1)
    const { member: joined } = await alice.next('joined')
    expect(joined.address).toBe(address)
    alice.send({ kind: 'relay', address, payload: utf8('hello') })
    const heard = await bob.next('relay')
    expect(heard.payload).toEqual(utf8('hello'))
    bob.send({ kind: 'broadcast', address: 0, payload: utf8('hello all') })
    expect((await alice.next('broadcast')).payload).toEqual(utf8('hello all'))
    alice.socket.close()
    expect(await bob.next('left')).toEqual({ kind: 'left', address: heard.address, reason: 'closed' })
  })

  it('is a member again by itself when the edge was killed and came back', async () => {
    const alice = await party('killed')
    await alice.next('welcome')
    await edge.kill()
    await edge.up()
    await alice.next('welcome')
    const bob = member(new WebSocket(roomUrl(edge.url, 'killed'), await offerOf(newJoin())))
    await bob.next('welcome')
    expect((await bob.next('roster')).members.length).toBe(1)
  })
})

describe('a WebSocket that checks as browsers do', () => {
  it.each([
    ['of another version', ['waypost.2'], { code: 4007, reason: 'version-mismatch' }],
    ['without any protocol', [], { code: 4007, reason: 'version-mismatch' }],
    ['without a hello', [SUBPROTOCOL], { code: 4010, reason: 'bad-request' }],
  ] as const)('%s is told why it is refused', async (_, protocols, close) => {
    const refused = member(new WebSocket(roomUrl(edge.url, 'refused'), [...protocols]))
    expect(await refused.next('refusal')).toMatchObject({ code: close.reason })
    expect(await refused.closed()).toEqual(close)
  })
})
