// The keys the edge makes of its secret: one for passes, one for the challenges of each day. And what the secret must be.

import { fromBase64url } from '../../wire/base64url.ts'
import { utf8, Writer } from '../../wire/bytes.ts'
import { LABELS } from '../contexts.ts'
import type { Hash } from '../suite.ts'
import { SIZES } from '../suite.ts'

/** Fewer could be guessed; as base64url 43 letters, which is what `openssl rand 32` and we ourselves make. */
export const SECRET_BYTES_LEAST = 32
export const MAC_BYTES = 16

const DAY_MS = 86_400_000
/** A challenge lives ten minutes, so only two days' keys are ever in use; the rest of the room is for tests with odd clocks. */
const DAYS_KEPT_MAX = 4

export interface EdgeKeys {
  readonly pass: Uint8Array
  /** The key of the challenges made on the day this time is in. */
  challenge(timeMs: number): Promise<Uint8Array>
  /** What a network's ids are hashed with on that day, for whom they shall not be shown. */
  pseudonyms(network: string, timeMs: number): Promise<Uint8Array>
}

/** What signs, and what was signing before the last rotation, which is still accepted. */
export interface KeyRing {
  readonly current: EdgeKeys
  readonly previous?: EdgeKeys | undefined
}

/** The bytes of a secret as a setting has it; undefined for one that is too short or not base64url. */
export function parseSecret(text: string): Uint8Array | undefined {
  const bytes = fromBase64url(text)
  return bytes === undefined || bytes.length < SECRET_BYTES_LEAST ? undefined : bytes
}

export async function edgeKeys(hash: Hash, secret: Uint8Array): Promise<EdgeKeys> {
  if (secret.length < SECRET_BYTES_LEAST)
    throw new RangeError(`the edge's secret must have at least ${SECRET_BYTES_LEAST} bytes`)
  const root = await hash.extract(LABELS.edgeSecret, secret)
  // Values and not promises: in a Worker, a promise made while one request is served may never resolve for another.
  const days = new Map<number, Uint8Array>()
  return {
    pass: await hash.expand(root, LABELS.passKey, SIZES.hash),
    challenge: async (timeMs) => {
      const day = Math.floor(timeMs / DAY_MS)
      const known = days.get(day)
      if (known !== undefined) return known
      const info = new Writer().bytes(LABELS.challengeKey).u32(day).done()
      const made = await hash.expand(root, info, SIZES.hash)
      for (const old of days.keys()) if (days.size >= DAYS_KEPT_MAX) days.delete(old)
      days.set(day, made)
      return made
    },
    pseudonyms: (network, timeMs) => {
      const info = new Writer()
        .bytes(LABELS.pseudonyms)
        .u32(Math.floor(timeMs / DAY_MS))
        .bytes(utf8(network))
      return hash.expand(root, info.done(), SIZES.hash)
    },
  }
}

/** The deployment's secrets, as its settings have them. */
export interface PassSecrets {
  /** What passes and challenges are signed with: base64url of at least 32 bytes of chance. A secret, never in wrangler.toml. */
  readonly PASS_SECRET?: string
  /** The one before, accepted for one lifetime of a pass after a rotation. */
  readonly PASS_SECRET_PREVIOUS?: string
}

/** Rejects with a RangeError that names the setting, and never its value: a secret that is almost right is still one. */
export async function keyRing(hash: Hash, settings: PassSecrets): Promise<KeyRing> {
  const current = await edgeKeys(hash, requiredSecret('PASS_SECRET', settings.PASS_SECRET))
  const previous = optionalSecret('PASS_SECRET_PREVIOUS', settings.PASS_SECRET_PREVIOUS)
  return { current, previous: previous && (await edgeKeys(hash, previous)) }
}

/** Throws RangeError, as the next one does. */
export function requiredSecret(name: string, text: string | undefined): Uint8Array {
  const secret = optionalSecret(name, text)
  if (secret === undefined)
    throw new RangeError(`${name} is not set: \`npx wrangler secret put ${name}\` sets it`)
  return secret
}

export function optionalSecret(name: string, text: string | undefined): Uint8Array | undefined {
  if (text === undefined || text === '') return undefined
  const bytes = parseSecret(text)
  if (bytes === undefined)
    throw new RangeError(`${name} must be base64url of at least ${SECRET_BYTES_LEAST} bytes`)
  return bytes
}

export const ringOf = ({ current, previous }: KeyRing): readonly EdgeKeys[] =>
  previous === undefined ? [current] : [current, previous]

export async function mac(hash: Hash, key: Uint8Array, ...parts: readonly Uint8Array[]) {
  return (await hash.hmac(key, ...parts)).subarray(0, MAC_BYTES)
}

/** Compares all of it, whatever differs: how long it takes must not say how much of a guess was right. */
export function sameMac(a: Uint8Array, b: Uint8Array): boolean {
  let different = a.length ^ b.length
  for (let i = 0; i < a.length; i++) different |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return different === 0
}
