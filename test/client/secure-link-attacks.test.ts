// What those who carry a link's messages can do to it, with real cryptography: rooms that lie, repeat, reorder and reflect,
// connections with somebody in between, and people who are not who they should be.

import { afterEach, describe, expect, it } from 'vitest'
import { type Carried, expectUndisturbed, HONEST, identityOf, pureSuite, Two } from './two-links.ts'

const suite = await pureSuite()

let two: Two
afterEach(() => two.close())

async function met(): Promise<Two> {
  two = await Two.of(suite)
  await two.meet()
  expect(await two.talk()).toBe(true)
  return two
}

async function connected(): Promise<Two> {
  await met()
  two.connects()
  await two.settles()
  expect(await two.talk('webrtc')).toBe(true)
  return two
}

/** a has been away and is back with its ticket: the session is a resumed one. */
async function resumed(): Promise<Two> {
  await met()
  two.reloads(two.a)
  const lives = [3, HONEST.lives[1]] as const
  two.room({ ...HONEST, lives }, { ...HONEST, lives })
  two.a.link.want()
  await two.settles()
  expect(two.of('r2').length).toBe(1)
  expect(await two.talk()).toBe(true)
  return two
}

describe('a room that lies', () => {
  it.each([
    ['to one about its own address', { ...HONEST, addresses: [12, 22] as const }, HONEST],
    ["to one about the other's address", HONEST, { ...HONEST, addresses: [12, 22] as const }],
    ['to one about a life', HONEST, { ...HONEST, lives: [9, 2] as const }],
    ['to both about lives', { ...HONEST, lives: [1, 9] as const }, { ...HONEST, lives: [9, 2] as const }],
  ])('%s carries no handshake, and an honest one does', async (_, toA, toB) => {
    two = await Two.of(suite)
    two.room(toA, toB)
    two.a.link.want()
    two.b.link.want()
    await two.after(60_000)
    expect([two.a.up.size, two.b.up.size]).toEqual([0, 0])
    expect(two.b.drops).toContain('dial-tag')
    two.room()
    await two.after(20_000)
    expect(await two.talk()).toBe(true)
    expect([two.a.restarts, two.b.restarts]).toEqual([0, 0])
  })

  it('about a new life ends nothing by that, and carries no ticket either', async () => {
    await resumed()
    const { restarts } = two.b
    two.room(HONEST, { ...HONEST, lives: [9, 2] })
    two.b.link.want()
    two.a.link.want()
    await two.after(60_000)
    expect(two.b.restarts).toBe(restarts)
  })
})

describe('somebody between two ends of a direct connection', () => {
  it('is found out: nothing is said there, it is given up, and the room goes on', async () => {
    await met()
    two.connects(true)
    await two.after(10_000)
    expect([two.a.up.has('webrtc'), two.b.up.has('webrtc')]).toEqual([false, false])
    expect(two.a.givenUp + two.b.givenUp).toBe(1)
    expect(two.b.drops).toContain('mac')
    expect(two.carried.filter(({ path, kind }) => path === 'webrtc' && kind !== 'join')).toEqual([])
    expect(await two.talk()).toBe(true)
    two.connects()
    await two.settles()
    expect(await two.talk('webrtc')).toBe(true)
  })

  it('who swaps two records on a channel in order ends that connection, and nothing else', async () => {
    await connected()
    const kept: Carried[] = []
    two.carrier = (carried) => {
      kept.push(carried)
      return []
    }
    two.a.says('webrtc', 'bulk', '~1')
    await two.settles()
    two.a.says('webrtc', 'bulk', '~2')
    await two.settles()
    two.carrier = (carried) => [carried]
    for (const carried of kept.reverse()) two.arrives(carried)
    await two.settles()
    expect([two.a.givenUp, two.b.givenUp]).toEqual([0, 1])
    expect(two.b.heard).not.toContain('webrtc ~2')
    expect(await two.talk()).toBe(true)
  })

  it('is not suspected when a new session finds something of the last one in a buffer', async () => {
    await connected()
    const kept: Carried[] = []
    two.carrier = (carried) => {
      if (carried.channel !== 'bulk') return [carried]
      kept.push(carried)
      return []
    }
    for (const party of [two.a, two.b]) party.says('webrtc', 'bulk', '~left over')
    await two.settles()
    two.a.link.unanswered()
    await two.after(2_000)
    expect(await two.talk('webrtc')).toBe(true)
    two.carrier = (carried) => [carried]
    for (const carried of kept) two.arrives(carried)
    await two.settles()
    expect([two.a.givenUp, two.b.givenUp]).toEqual([0, 0])
    two.a.says('webrtc', 'bulk', '~new')
    await two.settles()
    expect(two.b.heard.at(-1)).toBe('webrtc ~new')
    // And from then on nothing old is taken for an accident.
    two.arrives(kept[0] as Carried)
    await two.settles()
    expect(two.b.givenUp).toBe(1)
  })

  it('may lose, swap and repeat what is not in order', async () => {
    await connected()
    two.carrier = (carried) => (carried.path === 'webrtc' ? [] : [carried])
    for (const text of ['~1', '~2', '~3', '~4']) {
      two.a.says('webrtc', 'gossip', text)
      await two.settles()
    }
    const [one, , three, four] = two.carried.filter(({ channel }) => channel === 'gossip') as Carried[]
    for (const carried of [four, one, three, one, four]) two.arrives(carried as Carried)
    await two.settles()
    expect(two.b.heard.slice(-3)).toEqual(['webrtc ~4', 'webrtc ~1', 'webrtc ~3'])
    expect(two.b.givenUp).toBe(0)
  })
})

describe('a room that repeats', () => {
  it.each([
    ['a handshake', met],
    ['a resumption', resumed],
  ])('%s and its records, in any order and at any time, ends nothing and is heard once', async (_, begin) => {
    await begin()
    const { length } = two.carried
    const heard = two.b.heard.length + two.a.heard.length
    const before = [two.a, two.b].map(({ downs, restarts }) => [downs, restarts])
    for (const pauseMs of [0, 5_000, 30_000]) {
      await two.after(pauseMs)
      const old = two.carried.slice(0, length)
      for (const carried of [...old, ...old.reverse()]) {
        two.arrives(carried)
        await two.settles()
      }
      expect(await two.talk()).toBe(true)
    }
    expect([two.a, two.b].map(({ downs, restarts }) => [downs, restarts])).toEqual(before)
    expect(two.a.heard.length + two.b.heard.length).toBe(heard + 6)
    // Replayed first messages are answered, and nobody finishes that.
    expect(two.of('m3').length).toBeLessThanOrEqual(1 + 12)
  })

  it('keeps a resumption back until whoever wanted it has long met the other, and ends nothing by it', async () => {
    await met()
    const kept: Carried[] = []
    two.carrier = (carried) => {
      if (carried.kind !== 'r1') return [carried]
      kept.push(carried)
      return []
    }
    two.a.link.unanswered()
    await two.after(10_000)
    expect(two.of('m1').length).toBe(2)
    expect(await two.talk()).toBe(true)
    const before = [two.a, two.b].map(({ downs, restarts }) => [downs, restarts])
    const [first] = kept as [Carried]
    two.arrives(first)
    await two.settles()
    // A good ticket, still unspent: it is answered, and nothing comes of it.
    expect(two.of('r2').length).toBe(1)
    expect(await two.talk()).toBe(true)
    await two.after(60_000)
    expect(await two.talk()).toBe(true)
    expect([two.a, two.b].map(({ downs, restarts }) => [downs, restarts])).toEqual(before)
  })

  it('says everything twice at once, and they meet all the same', async () => {
    two = await Two.of(suite)
    two.carrier = (carried) => [carried, carried]
    await two.meet()
    expect(await two.talk()).toBe(true)
    two.connects()
    two.carrier = (carried) => (carried.path === 'relay' ? [carried, carried] : [carried])
    await two.settles()
    expect(await two.talk('webrtc')).toBe(true)
    two.reloads(two.a)
    const lives = [3, 2] as const
    two.room({ ...HONEST, lives }, { ...HONEST, lives })
    two.a.link.want()
    await two.settles()
    expect(await two.talk()).toBe(true)
    // With the ticket, and not after a dial in full.
    expect([two.of('m1').length, two.of('r1').length]).toEqual([1, 1])
  })

  it('sends back to each what it says, and they meet all the same', async () => {
    two = await Two.of(suite)
    two.carrier = (carried) => [{ ...carried, to: carried.from }, carried, { ...carried, to: carried.from }]
    await two.meet()
    expect(await two.talk()).toBe(true)
    expect(two.a.heard.length + two.b.heard.length).toBe(2)
    expectUndisturbed(two.a, two.b)
  })

  it('reorders what they say, and all of it is heard once', async () => {
    await met()
    const kept: Carried[] = []
    two.carrier = (carried) => {
      kept.push(carried)
      return []
    }
    const texts = Array.from({ length: 30 }, (_, i) => `~word ${i}`)
    for (const text of texts) {
      two.a.says('relay', 'control', text)
      await two.settles()
    }
    for (const carried of kept.reverse()) two.arrives(carried)
    await two.settles()
    expect(two.b.heard.slice(-30)).toEqual(texts.map((text) => `relay ${text}`).reverse())
    expectUndisturbed(two.a, two.b)
  })
})

describe('somebody else', () => {
  it('who answers in its place is not taken for it, and does not keep it from answering', async () => {
    two = await Two.of(suite)
    const thief = { id: two.b.identity.id, key: (await identityOf(suite, 3)).key }
    two.reloads(two.b, thief)
    await two.meet()
    expect(two.a.drops).toContain('wrong-peer')
    expect(two.of('m3')).toEqual([])
    two.reloads(two.b)
    two.room()
    two.a.link.want()
    await two.after(10_000)
    expect(await two.talk()).toBe(true)
  })

  it('who dials in its place is not taken for it either', async () => {
    two = await Two.of(suite)
    two.reloads(two.a, await identityOf(suite, 3))
    await two.meet()
    await two.settles()
    expect(two.b.drops).toContain('wrong-peer')
    expect(two.b.up.size).toBe(0)
    two.reloads(two.a)
    two.room()
    two.a.link.want()
    await two.after(10_000)
    expect(await two.talk()).toBe(true)
  })
})
