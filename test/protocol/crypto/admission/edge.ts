// What the tests of admission share: an edge with a secret, a peer with a key, and stamps made on the spot.

import {
  type Challenge,
  makeChallenge,
  readChallenge,
  SCOPE,
} from '../../../../protocol/crypto/admission/challenge.ts'
import { type EdgeKeys, edgeKeys } from '../../../../protocol/crypto/admission/keys.ts'
import { audienceOf } from '../../../../protocol/crypto/admission/names.ts'
import {
  bidForPass,
  decidePass,
  encodePassRequest,
  type PassDesk,
} from '../../../../protocol/crypto/admission/request.ts'
import { sha256Block, stampSearcher } from '../../../../protocol/crypto/admission/search.ts'
import { SpentChallenges } from '../../../../protocol/crypto/admission/spent.ts'
import type { SigningKey } from '../../../../protocol/crypto/suite.ts'
import { STAMP_PUZZLES } from '../../../../protocol/limits/admission.ts'
import { random, suiteOf } from '../suites.ts'

export const suite = await suiteOf('native')
export const { hash, signatures } = suite

export const NOW_MS = Date.UTC(2026, 10, 21, 12)
export const ORIGIN = 'https://edge.example'
export const NETWORK = 'demo'

export const counting = (length: number, from = 0) => Uint8Array.from({ length }, (_, i) => (from + i) & 255)
export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

export const keysOf = (fill: number): Promise<EdgeKeys> => edgeKeys(hash, new Uint8Array(32).fill(fill))

export function stampOf(challenge: Challenge, place: Uint8Array): Uint8Array {
  const searcher = stampSearcher(sha256Block(), challenge.bytes, place, challenge.bits, STAMP_PUZZLES)
  while (!searcher.step(10_000));
  return searcher.stamp()
}

export async function deskWith(keys: EdgeKeys, previous?: EdgeKeys): Promise<PassDesk> {
  return { hash, signatures, ring: { current: keys, previous }, spent: new SpentChallenges() }
}

export interface Asked {
  readonly keys: EdgeKeys
  readonly key: SigningKey
  readonly nowMs?: number
  readonly bits?: number
  /** What the client believes. */
  readonly origin?: string
  readonly network?: string
}

/** A request as an honest client makes it, who was given its challenge by the edge at ORIGIN for NETWORK. */
export async function requestOf({ keys, key, nowMs = NOW_MS, bits = 4, origin, network }: Asked) {
  const resource = await audienceOf(hash, ORIGIN, NETWORK)
  const given = await makeChallenge(hash, keys, { scope: SCOPE.pass, resource }, bits, nowMs, random)
  const challenge = readChallenge(given)!
  const bid = await bidForPass(hash, origin ?? ORIGIN, network ?? NETWORK, key.publicKey)
  return encodePassRequest(challenge, bid, stampOf(challenge, bid.place), key)
}

export const decide = (
  desk: PassDesk,
  body: Uint8Array,
  nowMs = NOW_MS,
  origin = ORIGIN,
  network = NETWORK,
) => decidePass(desk, body, origin, network, nowMs)
