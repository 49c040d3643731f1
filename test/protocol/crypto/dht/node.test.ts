// A node's place: found by the searcher that makes stamps, and good for one peer in one week.

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { sha256Block, stampSearcher } from '../../../../protocol/crypto/admission/search.ts'
import { leadingZeros } from '../../../../protocol/crypto/admission/stamp.ts'
import { checkNode, eraOf, isEra, nodeId, nodePuzzle } from '../../../../protocol/crypto/dht/node.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import type { NodeClaim } from '../../../../protocol/dht/records/announcement.ts'
import { DHT_AHEAD_MS, DHT_NODE_ERA_MS, DHT_NODE_STAMP_BITS } from '../../../../protocol/limits/dht.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'
import { hex } from '../golden.ts'
import { suiteOf } from '../suites.ts'

const NOW = 1_800_000_000_000
const ERA = 2_976
const ANN = Uint8Array.from({ length: 32 }, (_, i) => i)
const BOB = ANN.toReversed()
/** What is wanted in earnest takes a second; these take a moment. */
const BITS = 10
/** The first for ANN in ERA that is worth DHT_NODE_STAMP_BITS. */
const STAMP_OF_ANN = Uint8Array.of(0, 21, 90, 134)

let suite: Suite
beforeAll(async () => {
  suite = await suiteOf('native')
})

async function found(peer: Uint8Array, era = ERA, bits = BITS): Promise<NodeClaim> {
  const { challenge, place, bits: wanted, puzzles } = await nodePuzzle(suite.hash, peer, era, bits)
  const searcher = stampSearcher(sha256Block(), challenge, place, wanted, puzzles)
  while (!searcher.step(1_024));
  return { era, stamp: searcher.stamp() }
}
const placed = (peer: Uint8Array, claim: NodeClaim, nowMs = NOW, bits = BITS) =>
  checkNode(suite.hash, peer, claim, nowMs, bits)

describe('an era', () => {
  it('is a week since 1970', () => {
    expect(eraOf(0)).toBe(0)
    expect(eraOf(DHT_NODE_ERA_MS - 1)).toBe(0)
    expect(eraOf(DHT_NODE_ERA_MS)).toBe(1)
    expect(eraOf(NOW)).toBe(ERA)
  })

  it('is good in its week and the one after, and ten minutes before', () => {
    const begins = ERA * DHT_NODE_ERA_MS
    expect(isEra(ERA, begins - DHT_AHEAD_MS - 1)).toBe(false)
    expect(isEra(ERA, begins - DHT_AHEAD_MS)).toBe(true)
    expect(isEra(ERA, begins + 2 * DHT_NODE_ERA_MS - 1)).toBe(true)
    expect(isEra(ERA, begins + 2 * DHT_NODE_ERA_MS)).toBe(false)
    expect(isEra(ERA + 0.5, begins)).toBe(false)
  })
})

describe('a place', () => {
  it('is the hash of peer, era and stamp, for whoever has worked for it', async () => {
    const claim = await found(ANN)
    const era = Uint8Array.of(0, 0, 0x0b, 0xa0)
    const id = await suite.hash.sha256(utf8('waypost node'), ANN, era, claim.stamp)
    expect(hex((await placed(ANN, claim)) ?? ANN)).toBe(hex(id))
    expect(hex(await nodeId(suite.hash, ANN, claim))).toBe(hex(id))
    const challenge = await suite.hash.sha256(utf8('waypost node stamp'), ANN, era)
    const work = await suite.hash.sha256(challenge, Uint8Array.of(0), ANN, claim.stamp)
    expect(leadingZeros(work)).toBeGreaterThanOrEqual(BITS)
  })

  it('that took a second to find is found again by its check', async () => {
    const claim = { era: ERA, stamp: STAMP_OF_ANN }
    const id = await checkNode(suite.hash, ANN, claim, NOW)
    expect(id && hex(id)).toMatchInlineSnapshot(
      `"85e183cb82f8df28f0967be32db5bcee89f77806b629a77f83fda7a41b067a3b"`,
    )
    expect(DHT_NODE_STAMP_BITS).toBe(20)
    expect(await checkNode(suite.hash, ANN, await found(ANN), NOW)).toBeUndefined()
  })

  it('is of one peer, in one week, for one stamp', async () => {
    // Ten bits of chance would let one of a thousand pass: sixteen let none of these.
    const claim = await found(ANN, ERA, 16)
    const isPlaced = async (peer: Uint8Array, other: NodeClaim, nowMs = NOW) =>
      (await placed(peer, other, nowMs, 16)) !== undefined
    expect(await isPlaced(ANN, claim)).toBe(true)
    expect(await isPlaced(BOB, claim)).toBe(false)
    expect(await isPlaced(ANN, { ...claim, era: ERA - 1 })).toBe(false)
    expect(await isPlaced(ANN, claim, NOW + DHT_NODE_ERA_MS)).toBe(true)
    expect(await isPlaced(ANN, claim, NOW + 2 * DHT_NODE_ERA_MS)).toBe(false)
    for (const stamp of [claim.stamp.subarray(1), new Uint8Array(), Uint8Array.from([...claim.stamp, 0])])
      expect(await isPlaced(ANN, { ...claim, stamp })).toBe(false)
    const next = await found(ANN, ERA - 1)
    expect(hex((await placed(ANN, next)) ?? ANN)).not.toBe(hex((await placed(ANN, claim)) ?? ANN))
  })

  it('is for no stamp of chance', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 8 }), async (stamp) => {
        expect(await placed(ANN, { era: ERA, stamp }, NOW, 32)).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('is the same by every implementation', async () => {
    const claim = await found(ANN)
    const pure = await suiteOf('pure')
    expect(await checkNode(pure.hash, ANN, claim, NOW, BITS)).toEqual(await placed(ANN, claim))
  })
})
