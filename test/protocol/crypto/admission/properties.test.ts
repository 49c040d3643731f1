// Whatever comes in: no throw, no pass. And SHA-256 in JavaScript is the platform's.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  CHALLENGE_BYTES,
  makeChallenge,
  readChallenge,
  SCOPE,
} from '../../../../protocol/crypto/admission/challenge.ts'
import { audienceOf } from '../../../../protocol/crypto/admission/names.ts'
import { checkPass, PASS_LETTERS } from '../../../../protocol/crypto/admission/pass.ts'
import { ADMISSION_REFUSALS } from '../../../../protocol/crypto/admission/refusals.ts'
import { PASS_REQUEST_BYTES } from '../../../../protocol/crypto/admission/request.ts'
import { sha256Block, stampSearcher } from '../../../../protocol/crypto/admission/search.ts'
import { isStamped, leadingZeros } from '../../../../protocol/crypto/admission/stamp.ts'
import { STAMP_PUZZLES } from '../../../../protocol/limits/admission.ts'
import { random } from '../suites.ts'
import {
  counting,
  decide,
  deskWith,
  hash,
  keysOf,
  NETWORK,
  NOW_MS,
  ORIGIN,
  requestOf,
  signatures,
  stampOf,
} from './edge.ts'

const keys = await keysOf(1)
const key = await signatures.signingKey(counting(32))
const desk = await deskWith(keys)
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

it('any bytes for a request are refused with one of the words', async () => {
  const any = fc.oneof(fc.uint8Array({ maxLength: 200 }), bytes(PASS_REQUEST_BYTES))
  await fc.assert(
    fc.asyncProperty(any, async (body) => {
      expect(ADMISSION_REFUSALS).toContain(await decide(desk, body))
    }),
  )
})

it('a good challenge and stamp with anything behind is refused with one of the words', async () => {
  const good = await requestOf({ keys, key, bits: 0 })
  await fc.assert(
    fc.asyncProperty(bytes(PASS_REQUEST_BYTES - 32), async (rest) => {
      const body = Uint8Array.from(good)
      body.set(rest, 32)
      expect(['wrong-signature', 'spent']).toContain(await decide(desk, body))
    }),
    { numRuns: 20 },
  )
})

it('any text for a pass is refused with one of the words', async () => {
  const letters = fc.string({
    unit: fc.constantFrom(...'ABCxyz019-_'),
    minLength: PASS_LETTERS,
    maxLength: PASS_LETTERS,
  })
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), letters), async (text) => {
      expect(ADMISSION_REFUSALS).toContain(
        await checkPass(hash, { current: keys }, text, { network: NETWORK }, NOW_MS),
      )
    }),
  )
})

it('a challenge reads as it was made, and any bytes read as one or as none', async () => {
  const resource = await audienceOf(hash, ORIGIN, NETWORK)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 22 }), fc.nat(4_000_000_000), async (bits, timeS) => {
      const made = await makeChallenge(
        hash,
        keys,
        { scope: SCOPE.mail, resource },
        bits,
        timeS * 1_000,
        random,
      )
      expect(readChallenge(made)).toEqual({ bytes: made, timeMs: timeS * 1_000, scope: SCOPE.mail, bits })
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2 * CHALLENGE_BYTES }), (any) => {
      const read = readChallenge(any)
      return read === undefined || (any.length === CHALLENGE_BYTES && read.bits <= 22)
    }),
  )
})

it('what the searcher finds, the platform’s SHA-256 finds good, and one nonce later not (almost always)', async () => {
  await fc.assert(
    fc.asyncProperty(
      bytes(32),
      bytes(32),
      fc.integer({ min: 0, max: 10 }),
      async (challenge, place, bits) => {
        const stamped = { bytes: challenge, bits, scope: 1, timeMs: 0 }
        const stamp = stampOf(stamped, place)
        expect(await isStamped(hash, stamped, place, stamp)).toBe(true)
        expect(await isStamped(hash, stamped, place, stamp.subarray(1))).toBe(false)
        const elsewhere = place.map((byte) => byte ^ 1)
        if (bits === 10) expect(await isStamped(hash, stamped, elsewhere, stamp)).toBe(false)
      },
    ),
    { numRuns: 30 },
  )
})

it('steps do not matter: the same stamp by one try at a time', () => {
  const searcher = () => stampSearcher(sha256Block(), counting(32), counting(32, 9), 5, STAMP_PUZZLES)
  const [slow, fast] = [searcher(), searcher()]
  let solved = 0
  while (!slow.step(1)) {
    expect(slow.solved()).toBeGreaterThanOrEqual(solved)
    solved = slow.solved()
  }
  expect(fast.step(1_000_000)).toBe(true)
  expect(slow.stamp()).toEqual(fast.stamp())
  expect(fast.step(1)).toBe(true)
})

it.each([
  [[0, 0, 255], 16],
  [[0, 1], 15],
  [[128], 0],
  [[0, 0], 16],
])('%j begins with %i zeros', (digest, zeros) => expect(leadingZeros(Uint8Array.from(digest))).toBe(zeros))
