// The edge's challenge: what it remembers of a stranger, given to the stranger to carry. 32 bytes, stateless.
//
//   time 4 ‖ scope 1 ‖ bits 1 ‖ count 1 ‖ 0 ‖ salt 4 ‖ resource tag 4 ‖ HMAC(daily key, these 16 ‖ resource)[0..16)
//
// The time is in seconds and says which day's key made it, so one from before midnight is good after it. The tag is the
// beginning of the resource: it tells one made for something else from a forged one, before any hash is computed.

import {
  CHALLENGE_EARLY_MS,
  CHALLENGE_LIFETIME_MS,
  STAMP_BITS_MAX,
  STAMP_PUZZLES,
} from '../../limits/admission.ts'
import { equalBytes, Reader, Writer } from '../../wire/bytes.ts'
import type { Hash } from '../suite.ts'
import { type EdgeKeys, type KeyRing, mac, ringOf, sameMac } from './keys.ts'
import type { AdmissionRefusal } from './refusals.ts'

export const CHALLENGE_BYTES = 32
const PREFIX_BYTES = 16
const SALT_BYTES = 4
const TAG_BYTES = 4

/** What a stamp on it is for. Numbers are never reused. */
export const SCOPE = {
  pass: 1, // resource: the audience
  mail: 2, // resource: audience and mailbox; the envelope is the spender
} as const
export type Scope = (typeof SCOPE)[keyof typeof SCOPE]

export interface Challenge {
  readonly bytes: Uint8Array
  readonly timeMs: number
  readonly scope: number
  /** Zeros that each puzzle's hash begins with. */
  readonly bits: number
}

export interface ChallengeFor {
  readonly scope: Scope
  /** 32 bytes, a hash: of whatever the edge knows that the stamp will be spent on. */
  readonly resource: Uint8Array
}

export async function makeChallenge(
  hash: Hash,
  keys: EdgeKeys,
  { scope, resource }: ChallengeFor,
  bits: number,
  nowMs: number,
  random: (length: number) => Uint8Array,
): Promise<Uint8Array> {
  if (!Number.isInteger(bits) || bits < 0 || bits > STAMP_BITS_MAX)
    throw new RangeError(`a challenge asks for 0 to ${STAMP_BITS_MAX} bits, not ${bits}`)
  const timeS = Math.floor(nowMs / 1_000)
  const writer = new Writer(CHALLENGE_BYTES).u32(timeS).u8(scope).u8(bits).u8(STAMP_PUZZLES).u8(0)
  writer.bytes(random(SALT_BYTES)).bytes(resource.subarray(0, TAG_BYTES))
  const prefix = writer.done().slice()
  return writer.bytes(await mac(hash, await keys.challenge(timeS * 1_000), prefix, resource)).done()
}

/** What a challenge says, to somebody who cannot check it. Undefined for what no edge makes, whatever its key. */
export function readChallenge(bytes: Uint8Array): Challenge | undefined {
  if (bytes.length !== CHALLENGE_BYTES) return undefined
  const reader = new Reader(bytes)
  const [timeS, scope, bits, count, zero] = [reader.u32(), reader.u8(), reader.u8(), reader.u8(), reader.u8()]
  if (zero !== 0 || count !== STAMP_PUZZLES || bits > STAMP_BITS_MAX) return undefined
  return { bytes, timeMs: timeS * 1_000, scope, bits }
}

/** In this order: form, scope, resource, time, and only then the MAC. */
export async function checkChallenge(
  hash: Hash,
  ring: KeyRing,
  bytes: Uint8Array,
  { scope, resource }: ChallengeFor,
  nowMs: number,
): Promise<Challenge | AdmissionRefusal> {
  const challenge = readChallenge(bytes)
  if (challenge === undefined) return 'malformed'
  const tag = bytes.subarray(PREFIX_BYTES - TAG_BYTES, PREFIX_BYTES)
  if (challenge.scope !== scope || !equalBytes(tag, resource.subarray(0, TAG_BYTES))) return 'foreign'
  const ageMs = nowMs - challenge.timeMs
  if (ageMs < -CHALLENGE_EARLY_MS || ageMs > CHALLENGE_LIFETIME_MS) return 'expired'
  const [prefix, given] = [bytes.subarray(0, PREFIX_BYTES), bytes.subarray(PREFIX_BYTES)]
  for (const keys of ringOf(ring)) {
    const wanted = await mac(hash, await keys.challenge(challenge.timeMs), prefix, resource)
    if (sameMac(wanted, given)) return challenge
  }
  return 'forged'
}
