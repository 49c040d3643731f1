// The signaling room in workerd: two members meet, talk and part; then everything that can go otherwise.

import { describe, expect, it } from 'vitest'
import { utf8 } from '../../protocol/wire/bytes.ts'
import { RoomSocket } from './socket.ts'

describe('a room', () => {
  it('shows a newcomer who is here, and tells those here of the newcomer', async () => {
    const alice = await RoomSocket.join('meet', undefined, { metadata: utf8('alice') })
    expect((await alice.welcomed()).roster).toEqual([])
    const bob = await RoomSocket.join('meet')
    const { roster } = await bob.welcomed()
    expect(roster.map((member) => member.peer)).toEqual([alice.peer])
    expect(roster[0]?.metadata).toEqual(utf8('alice'))
    expect((await alice.next('joined')).member.peer).toEqual(bob.peer)
  })

  it('relays to one member, and names the sender', async () => {
    const alice = await RoomSocket.join('relay')
    const { address } = await alice.welcomed()
    const bob = await RoomSocket.join('relay')
    await bob.welcomed()
    const { member } = await alice.next('joined')
    alice.send({ kind: 'relay', address: member.address, payload: utf8('hello') })
    const heard = await bob.next('relay')
    expect(heard.payload).toEqual(utf8('hello'))
    expect(heard.address).toBe(address)
  })

  it('ends cleanly at once when a browser closes without a code', async () => {
    const alice = await RoomSocket.join('close')
    await alice.welcomed()
    const bob = await RoomSocket.join('close')
    const { address } = await bob.welcomed()
    bob.close()
    expect(await bob.closing()).toMatchObject({ wasClean: true })
    expect(await alice.next('left')).toEqual({ kind: 'left', address, reason: 'closed' })
  })

  it('answers keep-alives', async () => {
    const alice = await RoomSocket.join('ping')
    alice.sendBytes('ping')
    expect(await alice.nextText()).toBe('pong')
  })
})
