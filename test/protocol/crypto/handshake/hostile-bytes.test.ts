// Bytes from nobody in particular: any single flipped bit ends nothing and is never taken, and nothing whatever throws. No
// field of the three messages is ignored: there is no bit that may be flipped.

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeBinding } from '../../../../protocol/crypto/handshake/binding.ts'
import { Joins } from '../../../../protocol/crypto/handshake/join.ts'
import { COVERED, LENGTH, readJoining, readR1, typeOf } from '../../../../protocol/crypto/handshake/layout.ts'
import { ResumeResponder, Resumer } from '../../../../protocol/crypto/handshake/resume.ts'
import type { Backend, Suite } from '../../../../protocol/crypto/suite.ts'
import { BACKENDS, suiteOf } from '../suites.ts'
import { retagged } from './forging.ts'
import { type Cast, cast, dial, drop, flipped, listen, m2Of, meet, NOW, patched, RELAY } from './meeting.ts'

const suites = {} as Record<Backend, Suite>
let suite: Suite
let peers: Cast
beforeAll(async () => {
  for (const backend of BACKENDS) suites[backend] = await suiteOf(backend)
  suite = suites.native
  peers = await cast(suite)
})

/** The first and last bit of every field, by where fields begin. */
const edges = (...begins: readonly number[]) =>
  begins.flatMap((at) => [at * 8, at * 8 - 1]).filter((bit) => bit >= 0)
const M1_EDGES = edges(0, 4, 5, 6, 8, 10, 12, 14, 46, 46 + 1184, 1262, 1278, 1279, 1280)
const M2_EDGES = edges(0, 4, 5, 6, 8, 40, 40 + 1088, 1160, 1160 + 1952, 6696 - 16, 6696)
const M3_EDGES = edges(0, 4, 5, 6, 6 + 1952, 6 + 1952 + 3309, 5542 - 16, 5542).filter((bit) => bit < 5542 * 8)

const anyBit = (length: number) => fc.integer({ min: 0, max: length * 8 - 1 })
const within = (bits: readonly number[], length: number) => bits.filter((bit) => bit < length * 8)
const many = (bits: readonly number[]) => ({ numRuns: 120, examples: bits.map((bit): [number] => [bit]) })

describe('one flipped bit', () => {
  it('of M1 is not answered, wherever it is', async () => {
    const { m1 } = await dial(suite, peers.alice, peers.bob)
    const bob = await listen(suite, peers.bob)
    const refused = async (bit: number) => {
      const answer = await bob.receive(flipped(m1, bit), NOW)
      expect(answer).toMatchObject({ kind: 'drop' })
    }
    await fc.assert(fc.asyncProperty(anyBit(LENGTH.m1), refused), many(within(M1_EDGES, LENGTH.m1)))
    for (let bit = 0; bit < LENGTH.m1 * 8; bit += 7) await refused(bit)
    expect(await bob.receive(m1, NOW)).toMatchObject({ kind: 'answer' })
  })

  it('of M1, made out to the dialled one again, comes out when the dialler gets its answer', async () => {
    const alice = await dial(suite, peers.alice, peers.bob)
    const noticed = async (bit: number) => {
      const bob = await listen(suite, peers.bob)
      const touched = await retagged(suite, flipped(alice.m1, bit), peers.bob.id, RELAY)
      const answer = await bob.receive(touched, NOW)
      if (answer.kind !== 'answer') return
      expect(await alice.receive(answer.m2, NOW)).toEqual(drop('unopened'))
    }
    await fc.assert(fc.asyncProperty(anyBit(COVERED.m1), noticed), many(within(M1_EDGES, COVERED.m1)))
  })

  it('of M2 is not believed, wherever it is', async () => {
    const alice = await dial(suite, peers.alice, peers.bob)
    const m2 = await m2Of(await listen(suite, peers.bob), alice.m1)
    const refused = async (bit: number) => {
      expect(await alice.receive(flipped(m2, bit), NOW)).toMatchObject({ kind: 'drop' })
    }
    await fc.assert(fc.asyncProperty(anyBit(LENGTH.m2), refused), many(within(M2_EDGES, LENGTH.m2)))
    expect(await alice.receive(m2, NOW)).toMatchObject({ kind: 'established' })
  })

  it('of M3 is not believed, wherever it is', async () => {
    const alice = await dial(suite, peers.alice, peers.bob)
    const bob = await listen(suite, peers.bob)
    const told = await alice.receive(await m2Of(bob, alice.m1), NOW)
    if (told.kind !== 'established') throw new Error('no M3')
    const refused = async (bit: number) => {
      expect(await bob.receive(flipped(told.m3, bit), NOW)).toMatchObject({ kind: 'drop' })
    }
    await fc.assert(fc.asyncProperty(anyBit(LENGTH.m3), refused), many(M3_EDGES))
    expect(await bob.receive(told.m3, NOW)).toMatchObject({ kind: 'established' })
  })
})

describe('a message that is cut, or goes on', () => {
  it('is malformed at every length but its own', async () => {
    const alice = await dial(suite, peers.alice, peers.bob)
    const bob = await listen(suite, peers.bob)
    const m2 = await m2Of(await listen(suite, peers.bob), alice.m1)
    for (const length of [0, 1, 4, 5, 6, 1279, 1281, 5542, 6696, 65_535]) {
      const resized = (bytes: Uint8Array) => patched(new Uint8Array(length), 0, bytes.subarray(0, length))
      if (length !== LENGTH.m2) expect(await alice.receive(resized(m2), NOW)).toEqual(drop('malformed'))
      expect((await bob.receive(resized(alice.m1), NOW)).kind).toBe('drop')
    }
  })
})

describe('any bytes whatever', () => {
  /** Chance alone never gets past the magic: so also right heads and lengths with chance behind them. */
  const lengths = Object.values(LENGTH)
  const messages = fc.oneof(
    fc.uint8Array({ maxLength: 7_000 }),
    fc
      .tuple(
        fc.nat({ max: 8 }),
        fc.constantFrom(...lengths),
        fc.nat({ max: 3 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
      )
      .map(([type, length, flags, filling]) => {
        const bytes = Uint8Array.from({ length }, (_, i) => (filling[i % 64] ?? 0) + (i >> 6))
        return patched(bytes, 0, Uint8Array.of(0x57, 0x50, 0x48, 0x31, type, flags >> 1, 0, 1))
      }),
  )

  it('are dropped by everything that receives, and nothing throws', async () => {
    const { alices, bobs } = await meet(
      await dial(suite, peers.alice, peers.bob),
      await listen(suite, peers.bob),
    )
    const alice = await dial(suite, peers.alice, peers.bob)
    const bob = await listen(suite, peers.bob)
    const answered = await listen(suite, peers.bob)
    await m2Of(answered, alice.m1)
    const resumer = await Resumer.start(suite, { ticket: alices.tickets.ours, binding: RELAY }, NOW)
    const tickets = { find: () => bobs.tickets.theirs, take: () => true }
    const resuming = await ResumeResponder.listen(suite, { binding: RELAY, tickets })
    const joins = new Joins(suite, bobs)
    const join = await joins.start(RELAY)
    await fc.assert(
      fc.asyncProperty(messages, async (bytes) => {
        typeOf(bytes)
        readR1(bytes)
        readJoining('join', bytes)
        for (const receiving of [alice, bob, answered, resuming])
          expect((await receiving.receive(bytes, NOW)).kind).toBe('drop')
        expect((await resumer?.receive(bytes))?.kind).toBe('drop')
        expect((await joins.receive(bytes, RELAY)).kind).toBe('drop')
        expect((await join?.receive(bytes))?.kind).toBe('drop')
      }),
      { numRuns: 300 },
    )
  })

  it.each(BACKENDS)('are dropped where they stand for keys and ciphertexts, %s', async (backend) => {
    const own = suites[backend]
    const [ours, theirs] = [await cast(own), peers]
    for (const filling of [0, 1, 255]) {
      const alice = await dial(own, ours.alice, theirs.bob)
      const m2 = await m2Of(await listen(suite, theirs.bob), alice.m1)
      for (const [from, to] of [
        [40, 1160],
        [40, 1128],
        [1128, 1160],
      ] as const) {
        const forged = patched(m2, from, new Uint8Array(to - from).fill(filling))
        expect((await alice.receive(forged, NOW)).kind).toBe('drop')
      }
      for (const [from, to] of [
        [46, 1262],
        [46, 1230],
        [1230, 1262],
      ] as const) {
        const bob = await listen(own, theirs.bob)
        const forged = patched(alice.m1, from, new Uint8Array(to - from).fill(filling))
        const answer = await bob.receive(await retagged(own, forged, theirs.bob.id, RELAY), NOW)
        if (answer.kind === 'drop') expect(answer.reason).toBe('not-a-key')
      }
    }
  })
})

it('a binding says where each of its parts ends', async () => {
  const seen = new Set<string>()
  for (const [network, room] of [
    ['ab', 'c'],
    ['a', 'bc'],
    ['abc', ''],
    ['', 'abc'],
  ] as const)
    seen.add(String(await encodeBinding(suite.hash, { ...RELAY, network, room })))
  expect(seen.size).toBe(4)
})
