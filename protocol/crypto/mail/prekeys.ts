// An owner's prekeys: seeds and nothing else, until they are used or nobody can still be writing to them. And the memory that
// takes a first message without a one-time prekey once.

import {
  MAIL_LATE_MS,
  MAIL_ONE_TIME_KEPT_MAX,
  MAIL_ONE_TIME_MAX,
  MAIL_PREKEY_MS,
  MAIL_REMEMBERED_MAX,
  MAIL_REPEAT_MS,
  MAIL_SIGNED_KEPT_MAX,
} from '../../limits/mail.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { Identity } from '../identity.ts'
import { concat, type KemKeyPair, SIZES, type Suite } from '../suite.ts'
import { HOUR_MS, hourOf, ID_BYTES, isZero } from './fields.ts'
import { SIGN_PREKEYS } from './labels.ts'
import { leafOf, treeOf } from './merkle.ts'
import { coveredHead, signedHead, writeOneTime } from './publication.ts'

export interface SignedPrekey {
  readonly seed: Uint8Array
  readonly madeHour: number
  readonly endHour: number
  /** From then on nothing that was sealed to it can still come. */
  readonly eraseHour: number
}

export interface OneTimePrekey {
  readonly id: Uint8Array
  readonly seed: Uint8Array
  readonly eraseHour: number
}

/** A session that began without a one-time prekey, until the prekey it began with is erased. */
export interface Remembered {
  readonly session: Uint8Array
  readonly eraseHour: number
}

/** The newest first. */
export interface Prekeys {
  readonly signed: readonly SignedPrekey[]
  readonly oneTime: readonly OneTimePrekey[]
  readonly remembered: readonly Remembered[]
}

export interface Published {
  /** For the edge. */
  readonly publication: Uint8Array
  /** For nobody: to be committed before the edge gets the publication. */
  readonly prekeys: Prekeys
}

export const NO_PREKEYS: Prekeys = { signed: [], oneTime: [], remembered: [] }
const LINGER_HOURS = (MAIL_REPEAT_MS + MAIL_LATE_MS) / HOUR_MS

/** A new signed prekey and one-time prekeys under it; what there was before stays until nothing sealed to it can come. */
export async function makePrekeys(
  suite: Suite,
  owner: Identity,
  nowMs: number,
  before: Prekeys = NO_PREKEYS,
  count: number = MAIL_ONE_TIME_MAX,
): Promise<Published> {
  const madeHour = hourOf(nowMs)
  const endHour = madeHour + MAIL_PREKEY_MS / HOUR_MS
  const seed = suite.random(SIZES.kemSeed)
  const signed = { seed, madeHour, endHour, eraseHour: endHour + LINGER_HOURS }
  const kept = superseded(forgetOldPrekeys(before, nowMs), madeHour)
  return publish(suite, owner, { ...kept, signed: [signed, ...kept.signed] }, madeHour, count)
}

/** When the edge has run out of one-time prekeys: more of them, beside the signed prekey there is. */
export async function replenish(
  suite: Suite,
  owner: Identity,
  nowMs: number,
  before: Prekeys,
  count: number = MAIL_ONE_TIME_MAX,
): Promise<Published> {
  const kept = forgetOldPrekeys(before, nowMs)
  const newest = kept.signed[0]
  if (newest === undefined || newest.endHour <= hourOf(nowMs))
    throw new TypeError('no signed prekey to go with')
  return publish(suite, owner, kept, hourOf(nowMs), count)
}

async function publish(
  suite: Suite,
  { key, id: owner }: Identity,
  kept: Prekeys,
  nowHour: number,
  count: number,
): Promise<Published> {
  const signed = kept.signed[0]
  if (signed === undefined) throw new TypeError('nothing to publish')
  if (!Number.isInteger(count) || count < 0 || count > MAIL_ONE_TIME_MAX)
    throw new RangeError(`a publication has at most ${MAIL_ONE_TIME_MAX} one-time prekeys`)
  const { publicKey } = await keyPairOf(suite, signed)
  const made: (OneTimePrekey & { readonly publicKey: Uint8Array })[] = []
  for (let index = 0; index < count; index++) {
    const [id, seed] = [suite.random(ID_BYTES), suite.random(SIZES.kemSeed)]
    const pair = await suite.kem.keyPair(seed)
    made.push({ id, seed, eraseHour: signed.eraseHour, publicKey: pair.publicKey })
  }
  const leaves = await Promise.all(made.map((one) => leafOf(suite.hash, one.id, one.publicKey)))
  const tree = await treeOf(suite.hash, leaves)
  const covered = coveredHead({ ...signed, count, publicKey, root: tree.root })
  const signature = await key.sign(SIGN_PREKEYS, signedHead(owner, covered))
  const parts = made.map((one, index) => writeOneTime({ ...one, index, path: tree.path(index) }))
  const oneTime = [
    ...made.map(({ id, seed, eraseHour }) => ({ id, seed, eraseHour })),
    ...hastened(kept.oneTime, nowHour),
  ]
  return {
    publication: concat([covered, key.publicKey, signature, ...parts]),
    prekeys: bounded({ ...kept, oneTime }),
  }
}

/** Nobody is given them any more: they are needed as long as what was begun with them is repeated and may come late. */
function superseded(prekeys: Prekeys, nowHour: number): Prekeys {
  return { ...prekeys, signed: hastened(prekeys.signed, nowHour) }
}

function hastened<Key extends { readonly eraseHour: number }>(keys: readonly Key[], nowHour: number): Key[] {
  return keys.map((key) => ({ ...key, eraseHour: Math.min(key.eraseHour, nowHour + LINGER_HOURS) }))
}

function bounded({ signed, oneTime, remembered }: Prekeys): Prekeys {
  return {
    signed: signed.slice(0, MAIL_SIGNED_KEPT_MAX),
    oneTime: oneTime.slice(0, MAIL_ONE_TIME_KEPT_MAX),
    remembered,
  }
}

/** To be done now and then, and committed: a key that is kept can be stolen. The same object when nothing is old. */
export function forgetOldPrekeys(prekeys: Prekeys, nowMs: number): Prekeys {
  const isLive = ({ eraseHour }: { readonly eraseHour: number }) => eraseHour > hourOf(nowMs)
  const { signed, oneTime, remembered } = prekeys
  if ([...signed, ...oneTime, ...remembered].every(isLive)) return prekeys
  return {
    signed: signed.filter(isLive),
    oneTime: oneTime.filter(isLive),
    remembered: remembered.filter(isLive),
  }
}

// ---- what opening needs -----------------------------------------------------------------------------------------

export function findOneTime({ oneTime }: Prekeys, id: Uint8Array): OneTimePrekey | undefined {
  return oneTime.find((one) => equalBytes(one.id, id))
}

export function isRemembered({ remembered }: Prekeys, session: Uint8Array): boolean {
  return remembered.some((one) => equalBytes(one.session, session))
}

export function canRemember({ remembered }: Prekeys): boolean {
  return remembered.length < MAIL_REMEMBERED_MAX
}

/** After a session began with them: it can do so once. */
export function spent(
  prekeys: Prekeys,
  signed: SignedPrekey,
  oneTimeId: Uint8Array,
  session: Uint8Array,
): Prekeys {
  if (!isZero(oneTimeId))
    return { ...prekeys, oneTime: prekeys.oneTime.filter(({ id }) => !equalBytes(id, oneTimeId)) }
  const remembered = [...prekeys.remembered, { session, eraseHour: signed.eraseHour }]
  return { ...prekeys, remembered }
}

/** Made from seeds once, since that is slow, and forgotten with them. */
const pairs = new WeakMap<Suite['kem'], WeakMap<Uint8Array, Promise<KemKeyPair>>>()

export function keyPairOf({ kem }: Suite, { seed }: { readonly seed: Uint8Array }): Promise<KemKeyPair> {
  const known = pairs.get(kem) ?? new WeakMap<Uint8Array, Promise<KemKeyPair>>()
  pairs.set(kem, known)
  const pair = known.get(seed) ?? kem.keyPair(seed)
  known.set(seed, pair)
  return pair
}
