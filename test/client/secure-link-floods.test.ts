// What those who carry a link's messages can flood it with, and what becomes of one bit they change: with real cryptography.

import { afterEach, describe, expect, it } from 'vitest'
import { Initiator } from '../../protocol/crypto/handshake/initiator.ts'
import { HELD_RECORDS_BYTES_MAX, HELD_RECORDS_MAX } from '../../protocol/limits/keying.ts'
import {
  type Carried,
  expectUndisturbed,
  HONEST,
  identityOf,
  type Kind,
  pureSuite,
  Two,
} from './two-links.ts'

const suite = await pureSuite()

let two: Two
afterEach(() => two.close())

async function met(): Promise<Two> {
  two = await Two.of(suite)
  await two.meet()
  expect(await two.talk()).toBe(true)
  return two
}

describe('a flood', () => {
  it('of first messages has as many answers as are admitted, and ends nothing', async () => {
    await met()
    let left = 5
    two.b.admits = () => left-- > 0
    const place = (who: 0 | 1) => ({
      address: HONEST.addresses[who],
      session: new Uint8Array(8).fill(HONEST.lives[who]),
    })
    const answered = two.of('m2').length
    for (let i = 0; i < 20; i++) {
      const { m1 } = await Initiator.start(suite, {
        identity: await identityOf(suite, 9),
        peer: two.b.identity.id,
        binding: { kind: 'relay', network: 'n', room: 'r', initiator: place(0), responder: place(1) },
      })
      const [like] = two.of('m1')
      two.arrives({ ...(like as Carried), bytes: m1 })
      await two.settles()
    }
    expect(two.of('m2').length).toBe(answered + 5)
    expect(two.b.drops.filter((reason) => reason === 'rate-limited').length).toBe(15)
    expect(await two.talk()).toBe(true)
    expectUndisturbed(two.a, two.b)
  })

  it.each([
    ['many', 10, HELD_RECORDS_MAX],
    ['large', 60_000, Math.floor(HELD_RECORDS_BYTES_MAX / 60_000)],
  ])('of %s records before there are keys is held so far, and no further', async (_, bytes, most) => {
    two = await Two.of(suite)
    const junk = new Uint8Array(bytes)
    two.carrier = (carried) =>
      carried.kind === 'm2'
        ? [...Array.from({ length: 500 }, () => ({ ...carried, bytes: junk })), carried]
        : [carried]
    await two.meet()
    // The others had their turn when there were keys.
    expect(two.a.drops.filter((reason) => reason === 'stale').length).toBe(500 - most)
    expect(two.a.drops.length).toBe(500)
    expect(await two.talk()).toBe(true)
  })

  it('of records to somebody who waits for nothing is not held at all', async () => {
    two = await Two.of(suite)
    two.room()
    const like = { from: two.a, to: two.b, path: 'relay', channel: 'control', kind: 'record' } as const
    for (let i = 0; i < 100; i++) two.arrives({ ...like, bytes: new Uint8Array(100) })
    expect(two.b.drops.length).toBe(100)
  })
})

describe('one bit', () => {
  /** In the header, each byte; then here and there in every part; and the last. */
  function flipped(bytes: Uint8Array): Uint8Array[] {
    const step = Math.max(1, Math.floor(bytes.length / 24))
    const places = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, bytes.length - 17, bytes.length - 1])
    for (let at = 0; at < bytes.length; at += step) places.add(at)
    return [...places]
      .filter((at) => at >= 0 && at < bytes.length)
      .map((at) => {
        const copy = bytes.slice()
        copy[at] = (copy[at] as number) ^ (1 << (at % 8))
        return copy
      })
  }

  /** Before the first of this kind come all its likes, one after another. */
  async function spoils(kind: Kind): Promise<void> {
    const kept: Carried[] = []
    two.carrier = (carried) => {
      if (carried.kind !== kind || kept.length > 0) return [carried]
      kept.push(carried)
      return []
    }
    await two.settles()
    const [right] = kept as [Carried]
    for (const bytes of flipped(right.bytes)) {
      two.arrives({ ...right, bytes })
      await two.settles()
    }
    const drops = two.a.drops.length + two.b.drops.length
    expect(drops).toBeGreaterThan(20)
    two.arrives(right)
    await two.settles()
    // The right one was no repetition of any. What looked like a record waited for keys, and is dropped now.
    expect(two.a.drops.length + two.b.drops.length - drops).toBeLessThanOrEqual(1)
  }

  it.each(['m1', 'm2', 'm3', 'record'] as const)(
    'of %s is noticed, and the right one taken after it',
    async (kind) => {
      two = await Two.of(suite)
      two.room()
      two.a.link.want()
      await spoils(kind)
      expect(await two.talk()).toBe(true)
      expect([two.of('m1').length, two.of('m2').length, two.of('m3').length]).toEqual([1, 1, 1])
      expect(two.a.heard.length + two.b.heard.length).toBe(2)
      expectUndisturbed(two.a, two.b)
    },
  )

  it.each(['r1', 'r2'] as const)('of %s is noticed, and the right one taken after it', async (kind) => {
    await met()
    two.a.drops = []
    two.reloads(two.a)
    const lives = [3, 2] as const
    two.room({ ...HONEST, lives }, { ...HONEST, lives })
    two.a.link.want()
    await spoils(kind)
    expect(await two.talk()).toBe(true)
    expect(two.of('m1').length).toBe(1)
  })

  it.each(['join', 'accept'] as const)('of %s is noticed, and the right one taken after it', async (kind) => {
    await met()
    two.connects()
    await spoils(kind)
    expect(await two.talk('webrtc')).toBe(true)
    expectUndisturbed(two.a, two.b)
  })
})
