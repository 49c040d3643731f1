// What the edge decides admission with: the platform's crypto, the keys made of the deployment's secret, and what this
// isolate remembers. Made on first use and kept while the settings are the same, since making keys takes hashes.

import { difficulty, Load } from '../protocol/crypto/admission/difficulty.ts'
import { type KeyRing, keyRing } from '../protocol/crypto/admission/keys.ts'
import type { PassDesk } from '../protocol/crypto/admission/request.ts'
import { SpentChallenges } from '../protocol/crypto/admission/spent.ts'
import { nativeHash } from '../protocol/crypto/native.ts'
import { type PlatformSuite, platformSuite } from '../protocol/crypto/platform.ts'
import type { Subtle } from '../protocol/crypto/subtle.ts'
import type { Hash } from '../protocol/crypto/suite.ts'
import { STAMP_BITS_MAX } from '../protocol/limits/admission.ts'
import type { Env } from './env.ts'
import { Misconfigured } from './errors.ts'
import { settings } from './settings/settings.ts'

export interface AdmissionDesk extends PassDesk {
  readonly random: (length: number) => Uint8Array
  /** How hard a stamp is to be now, and so much harder for whom it is for. */
  readonly bits: (nowMs: number, extra?: number) => number
  readonly load: Load
}

// An isolate's own, and honest only as that: each isolate of an edge sees its share of the load and of the challenges.
const spent = new SpentChallenges()
const load = new Load()

// Values, never promises: one that was made while serving a request may never resolve for another.
let suite: PlatformSuite | undefined
let kept: { readonly secrets: string; readonly ring: KeyRing } | undefined

/** What a pass is checked with. */
export interface PassCheck {
  readonly hash: Hash
  readonly ring: KeyRing
}

/** Passes are made and checked with two keys, of the secret and of the one before. */
const hash = nativeHash(crypto.subtle as unknown as Subtle, 2)

export async function passCheck(env: Env): Promise<PassCheck> {
  const secrets = JSON.stringify([env.PASS_SECRET, env.PASS_SECRET_PREVIOUS])
  if (kept?.secrets !== secrets) kept = { secrets, ring: await keyRing(hash, env) }
  return { hash, ring: kept.ring }
}

export async function admissionDesk(env: Env): Promise<AdmissionDesk> {
  const base = settings(env).STAMP_BITS
  suite ??= await nativeSuite()
  const { hash, signatures } = suite
  const { ring } = await passCheck(env)
  return {
    hash,
    signatures,
    ring,
    spent,
    load,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    bits: (nowMs, extra = 0) => Math.min(STAMP_BITS_MAX, difficulty(load.perSecond(nowMs), base) + extra),
  }
}

async function nativeSuite(): Promise<PlatformSuite> {
  try {
    return await platformSuite(crypto.subtle as unknown as Subtle)
  } catch {
    throw new Misconfigured(
      'this runtime has no ML-DSA-65: wrangler.toml must set the flag webcrypto_modern_algorithms',
    )
  }
}
