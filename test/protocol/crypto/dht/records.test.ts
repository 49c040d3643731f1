// Records signed and checked: each reason of a refusal is met by what would be taken without its check, by every implementation.

import { beforeAll, describe, expect, it } from 'vitest'
import { CONTEXTS } from '../../../../protocol/crypto/contexts.ts'
import { ipnsKey, nameKey } from '../../../../protocol/crypto/dht/keys.ts'
import {
  checkRecord,
  type NewRecord,
  proveRecord,
  signRecord,
  verifyRecord,
} from '../../../../protocol/crypto/dht/records.ts'
import { makeValue } from '../../../../protocol/crypto/dht/values.ts'
import type { Identity } from '../../../../protocol/crypto/identity.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import { BLAKE3, SHA2_256, type SignedRecord } from '../../../../protocol/dht/contract.ts'
import { encodeAnnouncement } from '../../../../protocol/dht/records/announcement.ts'
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../../../../protocol/dht/records/fields.ts'
import { encodeIpns } from '../../../../protocol/dht/records/ipns.ts'
import { RECORD_BYTES_MAX } from '../../../../protocol/dht/records/record.ts'
import { coveredRecord, encodeSigned, type SignedTerms } from '../../../../protocol/dht/records/signed.ts'
import { encodeValue } from '../../../../protocol/dht/records/value.ts'
import { DHT_AHEAD_MS } from '../../../../protocol/limits/dht.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'
import { digest, fixedSuite, hex } from '../golden.ts'
import { flipped, identityNo, patched } from '../handshake/meeting.ts'
import { BACKENDS, suiteOf } from '../suites.ts'

const NOW = 1_800_000_000_000
const SALT = utf8('news')
const NAME: NewRecord = {
  kind: 'name',
  salt: SALT,
  sequence: 7n,
  createdMs: NOW,
  ttlSeconds: 3_600,
  value: utf8('points somewhere'),
}
const HERE = encodeAnnouncement({
  addresses: ['wss://edge.example'],
  capabilities: ['relay'],
  rooms: [],
  mailbox: true,
  region: 'weur',
})
const PRESENCE: NewRecord = {
  kind: 'announcement',
  sequence: 1n,
  createdMs: NOW,
  ttlSeconds: 7_200,
  value: HERE,
}

let suite: Suite
let ann: Identity
let bob: Identity
let name: SignedRecord
let presence: SignedRecord
beforeAll(async () => {
  suite = await suiteOf('native')
  ann = await identityNo(suite, 1)
  bob = await identityNo(suite, 2)
  name = await signRecord(suite, ann, NAME)
  presence = await signRecord(suite, ann, PRESENCE)
})

const judged = async (bytes: Uint8Array, key: Uint8Array, nowMs = NOW) => {
  const verdict = await verifyRecord(suite, bytes, key, nowMs)
  return typeof verdict === 'string' ? verdict : verdict.kind
}

/** Signed rightly, whatever it says. */
async function forged(terms: Partial<SignedTerms>, context = CONTEXTS.record, by = ann): Promise<Uint8Array> {
  const covered = coveredRecord({ ...NAME, salt: SALT, ...terms }, by.key.publicKey)
  return encodeSigned(covered, await by.key.sign(context, covered))
}

describe('a record that is signed', () => {
  it('is verified, and says what was signed', async () => {
    expect(await verifyRecord(suite, name.bytes, name.key, NOW)).toEqual(name)
    expect(await verifyRecord(suite, presence.bytes, presence.key, NOW)).toEqual(presence)
    expect(name).toMatchObject({
      kind: 'name',
      peer: ann.id,
      sequence: 7n,
      createdMs: NOW,
      ttlSeconds: 3_600,
    })
    expect(hex(name.key)).toBe(hex(await suite.hash.sha256(utf8('waypost mutable'), ann.id, SALT)))
    expect(hex(name.digest)).toBe(hex(await suite.hash.sha256(name.bytes)))
    expect(hex(presence.key)).toBe(hex(ann.id))
  })

  it('is what it was when this was written', async () => {
    const fixed = fixedSuite('dht records')
    const record = await signRecord(fixed, await identityNo(fixed, 1), NAME)
    expect(hex(record.key)).toMatchInlineSnapshot(
      `"b7b6d759873f922b1fea8ff3698e8eb3aaad319afbe3c77786b1bd057e69b257"`,
    )
    expect(digest(record.bytes)).toMatchInlineSnapshot(
      `"5312 114e55ac3f261a6a786b71d60788b97afa1c273a2306cfd8aeea864d869f8136 0257504d310100010000000000000007..0000050b1015191e"`,
    )
  })

  it('is good from ten minutes before it was made to its end, and no longer', async () => {
    const end = NOW + 3_600_000
    expect(await judged(name.bytes, name.key, NOW - DHT_AHEAD_MS)).toBe('name')
    expect(await judged(name.bytes, name.key, NOW - DHT_AHEAD_MS - 1)).toBe('expired')
    expect(await judged(name.bytes, name.key, end - 1)).toBe('name')
    expect(await judged(name.bytes, name.key, end)).toBe('expired')
  })

  it.each<readonly ['name' | 'announcement', number]>([
    ['name', 48 * 3_600],
    ['announcement', 2 * 3_600],
  ])('%s lasts a minute at least and %i s at most', async (kind, most) => {
    const of = (ttlSeconds: number) =>
      forged(kind === 'name' ? { ttlSeconds } : { ttlSeconds, kind, salt: new Uint8Array(), value: HERE })
    const key = kind === 'name' ? name.key : ann.id
    expect(await judged(await of(60), key)).toBe(kind)
    expect(await judged(await of(59), key)).toBe('expired')
    expect(await judged(await of(most), key)).toBe(kind)
    expect(await judged(await of(most + 1), key)).toBe('expired')
  })

  it('is under its own key alone', async () => {
    expect(await judged(name.bytes, flipped(name.key, 3))).toBe('wrong-key')
    expect(await judged(name.bytes, ann.id)).toBe('wrong-key')
    expect(await judged(presence.bytes, name.key)).toBe('wrong-key')
    expect(await judged(name.bytes, await nameKey(suite.hash, bob.id, SALT))).toBe('wrong-key')
    expect(await judged(name.bytes, await nameKey(suite.hash, ann.id, utf8('old')))).toBe('wrong-key')
    expect(await judged(name.bytes, name.key.subarray(1))).toBe('malformed')
  })

  it('is refused when anything of it was altered', async () => {
    const at = { kind: 5, flags: 6, sequence: 15, created: 23, ttl: 27, salt: 29, value: 40 }
    const reasons: Record<string, string> = {}
    for (const [what, where] of Object.entries(at))
      reasons[what] = await judged(
        patched(name.bytes, where, Uint8Array.of((name.bytes[where] ?? 0) ^ 1)),
        name.key,
      )
    expect(reasons).toEqual({
      kind: 'malformed',
      flags: 'malformed',
      sequence: 'wrong-signature',
      created: 'wrong-signature',
      ttl: 'wrong-signature',
      salt: 'wrong-key',
      value: 'wrong-signature',
    })
    const key = flipped(name.bytes, 8 * (name.bytes.length - SIGNATURE_BYTES - PUBLIC_KEY_BYTES))
    expect(await judged(key, name.key)).toBe('wrong-key')
    expect(await judged(flipped(name.bytes, 8 * name.bytes.length - 1), name.key)).toBe('wrong-signature')
    expect(await judged(name.bytes.subarray(0, -1), name.key)).toBe('malformed')
  })

  it('of another context is no record', async () => {
    expect(await judged(await forged({}), name.key)).toBe('name')
    for (const [what, context] of Object.entries(CONTEXTS)) {
      const reason = await judged(await forged({}, context), name.key)
      expect([what, reason]).toEqual([what, what === 'record' ? 'name' : 'wrong-signature'])
    }
  })

  it('by another is not its owner’s, even under its owner’s key', async () => {
    const covered = coveredRecord({ ...NAME, salt: SALT }, ann.key.publicKey)
    const bytes = encodeSigned(covered, await bob.key.sign(CONTEXTS.record, covered))
    expect(await judged(bytes, name.key)).toBe('wrong-signature')
    expect(await judged(await forged({}, CONTEXTS.record, bob), name.key)).toBe('wrong-key')
  })

  it('of one kind, with another salt or sequence, has a signature that is of no use to others', async () => {
    const signature = name.bytes.subarray(-SIGNATURE_BYTES)
    const moved = (terms: Partial<SignedTerms>) =>
      encodeSigned(coveredRecord({ ...NAME, salt: SALT, ...terms }, ann.key.publicKey), signature)
    const salted = await nameKey(suite.hash, ann.id, utf8('olds'))
    expect(await judged(moved({}), name.key)).toBe('name')
    expect(await judged(moved({ sequence: 8n }), name.key)).toBe('wrong-signature')
    expect(await judged(moved({ salt: utf8('olds') }), salted)).toBe('wrong-signature')
    const asPresence = moved({ kind: 'announcement', salt: new Uint8Array(), value: HERE })
    expect(await judged(asPresence, ann.id)).toBe('wrong-signature')
  })

  it('an announcement says what announcement.ts can read', async () => {
    const other = await forged({ kind: 'announcement', salt: new Uint8Array(), value: utf8('{}') })
    expect(await judged(other, ann.id)).toBe('malformed')
    await expect(signRecord(suite, ann, { ...PRESENCE, value: utf8('{}') })).rejects.toThrow(RangeError)
  })

  it('is not made for a time that nobody would take', async () => {
    for (const ttlSeconds of [59, 48 * 3_600 + 1, Number.NaN])
      await expect(signRecord(suite, ann, { ...NAME, ttlSeconds })).rejects.toThrow(RangeError)
    await expect(signRecord(suite, ann, { ...PRESENCE, salt: SALT })).rejects.toThrow(RangeError)
  })

  it('is judged in the written order: what is cheaper is said first', async () => {
    const wrong = await forged({ createdMs: NOW + DHT_AHEAD_MS + 1 }, CONTEXTS.batch, bob)
    expect(await judged(wrong, name.key)).toBe('expired')
    expect(await judged(wrong, name.key, NOW + 1)).toBe('wrong-key')
    expect(await judged(wrong, await nameKey(suite.hash, bob.id, SALT), NOW + 1)).toBe('wrong-signature')
    expect(await judged(Uint8Array.from([...wrong, ...new Uint8Array(5_000)]), name.key)).toBe('too-large')
    expect(await judged(Uint8Array.from([...wrong, 0]), name.key)).toBe('malformed')
  })

  it('has no signature looked at before all else is right', async () => {
    let looked = 0
    const signatures = {
      ...suite.signatures,
      verify: async () => {
        looked++
        return true
      },
    }
    const check = (bytes: Uint8Array, key: Uint8Array, nowMs = NOW) =>
      verifyRecord({ hash: suite.hash, signatures }, bytes, key, nowMs)
    await check(name.bytes, ann.id)
    await check(name.bytes, name.key, NOW + 3_600_000)
    await check(name.bytes.subarray(1), name.key)
    expect(looked).toBe(0)
    await check(name.bytes, name.key)
    expect(looked).toBe(1)
  })

  it('can be checked in two halves', async () => {
    const checked = await checkRecord(suite.hash, name.bytes, name.key, NOW)
    if (typeof checked === 'string') throw new Error(checked)
    expect(checked.record).toEqual(name)
    expect(await proveRecord(suite, checked)).toEqual(name)
    const altered = await checkRecord(suite.hash, flipped(name.bytes, 8 * 40), name.key, NOW)
    if (typeof altered === 'string') throw new Error(altered)
    expect(await proveRecord(suite, altered)).toBe('wrong-signature')
  })
})

describe.each([
  ['SHA-256', SHA2_256],
  ['BLAKE3', BLAKE3],
] as const)('a value under %s', (_, code) => {
  it('is what has that digest', async () => {
    const value = await makeValue(suite.hash, { value: utf8('waypost'), ttlSeconds: 60, code })
    expect(await verifyRecord(suite, value.bytes, value.key, NOW)).toEqual(value)
    expect(await judged(flipped(value.bytes, 8 * 6), value.key)).toBe('wrong-key')
    expect(await judged(value.bytes, flipped(value.key, 0))).toBe('wrong-key')
    expect(await judged(value.bytes, new Uint8Array())).toBe('malformed')
    const other = encodeValue({
      code: code === BLAKE3 ? SHA2_256 : BLAKE3,
      ttlSeconds: 60,
      value: utf8('waypost'),
    })
    expect(await judged(other, value.key)).toBe('wrong-key')
  })

  it('may be empty, and as large as may be', async () => {
    for (const length of [0, 65_024]) {
      const value = await makeValue(suite.hash, { value: new Uint8Array(length), ttlSeconds: 60, code })
      expect(await judged(value.bytes, value.key)).toBe('value')
    }
    const over = new Uint8Array(RECORD_BYTES_MAX + 1).fill(1, 0, 1).fill(code, 1, 2)
    expect(await judged(over, name.key)).toBe('too-large')
  })

  it('lasts a minute at least and a week at most', async () => {
    const lasting = async (ttlSeconds: number) => {
      const value = await makeValue(suite.hash, { value: utf8('a'), ttlSeconds, code })
      return judged(value.bytes, value.key)
    }
    expect(await lasting(60)).toBe('value')
    expect(await lasting(604_800)).toBe('value')
    expect(await lasting(59)).toBe('expired')
    expect(await lasting(604_801)).toBe('expired')
  })
})

describe('what else may come', () => {
  it('a record of IPNS is under its name, and its signature is not known to be good', async () => {
    const ipns = { name: Uint8Array.of(0, 2, 8, 1), record: utf8('signed elsewhere') }
    const key = await ipnsKey(suite.hash, ipns.name)
    expect(hex(key)).toBe(hex(await suite.hash.sha256(utf8('waypost ipns'), ipns.name)))
    expect(await judged(encodeIpns(ipns), key)).toBe('wrong-signature')
    expect(await judged(encodeIpns(ipns), name.key)).toBe('wrong-key')
  })

  it('nothing, and what begins like nothing', async () => {
    expect(await judged(new Uint8Array(), name.key)).toBe('malformed')
    expect(await judged(new Uint8Array(100_000), name.key)).toBe('malformed')
  })
})

describe('implementations', () => {
  it('sign what the others verify', async () => {
    for (const one of BACKENDS) {
      for (const other of BACKENDS) {
        const [signing, checking] = [await suiteOf(one), await suiteOf(other)]
        const record = await signRecord(signing, await identityNo(signing, 1), NAME)
        expect(hex(record.key)).toBe(hex(name.key))
        expect(await verifyRecord(checking, record.bytes, record.key, NOW)).toEqual(record)
        const altered = flipped(record.bytes, 8 * 40)
        expect(await verifyRecord(checking, altered, record.key, NOW)).toBe('wrong-signature')
      }
    }
  })
})
