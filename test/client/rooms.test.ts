// Clients in Node, by relay, against a real edge: rooms, messages, and everything that may happen around them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Peer, Room, Waypost } from '../../client/index.ts'
import { LINK_QUEUE_MESSAGES_MAX } from '../../protocol/limits/link.ts'
import { BROADCAST_QUEUE_MAX } from '../../protocol/limits/membership.ts'
import { MESSAGE_BYTES_MAX } from '../../protocol/limits/wire.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'

let edge: LocalEdge

beforeAll(async () => {
  edge = await LocalEdge.start({ vars: { ROOM_PEERS_MAX: 40 } })
}, 90_000)
afterAll(() => edge.stop())

/** As a page without types would write it. */
const loosely = (value: unknown) => value as never
const STRANGER = peerIdText(new Uint8Array(32).fill(9))
const sees = (room: Room, other: Waypost) => expect.poll(() => room.peers.has(other.id)).toBe(true)

/** So many clients in a new room that all see each other. */
async function together(count: number): Promise<{ wayposts: Waypost[]; rooms: Room[]; name: string }> {
  const name = newRoom()
  const wayposts = await Promise.all(Array.from({ length: count }, () => client(edge.url)))
  const rooms = await Promise.all(wayposts.map((waypost) => waypost.join(name)))
  await Promise.all(rooms.map((room) => expect.poll(() => room.peers.size).toBe(count - 1)))
  return { wayposts, rooms, name }
}

async function pair() {
  const { wayposts, rooms, name } = await together(2)
  const [alice, bob] = wayposts as [Waypost, Waypost]
  const [aliceRoom, bobRoom] = rooms as [Room, Room]
  return { alice, bob, aliceRoom, bobRoom, name }
}

describe('a room', () => {
  it('is joined with those who are there, and tells of those who come and go', async () => {
    const name = newRoom()
    const [alice, bob] = [await client(edge.url), await client(edge.url)]
    const aliceRoom = await alice.join(name, { metadata: { name: 'Alice' } })
    const events: string[] = []
    aliceRoom.on('join', ({ id, metadata }) => events.push(`join ${id} ${JSON.stringify(metadata)}`))
    aliceRoom.on('update', ({ metadata }) => events.push(`update ${JSON.stringify(metadata)}`))
    aliceRoom.on('leave', ({ id }: Peer) => events.push(`leave ${id}`))
    const bobRoom = await bob.join(name, { metadata: 'Bob' })
    expect([...bobRoom.peers.values()].map(({ id, metadata }) => [id, metadata])).toEqual([
      [alice.id, { name: 'Alice' }],
    ])
    bobRoom.setMetadata('Robert')
    await expect.poll(() => events.length).toBe(2)
    bobRoom.close()
    await expect.poll(() => events.length).toBe(3)
    expect(events).toEqual([`join ${bob.id} "Bob"`, 'update "Robert"', `leave ${bob.id}`])
    expect(bobRoom.state).toBe('closed')
  })

  it('joined twice, or by many callers at once, is one room', async () => {
    const name = newRoom()
    const [alice, bob] = [await client(edge.url), await client(edge.url)]
    const rooms = await Promise.all(Array.from({ length: 20 }, () => alice.join(name)))
    expect(new Set(rooms).size).toBe(1)
    const bobRoom = await bob.join(name)
    expect(bobRoom.peers.size).toBe(1)
    expect(await alice.join(name, { metadata: 'anew' })).toBe(rooms[0])
    await expect.poll(() => bobRoom.peers.get(alice.id)?.metadata).toBe('anew')
  })

  it('that was left can be joined again, as another room', async () => {
    const { alice, aliceRoom, bob, name } = await pair()
    aliceRoom.close()
    const again = await alice.join(name)
    expect(again).not.toBe(aliceRoom)
    await sees(again, bob)
    expect(() => aliceRoom.broadcast('x')).toThrow(/closed/)
    expect(() => aliceRoom.setMetadata('x')).toThrow(/closed/)
  })

  it('is full when it has as many as it may', async () => {
    const small = await LocalEdge.start({ vars: { ROOM_PEERS_MAX: 1 } })
    try {
      const name = newRoom()
      await (await client(small.url)).join(name)
      expect(await codeOf((await client(small.url)).join(name))).toBe('room-full')
    } finally {
      await small.stop()
    }
  }, 90_000)

  it('takes any name that is one', async () => {
    const waypost = await client(edge.url)
    for (const name of ['a/b?c#d', 'ümläut 🎉', '%2e%2e', '...', ' ']) {
      expect((await waypost.join(name)).name).toBe(name)
    }
    for (const name of ['', '.', '..', 'a\nb', 'x'.repeat(129), '\ud800', 'waypost/mesh', 'waypost/']) {
      await expect(waypost.join(name)).rejects.toThrow(RangeError)
    }
    await expect(waypost.join(loosely(7))).rejects.toThrow(TypeError)
    await expect(waypost.join('x', loosely({ metdata: 1 }))).rejects.toThrow(/unknown option 'metdata'/)
    expect(await codeOf(waypost.join('x', { metadata: 'x'.repeat(1_024) }))).toBe('too-large')
  })

  it('of many peers who come at once is seen alike by all, and what one says is heard by all', async () => {
    const { rooms } = await together(25)
    const heard = rooms.map((room) => {
      const texts: unknown[] = []
      room.on('message', ({ data }) => texts.push(data))
      return texts
    })
    // A first broadcast needs a link to each: a hundred handshakes for these four, all in this one process.
    const speakers = rooms.slice(0, 4)
    for (const [i, room] of speakers.entries()) room.broadcast(i)
    const others = (i: number) => [0, 1, 2, 3].filter((speaker) => speaker !== i)
    for (const [i, texts] of heard.entries())
      await expect.poll(() => [...texts].sort(), { timeout: 100_000 }).toEqual(others(i))
  }, 150_000)
})

describe('a broadcast', () => {
  it('just before leaving is heard', async () => {
    const { aliceRoom, bobRoom } = await pair()
    const heard: unknown[] = []
    bobRoom.on('message', ({ data }) => heard.push(data))
    aliceRoom.broadcast('goodbye')
    aliceRoom.close()
    await expect.poll(() => bobRoom.peers.size).toBe(0)
    expect(heard).toEqual(['goodbye'])
  })

  it('just before leaving a room of many is heard too, where it must be sealed first', async () => {
    const { rooms } = await together(7)
    const [speaker, ...others] = rooms as [Room, ...Room[]]
    const heard = others.map((room) => {
      const texts: unknown[] = []
      room.on('message', ({ data }) => texts.push(data))
      return texts
    })
    speaker.broadcast('hello') // From here on they all have links, and a key.
    await Promise.all(heard.map((texts) => expect.poll(() => texts).toEqual(['hello'])))
    speaker.broadcast('goodbye')
    speaker.close()
    await Promise.all(others.map((room) => expect.poll(() => room.peers.size).toBe(5)))
    // Who left is seen at once; what it said last is unsealed first.
    await expect.poll(() => heard).toEqual(others.map(() => ['hello', 'goodbye']))
  })

  it('too large, or one too many, is refused', async () => {
    const { aliceRoom } = await pair()
    expect(() => aliceRoom.broadcast(new Uint8Array(MESSAGE_BYTES_MAX))).toThrow(/at most/)
    expect(() => aliceRoom.broadcast(loosely(undefined))).toThrow(TypeError)
    const pushAll = () => {
      for (let i = 0; i <= BROADCAST_QUEUE_MAX; i++) aliceRoom.broadcast(i)
    }
    expect(pushAll).toThrow(expect.objectContaining({ code: 'queue-full' }))
  })
})

describe('a message', () => {
  it('arrives as it was sent, and says how', async () => {
    const { alice, bob } = await pair()
    const heard: unknown[] = []
    bob.on('message', ({ from, data, via }) => heard.push([from, data, via]))
    const sent = ['text', { json: [1, null, true] }, null, 0, Uint8Array.of(1, 2, 3), '']
    const receipts = await Promise.all(sent.map((data) => alice.send(bob.id, data)))
    expect(heard).toEqual(sent.map((data) => [alice.id, data, 'relay']))
    expect(receipts).toEqual(sent.map(() => ({ via: 'relay' })))
  })

  it('of many arrives in its channel, in order, once', async () => {
    const { alice, bob } = await pair()
    const heard: Record<string, number[]> = { control: [], bulk: [] }
    bob.on('message', ({ data }) => {
      const { channel, i } = data as unknown as { channel: string; i: number }
      heard[channel]?.push(i)
    })
    const sending: Promise<unknown>[] = []
    for (let i = 0; i < 500; i++) {
      for (const channel of ['control', 'bulk'] as const) {
        sending.push(alice.send(bob.id, { channel, i }, { channel }))
      }
    }
    await Promise.all(sending)
    const inOrder = Array.from({ length: 500 }, (_, i) => i)
    expect(heard).toEqual({ control: inOrder, bulk: inOrder })
  }, 20_000)

  it('that is misuse is told as such', async () => {
    const { alice, bob } = await pair()
    await expect(alice.send(loosely(7), 'x')).rejects.toThrow(TypeError)
    await expect(alice.send('nobody', 'x')).rejects.toThrow(RangeError)
    await expect(alice.send(alice.id, 'x')).rejects.toThrow(/itself/)
    await expect(alice.send(bob.id, loosely(undefined))).rejects.toThrow(TypeError)
    await expect(alice.send(bob.id, 'x', { channel: loosely('fast') })).rejects.toThrow(/'fast'/)
    await expect(alice.send(bob.id, 'x', loosely({ ttl: 1 }))).rejects.toThrow(/unknown option 'ttl'/)
    await expect(alice.send(bob.id, 'x', { ttlMs: 300_001 })).rejects.toThrow(/ttlMs/)
    expect(() => alice.on(loosely('mesage'), () => {})).toThrow(/'mesage'/)
  })

  it('that cannot be sent says why', async () => {
    const { alice, bob } = await pair()
    expect(await codeOf(alice.send(STRANGER, 'x'))).toBe('peer-unreachable')
    expect(await codeOf(alice.send(bob.id, new Uint8Array(16 * 2 ** 20)))).toBe('too-large')
    expect(await codeOf(alice.send(bob.id, 'x', { signal: AbortSignal.abort() }))).toBe('aborted')
    expect(() => alice.datagram(bob.id, new Uint8Array(16 * 1_024))).toThrow(/at most/)
    expect(alice.datagram(STRANGER, 'x')).toBe(false)
  })

  it('that is aborted under way is, and nothing else with it', async () => {
    const { alice, bob } = await pair()
    const abort = new AbortController()
    const { signal } = abort
    const before = await alice.send(bob.id, 'before', { signal })
    const large = codeOf(alice.send(bob.id, new Uint8Array(8 * 2 ** 20), { signal }))
    const after = alice.send(bob.id, 'after')
    abort.abort()
    expect(await large).toBe('aborted')
    expect([before, await after]).toEqual([{ via: 'relay' }, { via: 'relay' }])
  }, 20_000)

  it('that takes longer than it is worth ends as timeout', async () => {
    const { alice, bob } = await pair()
    bob.on('message', () => new Promise(() => {}))
    const large = Array.from({ length: 3 }, () =>
      codeOf(alice.send(bob.id, new Uint8Array(2 ** 20), { ttlMs: 1_000 })),
    )
    expect((await Promise.all(large)).at(-1)).toBe('timeout')
  })

  it('one too many is refused, and those before it arrive or end as closed', async () => {
    const { alice, bob } = await pair()
    const codes: Promise<string>[] = []
    // Larger than a window together, so that they wait.
    for (let i = 0; i < LINK_QUEUE_MESSAGES_MAX + 2_000; i++)
      codes.push(codeOf(alice.send(bob.id, 'x'.repeat(2_000))))
    expect(await codes.at(-1)).toBe('queue-full')
    await alice.close()
    const ends = new Set(await Promise.all(codes))
    expect([...ends].sort()).toEqual(['closed', 'queue-full'])
  }, 20_000)

  it('to a peer whose handler is slow waits for it, and arrives', async () => {
    const { alice, bob } = await pair()
    let free: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      free = resolve
    })
    let heard = 0
    bob.on('message', () => {
      heard++
      return gate
    })
    const sending = Array.from({ length: 40 }, () => alice.send(bob.id, new Uint8Array(100_000)))
    await Promise.race(sending)
    await expect.poll(() => alice.status().links[0]?.waitingMessages ?? 0).toBeGreaterThan(20)
    expect(heard).toBeLessThan(14)
    free()
    await Promise.all(sending)
    expect(heard).toBe(40)
  }, 30_000)
})

describe('rooms with the same peer in both', () => {
  it('make one link, which stays when one of them is left', async () => {
    const { alice, bob, aliceRoom } = await pair()
    const other = newRoom()
    const [second] = await Promise.all([alice.join(other), bob.join(other)])
    await sees(second, bob)
    expect(alice.status().links.length).toBe(1)
    aliceRoom.close()
    expect(await alice.send(bob.id, 'still here')).toEqual({ via: 'relay' })
    second.close()
    expect(await codeOf(alice.send(bob.id, 'x'))).toBe('peer-unreachable')
  })
})

describe('closing', () => {
  it('ends what is under way, every room, and every event', async () => {
    const { alice, bob, aliceRoom, bobRoom } = await pair()
    let heard = 0
    alice.on('message', () => heard++)
    const sending = codeOf(alice.send(bob.id, new Uint8Array(8 * 2 ** 20)))
    const left = expect.poll(() => bobRoom.peers.size).toBe(0)
    await alice.close()
    await alice.close()
    expect([await sending, aliceRoom.state, aliceRoom.peers.size]).toEqual(['closed', 'closed', 0])
    expect(alice.status()).toMatchObject({ rooms: [], links: [] })
    await left
    expect(await codeOf(alice.send(bob.id, 'x'))).toBe('closed')
    expect(await codeOf(alice.join('x'))).toBe('closed')
    expect(heard).toBe(0)
  })

  it('is what the end of a block does', async () => {
    const { bobRoom, name } = await pair()
    {
      await using guest = await client(edge.url)
      await using room = await guest.join(name)
      await expect.poll(() => bobRoom.peers.has(guest.id)).toBe(true)
      expect(room.peers.size).toBe(2)
    }
    await expect.poll(() => bobRoom.peers.size).toBe(1)
  })

  it('of one Waypost leaves another in the same process alone', async () => {
    const { alice, bob, name } = await pair()
    const third = await client(edge.url)
    await third.join(name)
    await alice.close()
    await expect.poll(() => codeOf(third.send(bob.id, 'x'))).toBe('none')
  })
})
