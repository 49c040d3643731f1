// What an owner publishes, an edge checks and hands out, and a stranger believes. Every check is met by an attack that would
// succeed without it.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { readBundle } from '../../../../protocol/crypto/mail/bundle.ts'
import { leafOf, treeOf } from '../../../../protocol/crypto/mail/merkle.ts'
import { packPrekeys, unpackPrekeys } from '../../../../protocol/crypto/mail/packing.ts'
import {
  forgetOldPrekeys,
  makePrekeys,
  NO_PREKEYS,
  replenish,
} from '../../../../protocol/crypto/mail/prekeys.ts'
import {
  HEAD_BYTES,
  ONE_TIME_BYTES,
  PUBLICATION_BYTES_MAX,
  splitPublication,
  verifyPublication,
} from '../../../../protocol/crypto/mail/publication.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import {
  MAIL_ONE_TIME_KEPT_MAX,
  MAIL_PREKEY_MS,
  MAIL_SIGNED_KEPT_MAX,
} from '../../../../protocol/limits/mail.ts'
import { flipped, patched } from '../handshake/meeting.ts'
import { suiteOf } from '../suites.ts'
import { Correspondent, DAY, HOUR, NOW } from './correspondents.ts'

let suite: Suite
let bob: Correspondent
let mallory: Correspondent
beforeAll(async () => {
  suite = await suiteOf('native')
  bob = await Correspondent.no(suite, 2, 3)
  mallory = await Correspondent.no(suite, 3, 3)
})

/** What the edge says of it, and what one who draws it says, with its first one-time prekey. */
async function judged(publication: Uint8Array, owner = bob.id, nowMs = NOW) {
  const atEdge = await verifyPublication(suite, publication, owner, nowMs)
  const bundle = await readBundle(suite, publication.slice(0, HEAD_BYTES + ONE_TIME_BYTES), owner, nowMs)
  return [atEdge, bundle.kind === 'drop' ? bundle.reason : 'bundle']
}

/** Where the parts of a head, and of the first one-time prekey behind it, begin. */
const AT = { made: 5, end: 9, key: 13, root: 1_229, owner: 1_261, signature: 3_213 } as const
const ONE = { index: HEAD_BYTES, id: HEAD_BYTES + 1, key: HEAD_BYTES + 9, path: HEAD_BYTES + 1_225 } as const

describe('a publication', () => {
  it('is as long as it says, and 97,210 bytes at most', async () => {
    expect(bob.publication.length).toBe(HEAD_BYTES + 3 * ONE_TIME_BYTES)
    expect(PUBLICATION_BYTES_MAX).toBe(97_210)
    const { publication } = await makePrekeys(suite, bob.identity, NOW)
    expect(publication.length).toBe(PUBLICATION_BYTES_MAX)
    expect(await judged(publication)).toEqual([undefined, 'bundle'])
  })

  it('may have no one-time prekey at all', async () => {
    const { publication } = await makePrekeys(suite, bob.identity, NOW, NO_PREKEYS, 0)
    expect(await verifyPublication(suite, publication, bob.id, NOW)).toBeUndefined()
    expect((await readBundle(suite, publication, bob.id, NOW)).kind).toBe('bundle')
  })

  it('comes apart into its parts, each of which makes a bundle with the head', async () => {
    const split = splitPublication(bob.publication)
    expect(split?.oneTime.length).toBe(3)
    for (const { id, bytes } of split!.oneTime) {
      const bundle = await readBundle(suite, new Uint8Array([...split!.head, ...bytes]), bob.id, NOW)
      expect(bundle).toMatchObject({ kind: 'bundle', owner: bob.id, oneTime: { id } })
    }
  })

  it.each([
    ['magic', 0, 'malformed', 'malformed'],
    ['count', 4, 'malformed', 'signature'],
    ['hour of making', AT.made + 3, 'signature', 'signature'],
    ['end', AT.end + 3, 'signature', 'signature'],
    ['signed prekey', AT.key, 'signature', 'signature'],
    ['root', AT.root, 'signature', 'signature'],
    ["owner's key", AT.owner, 'wrong-owner', 'wrong-owner'],
    ['signature', AT.signature, 'signature', 'signature'],
    ["one-time prekey's index", ONE.index, 'malformed', 'path'],
    ["one-time prekey's id", ONE.id, 'root', 'path'],
    ['one-time prekey', ONE.key, 'root', 'path'],
    ['path', ONE.path, 'path', 'path'],
    ["path's end", ONE.path + 191, 'path', 'path'],
  ])('is refused with one bit of its %s flipped', async (_, at, atEdge, drawn) => {
    expect(await judged(flipped(bob.publication, 8 * at + 4))).toEqual([atEdge, drawn])
  })

  it('is refused cut, longer, or with a one-time prekey twice', async () => {
    const { publication } = bob
    const twice = new Uint8Array([
      ...publication.slice(0, HEAD_BYTES + ONE_TIME_BYTES),
      ...publication.slice(HEAD_BYTES),
    ])
    const wrong = [
      publication.slice(0, -1),
      new Uint8Array([...publication, 0]),
      twice,
      publication.slice(0, HEAD_BYTES),
    ]
    for (const bytes of [...wrong, new Uint8Array()]) {
      expect(splitPublication(bytes)).toBeUndefined()
      expect(await verifyPublication(suite, bytes, bob.id, NOW)).toBe('malformed')
    }
  })

  it('is refused with one id twice, which the edge would hand out as one', async () => {
    const drawn: Uint8Array[] = []
    const random = (length: number) => {
      const bytes = length === 8 ? new Uint8Array(8).fill(9) : suite.random(length)
      drawn.push(bytes)
      return bytes
    }
    const { publication } = await makePrekeys({ ...suite, random }, bob.identity, NOW, NO_PREKEYS, 2)
    expect(drawn.length).toBeGreaterThan(4)
    expect(await verifyPublication(suite, publication, bob.id, NOW)).toBe('malformed')
  })

  it('is refused when it is another’s, or put into another’s mouth', async () => {
    expect(await judged(mallory.publication)).toEqual(['wrong-owner', 'wrong-owner'])
    const named = patched(mallory.publication, AT.owner, bob.identity.key.publicKey)
    expect(await judged(named)).toEqual(['signature', 'signature'])
    const signing = { id: bob.id, key: { ...mallory.identity.key, publicKey: bob.identity.key.publicKey } }
    const { publication } = await makePrekeys(suite, signing, NOW, NO_PREKEYS, 1)
    expect(await judged(publication)).toEqual(['signature', 'signature'])
  })

  it('ends; was not made tomorrow; and cannot be made to last', async () => {
    const { publication } = bob
    const endMs = Math.floor(NOW / HOUR) * HOUR + MAIL_PREKEY_MS
    expect(await judged(publication, bob.id, endMs - 1)).toEqual([undefined, 'bundle'])
    expect(await judged(publication, bob.id, endMs)).toEqual(['expired', 'expired'])
    expect(await judged(publication, bob.id, NOW - DAY)).toEqual([undefined, 'bundle'])
    expect(await judged(publication, bob.id, NOW - DAY - HOUR)).toEqual(['too-early', 'too-early'])
    expect(await judged(await lasting(31 * DAY))).toEqual(['expired', 'expired'])
    expect(await judged(await lasting(30 * DAY))).toEqual([undefined, 'bundle'])
  })

  /** Signed by its owner, for as long as that. */
  async function lasting(forMs: number): Promise<Uint8Array> {
    const key = {
      ...bob.identity.key,
      sign: (context: Uint8Array, message: Uint8Array) => bob.identity.key.sign(context, longer(message, 32)),
    }
    const longer = (bytes: Uint8Array, before: number) => {
      const copy = bytes.slice()
      const end = new DataView(copy.buffer).getUint32(before + AT.made) + forMs / HOUR
      new DataView(copy.buffer).setUint32(before + AT.end, end)
      return copy
    }
    const { publication } = await makePrekeys(suite, { id: bob.id, key }, NOW, NO_PREKEYS, 1)
    return longer(publication, 0)
  }

  it('has no effect with a key in it that is none', async () => {
    const none = (publicKey: Uint8Array) => publicKey.slice().fill(0, 1_184)
    const kem = {
      ...suite.kem,
      keyPair: async (seed: Uint8Array) => {
        const pair = await suite.kem.keyPair(seed)
        return { ...pair, publicKey: none(pair.publicKey) }
      },
    }
    const { publication } = await makePrekeys({ ...suite, kem }, bob.identity, NOW, NO_PREKEYS, 1)
    expect(await judged(publication)).toEqual([undefined, 'not-a-key'])
  })
})

describe('the edge', () => {
  it('can hand out no one-time prekey of its own making, nor one of another publication', async () => {
    const ours = bob.publication.slice(0, HEAD_BYTES + ONE_TIME_BYTES)
    const others = mallory.publication.subarray(ONE.id, HEAD_BYTES + ONE_TIME_BYTES)
    expect(await readBundle(suite, patched(ours, ONE.id, others), bob.id, NOW)).toMatchObject({
      reason: 'path',
    })
    // With a path that leads from its own leaf to the root of its own tree.
    const key = mallory.publication.subarray(ONE.key, ONE.path)
    const tree = await treeOf(suite.hash, [await leafOf(suite.hash, new Uint8Array(8), key)])
    const forged = patched(
      patched(patched(ours, ONE.id, new Uint8Array(8)), ONE.key, key),
      ONE.path,
      tree.path(0),
    )
    expect(await readBundle(suite, forged, bob.id, NOW)).toMatchObject({ reason: 'path' })
  })

  it('can show no leaf at a place that is not its own, nor beyond the count', async () => {
    const second = bob.publication.slice(HEAD_BYTES + ONE_TIME_BYTES, HEAD_BYTES + 2 * ONE_TIME_BYTES)
    for (const index of [0, 2, 65, 129, 255]) {
      const bundle = new Uint8Array([...bob.head, index, ...second.subarray(1)])
      expect(await readBundle(suite, bundle, bob.id, NOW)).toMatchObject({ kind: 'drop', reason: 'path' })
    }
  })

  it('needs no cipher and no key encapsulation: nothing of either is imported', () => {
    const seen = new Set<string>()
    const visit = (path: string) => {
      if (seen.has(path)) return
      seen.add(path)
      for (const [, from] of readFileSync(path, 'utf8').matchAll(
        /^(?:import|export) (?!type).*? from '(.+?)'/gms,
      ))
        visit(join(dirname(path), from as string))
    }
    visit(join(import.meta.dirname, '../../../../protocol/crypto/mail/publication.ts'))
    const names = [...seen].map((path) => path.split('/protocol/').at(-1)).sort()
    expect(names).toEqual([
      'crypto/contexts.ts',
      'crypto/identity.ts',
      'crypto/mail/fields.ts',
      'crypto/mail/labels.ts',
      'crypto/mail/merkle.ts',
      'crypto/mail/publication.ts',
      'crypto/suite.ts',
      'limits/mail.ts',
      'limits/units.ts',
      'wire/bytes.ts',
    ])
  })
})

describe('an owner', () => {
  it('keeps seeds until nothing sealed to them can come', async () => {
    let prekeys = NO_PREKEYS
    for (let week = 0; week < 12; week++)
      ({ prekeys } = await makePrekeys(suite, bob.identity, NOW + week * 7 * DAY, prekeys, 1))
    // Replaced after a week, repeated for a week, thirty days late.
    expect(prekeys.signed.length).toBe(7)
    expect(prekeys.oneTime.length).toBe(7)
    const last = NOW + 11 * 7 * DAY
    expect(forgetOldPrekeys(prekeys, last)).toBe(prekeys)
    expect(forgetOldPrekeys(prekeys, last + 37 * DAY).signed.length).toBe(1)
    expect(forgetOldPrekeys(prekeys, last + 67 * DAY)).toEqual(NO_PREKEYS)
  })

  it('who publishes too often keeps a bounded number', async () => {
    let prekeys = NO_PREKEYS
    for (let time = 0; time < MAIL_SIGNED_KEPT_MAX + 2; time++)
      ({ prekeys } = await makePrekeys(suite, bob.identity, NOW + time * HOUR, prekeys))
    expect([prekeys.signed.length, prekeys.oneTime.length]).toEqual([
      MAIL_SIGNED_KEPT_MAX,
      MAIL_ONE_TIME_KEPT_MAX,
    ])
  })

  it('makes more one-time prekeys beside the signed one there is', async () => {
    const first = await makePrekeys(suite, bob.identity, NOW, NO_PREKEYS, 1)
    const more = await replenish(suite, bob.identity, NOW + DAY, first.prekeys, 2)
    expect(more.prekeys.signed).toEqual(first.prekeys.signed)
    expect(more.prekeys.oneTime.length).toBe(3)
    expect(more.publication.slice(AT.made, AT.root)).toEqual(first.publication.slice(AT.made, AT.root))
    expect(await judged(more.publication)).toEqual([undefined, 'bundle'])
    await expect(replenish(suite, bob.identity, NOW, NO_PREKEYS)).rejects.toThrow(TypeError)
    await expect(replenish(suite, bob.identity, NOW + 30 * DAY, first.prekeys)).rejects.toThrow(TypeError)
    await expect(makePrekeys(suite, bob.identity, NOW, NO_PREKEYS, 65)).rejects.toThrow(RangeError)
  })

  it('puts them away and takes them out again', () => {
    const remembered = [{ session: new Uint8Array(16).fill(7), eraseHour: 500_000 }]
    const packed = packPrekeys({ ...bob.prekeys, remembered })
    expect(unpackPrekeys(packed)).toEqual({ ...bob.prekeys, remembered })
    expect(unpackPrekeys(packed.slice(1))).toBeUndefined()
    for (const bytes of [
      packed.slice(0, -1),
      new Uint8Array([...packed, 0]),
      patched(packed, 0, Uint8Array.of(2)),
    ])
      expect(unpackPrekeys(bytes)).toBeUndefined()
  })
})

describe('any bytes', () => {
  it('are refused by name, and never throw', async () => {
    const near = fc
      .tuple(fc.nat(bob.publication.length - 1), fc.uint8Array({ maxLength: 40 }))
      .map(([at, bytes]) =>
        patched(bob.publication, Math.min(at, bob.publication.length - bytes.length), bytes),
      )
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 8_000 }), near), async (bytes) => {
        const [atEdge, drawn] = await judged(bytes)
        const same = Buffer.compare(bytes, bob.publication) === 0
        if (!same) expect([typeof atEdge, atEdge === undefined]).toEqual(['string', false])
        expect(typeof drawn).toBe('string')
        expect(unpackPrekeys(bytes) === undefined).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
