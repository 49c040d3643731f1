// Keys provided under one signature: signed, checked whole as the edge does, and one by one as readers do. Each refusal is met by
// what would be taken without its check.

import { beforeAll, describe, expect, it } from 'vitest'
import { CONTEXTS } from '../../../../protocol/crypto/contexts.ts'
import {
  isProvided,
  type Providing,
  signProvided,
  type VerifiedList,
  verifyProvided,
  verifyProvidedHead,
  verifyProvidedKey,
} from '../../../../protocol/crypto/dht/provided.ts'
import { treeOf } from '../../../../protocol/crypto/dht/tree.ts'
import type { Identity } from '../../../../protocol/crypto/identity.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import {
  compareBytes,
  coveredProvided,
  encodeHead,
  encodeList,
} from '../../../../protocol/dht/records/provided.ts'
import { DHT_AHEAD_MS } from '../../../../protocol/limits/dht.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'
import { digest, fixedSuite, hex } from '../golden.ts'
import { flipped, identityNo, patched } from '../handshake/meeting.ts'
import { BACKENDS, suiteOf } from '../suites.ts'

const NOW = 1_800_000_000_000
const HOW: Providing = { createdMs: NOW, ttlSeconds: 86_400, region: 'weur' }

let suite: Suite
let ann: Identity
let bob: Identity
/** In no order. */
let keys: readonly Uint8Array[]
beforeAll(async () => {
  suite = await suiteOf('native')
  ann = await identityNo(suite, 1)
  bob = await identityNo(suite, 2)
  keys = await Promise.all(Array.from({ length: 1_025 }, (_, i) => suite.hash.sha256(utf8(`key ${i}`))))
})

const signed = (count: number, how: Partial<Providing> = {}) =>
  signProvided(ann, keys.slice(0, count), { ...HOW, ...how })

async function verified(bytes: Uint8Array, nowMs = NOW): Promise<VerifiedList> {
  const list = await verifyProvided(suite, bytes, nowMs)
  if (typeof list === 'string') throw new Error(list)
  return list
}

const judged = async (bytes: Uint8Array, nowMs = NOW) => {
  const list = await verifyProvided(suite, bytes, nowMs)
  return typeof list === 'string' ? list : 'provided'
}

/** Signed rightly, whatever it says. */
async function forged(terms: object, list = keys.slice(0, 2), by = ann, context = CONTEXTS.batch) {
  const sorted = list.toSorted(compareBytes)
  const { root } = treeOf(sorted)
  const covered = coveredProvided({ ...HOW, count: sorted.length, root, ...terms }, by.key.publicKey)
  return encodeList(encodeHead(covered, await by.key.sign(context, covered)), sorted)
}

describe.each([1, 2, 3, 5, 1_023, 1_024])('%i keys', (count) => {
  it('are provided by one signature, and each is shown by itself', async () => {
    const { head, keys: provided } = await verified(await signed(count))
    expect(head).toMatchObject({ peer: ann.id, createdMs: NOW, ttlSeconds: 86_400, region: 'weur', count })
    expect(hex(head.id)).toBe(hex(await suite.hash.sha256(head.bytes)))
    expect(provided.map(({ key }) => hex(key))).toEqual(keys.slice(0, count).map(hex).sort())
    expect(provided.every((one, i) => one.index === i && isProvided(head, one))).toBe(true)
    const last = provided.at(-1) ?? { key: new Uint8Array(), index: 0, path: new Uint8Array() }
    expect(await verifyProvidedKey(suite, head.bytes, last, NOW)).toEqual(head)
    const other = { ...last, key: flipped(last.key, 1) }
    expect(await verifyProvidedKey(suite, head.bytes, other, NOW)).toBe('wrong-key')
    expect(await verifyProvidedKey(suite, head.bytes, { ...last, index: count }, NOW)).toBe('wrong-key')
  })
})

describe('what is provided', () => {
  it('is what it was when this was written', async () => {
    const fixed = fixedSuite('dht provided')
    const three = await signProvided(await identityNo(fixed, 1), keys.slice(0, 3), HOW)
    expect(digest(three)).toMatchInlineSnapshot(
      `"5414 cf05816bf85ce81a00248ada281896cf8c59f84934b43418ae705635c6c22bdd 57504b310001000001a3185c50000001..0ac11174d6e068bd"`,
    )
    expect(hex(treeOf(keys.slice(0, 3).toSorted(compareBytes)).root)).toMatchInlineSnapshot(
      `"d1b8bf1502d3eee335ac3ca693e6d34acd318f4c6c23b8ad597d61bd411aa38b"`,
    )
  })

  it('is one to 1,024 keys of 32 bytes, each once', async () => {
    await expect(signed(0)).rejects.toThrow(RangeError)
    await expect(signed(1_025)).rejects.toThrow(RangeError)
    const [one, two] = keys.slice(0, 2) as [Uint8Array, Uint8Array]
    await expect(signProvided(ann, [one, two, one], HOW)).rejects.toThrow(RangeError)
    await expect(signProvided(ann, [one, two.subarray(1)], HOW)).rejects.toThrow(RangeError)
    for (const ttlSeconds of [59, 86_401]) await expect(signed(2, { ttlSeconds })).rejects.toThrow(RangeError)
    await expect(signed(2, { region: 'w3' })).rejects.toThrow(RangeError)
  })

  it('is good from ten minutes before it was signed to its end, and for a day at most', async () => {
    const bytes = await signed(2, { ttlSeconds: 3_600 })
    expect(await judged(bytes, NOW - DHT_AHEAD_MS)).toBe('provided')
    expect(await judged(bytes, NOW - DHT_AHEAD_MS - 1)).toBe('expired')
    expect(await judged(bytes, NOW + 3_599_999)).toBe('provided')
    expect(await judged(bytes, NOW + 3_600_000)).toBe('expired')
    expect(await judged(await forged({ ttlSeconds: 86_401 }))).toBe('expired')
    expect(await judged(await forged({ ttlSeconds: 59 }))).toBe('expired')
  })

  it('is refused when anything of it was altered', async () => {
    const bytes = await signed(2, { ttlSeconds: 3_600 })
    const headBytes = bytes.length - 64
    // As they stand behind the magic, flags and suite: time, TTL, region, count, root, key, signature.
    const at = { created: 13, ttl: 17, region: 19, root: 25, publicKey: 57, signature: headBytes - 1 }
    for (const [what, where] of Object.entries(at)) {
      const altered = patched(bytes, where, Uint8Array.of((bytes[where] ?? 0) ^ 1))
      expect([what, await judged(altered)]).toEqual([what, 'wrong-signature'])
    }
    expect(await judged(flipped(bytes, 8 * bytes.length - 1))).toBe('wrong-key')
    expect(await judged(bytes.subarray(0, -1))).toBe('malformed')
    expect(await judged(Uint8Array.from([...bytes, 0]))).toBe('malformed')
    expect(await judged(new Uint8Array(40_000))).toBe('too-large')
    expect(await judged(new Uint8Array())).toBe('malformed')
  })

  it('is under a root of these keys and of this count', async () => {
    const two = keys.slice(0, 2)
    expect(await judged(await forged({}))).toBe('provided')
    expect(await judged(await forged({ root: treeOf(keys.slice(0, 3)).root }))).toBe('wrong-key')
    expect(await judged(await forged({ count: 3 }))).toBe('malformed')
    const unsorted = two.toSorted(compareBytes).toReversed()
    expect(await judged(encodeList((await forged({})).slice(0, -64), unsorted))).toBe('malformed')
  })

  it('by another, or in another context, is not signed', async () => {
    for (const [what, context] of Object.entries(CONTEXTS)) {
      const reason = await judged(await forged({}, keys.slice(0, 2), ann, context))
      expect([what, reason]).toEqual([what, what === 'batch' ? 'provided' : 'wrong-signature'])
    }
    const { head } = await verified(await forged({}, keys.slice(0, 2), bob))
    expect(hex(head.peer)).toBe(hex(bob.id))
  })

  it('has no key of another head', async () => {
    const [mine, other] = [await verified(await signed(8)), await verified(await signed(9))]
    for (const one of mine.keys) expect(isProvided(other.head, one)).toBe(false)
    expect(isProvided(mine.head, mine.keys[0] ?? { key: mine.head.id, index: 0, path: mine.head.id })).toBe(
      true,
    )
  })

  it('is shown to readers under a head that is judged alike', async () => {
    const { head } = await verified(await signed(2))
    const of = (bytes: Uint8Array, nowMs = NOW) => verifyProvidedHead(suite, bytes, nowMs)
    expect(await of(head.bytes)).toEqual(head)
    expect(await of(head.bytes, NOW + 86_400_000)).toBe('expired')
    expect(await of(flipped(head.bytes, 8 * 25))).toBe('wrong-signature')
    expect(await of(Uint8Array.from([...head.bytes, 0]))).toBe('malformed')
    expect(await of(new Uint8Array(6_000))).toBe('too-large')
    const [one] = (await verified(await signed(2))).keys
    if (one === undefined) throw new Error('no key')
    expect(await verifyProvidedKey(suite, flipped(head.bytes, 8 * 25), one, NOW)).toBe('wrong-signature')
  })

  it('keeps nothing alive that it was cut from', async () => {
    const { head, keys: provided } = await verified(await signed(1_024))
    expect(head.bytes.buffer.byteLength).toBe(head.bytes.length)
    for (const { key, path } of provided)
      expect([key.buffer.byteLength, path.buffer.byteLength]).toEqual([32, path.length])
  })

  it('by one implementation is good for the others', async () => {
    for (const one of BACKENDS) {
      const signing = await suiteOf(one)
      const bytes = await signProvided(await identityNo(signing, 1), keys.slice(0, 3), HOW)
      for (const other of BACKENDS) {
        const checking = await suiteOf(other)
        expect(typeof (await verifyProvided(checking, bytes, NOW))).toBe('object')
        expect(await verifyProvided(checking, flipped(bytes, 8 * 25), NOW)).toBe('wrong-signature')
      }
    }
  })
})
