// Public test vectors, from the folder beside the project when it is there: Wycheproof's for each primitive, and those of
// HPKE-PQ for exactly our suite. Without the folder nothing here runs; suite.test.ts holds the implementations to each other.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { schedule } from '../../../protocol/crypto/hpke.ts'
import { lattice, pureHash, signWith } from '../../../protocol/crypto/pure.ts'
import { type Backend, concat, type Suite } from '../../../protocol/crypto/suite.ts'
import { root } from '../../../scripts/paths.ts'
import { BACKENDS, suiteOf } from './suites.ts'

const folder = join(root, '..', 'shared', 'vectors')
const present = existsSync(folder)
const hex = (text = '') => Uint8Array.from(Buffer.from(text, 'hex'))

type Case = Record<string, string> & { result: string; tcId: number; flags?: string[] }
type Group = Record<string, string> & { tests: Case[] }

function cases(file: string): { group: Group; test: Case }[] {
  const { testGroups } = JSON.parse(readFileSync(join(folder, 'wycheproof', `${file}.json`), 'utf8')) as {
    testGroups: Group[]
  }
  return testGroups.flatMap((group) => group.tests.map((test) => ({ group, test })))
}

describe.skipIf(!present)(
  'public vectors (skipped where the folder with them is not beside the project)',
  () => {
    const suites = {} as Record<Backend, Suite>
    beforeAll(async () => {
      for (const backend of BACKENDS) suites[backend] = await suiteOf(backend)
    })

    it.each(BACKENDS)('ML-DSA-65 verification, %s', async (backend) => {
      for (const { group, test } of cases('mldsa_65_verify_test')) {
        const { verify } = suites[backend].signatures
        const good = await verify(hex(group.publicKey), hex(test.ctx), hex(test.msg), hex(test.sig))
        expect({ id: test.tcId, good }).toEqual({ id: test.tcId, good: test.result === 'valid' })
      }
    })

    it('ML-DSA-65 signing from a seed, deterministically', () => {
      let signed = 0
      for (const { group, test } of cases('mldsa_65_sign_seed_test')) {
        const seed = hex(group.privateSeed)
        if (test.result !== 'valid' || test.msg === undefined || seed.length !== 32) continue
        const signature = signWith(
          seed,
          hex(test.ctx),
          hex(test.msg),
          test.rnd === undefined ? undefined : hex(test.rnd),
        )
        expect({ id: test.tcId, same: Buffer.compare(signature, hex(test.sig)) }).toEqual({
          id: test.tcId,
          same: 0,
        })
        signed++
      }
      expect(signed).toBeGreaterThan(30)
    })

    it('ML-KEM-768 key generation and decapsulation', () => {
      for (const { test } of cases('mlkem_768_keygen_seed_test')) {
        expect(lattice.keyPair(hex(test.seed)).publicKey).toEqual(hex(test.ek))
      }
      for (const { test } of cases('mlkem_768_test')) {
        const decapsulated = () => {
          const { secretKey } = lattice.keyPair(hex(test.seed))
          return lattice.decapsulate(hex(test.c), secretKey)
        }
        if (test.result === 'valid') expect(decapsulated()).toEqual(hex(test.K))
        else expect(decapsulated).toThrow()
      }
    })

    it('ML-KEM-768 encapsulation, refusing keys that are none', () => {
      for (const { test } of cases('mlkem_768_encaps_test')) {
        const encapsulated = () => lattice.encapsulate(hex(test.ek), hex(test.m))
        if (test.result === 'valid') {
          expect(encapsulated()).toMatchObject({ cipherText: hex(test.c), sharedSecret: hex(test.K) })
        } else expect(encapsulated).toThrow()
      }
    })

    it.each(BACKENDS)('ChaCha20-Poly1305, %s', async (backend) => {
      for (const { test } of cases('chacha20_poly1305_test')) {
        if (hex(test.iv).length !== 12) continue
        const key = await suites[backend].aead.key(hex(test.key))
        const sealed = concat([hex(test.ct), hex(test.tag)])
        const opened = await key.open(hex(test.iv), hex(test.aad), sealed)
        expect({ id: test.tcId, opened }).toEqual({
          id: test.tcId,
          opened: test.result === 'valid' ? hex(test.msg) : undefined,
        })
        if (test.result === 'valid')
          expect(await key.seal(hex(test.iv), hex(test.aad), hex(test.msg))).toEqual(sealed)
      }
    })

    it.each(BACKENDS)('HKDF-SHA-256, %s', async (backend) => {
      const { hash } = suites[backend]
      for (const { test } of cases('hkdf_sha256_test')) {
        if (test.result !== 'valid') continue
        const key = await hash.extract(hex(test.salt), hex(test.ikm))
        expect(await hash.expand(key, hex(test.info), Number(test.size))).toEqual(hex(test.okm))
      }
    })

    it.each(BACKENDS)('HPKE with our suite, %s', async (backend) => {
      const all = JSON.parse(readFileSync(join(folder, 'hpke-pq', 'test-vectors.json'), 'utf8')) as Record<
        string,
        unknown
      >[]
      const ours = all.filter(
        ({ kem_id, kdf_id, aead_id }) => kem_id === 0x647a && kdf_id === 1 && aead_id === 3,
      )
      expect(ours.length).toBeGreaterThan(0)
      for (const vector of ours as Record<string, string>[]) {
        const suite = suites[backend]
        const pair = await suite.kem.keyPair(hex(vector.skRm))
        expect(pair.publicKey).toEqual(hex(vector.pkRm))
        const secret = (await pair.decapsulate(hex(vector.enc))) as Uint8Array
        expect(secret).toEqual(hex(vector.shared_secret))
        const { key, keyBytes, nonce } = await schedule(suite, secret, { info: hex(vector.info) })
        expect(keyBytes).toEqual(hex(vector.key))
        expect(nonce).toEqual(hex(vector.base_nonce))
        const [first] = vector.encryptions as unknown as Record<string, string>[]
        expect(await key.open(nonce, hex(first?.aad), hex(first?.ct))).toEqual(hex(first?.pt))
      }
    })

    it('the folder that is there has what these tests read', async () => {
      expect(await pureHash.sha256(readFileSync(join(folder, 'README.md')))).toHaveLength(32)
    })
  },
)
