// People who have mailboxes, and people who write to them, as tests and benchmarks of the edge need them: real keys, real
// proofs, and envelopes of noise, since nobody here opens one. Runs in Node and in workerd.

import { readChallenge } from '../../protocol/crypto/admission/challenge.ts'
import { accessMac, dayOf, envelopeHash, mailResource } from '../../protocol/crypto/admission/mail.ts'
import { audienceOf } from '../../protocol/crypto/admission/names.ts'
import { sha256Block, stampSearcher } from '../../protocol/crypto/admission/search.ts'
import { stampPlace } from '../../protocol/crypto/admission/stamp.ts'
import { peerIdOf } from '../../protocol/crypto/identity.ts'
import { SIGN_PREKEYS } from '../../protocol/crypto/mail/labels.ts'
import { leafOf, treeOf } from '../../protocol/crypto/mail/merkle.ts'
import { coveredHead, signedHead, writeOneTime } from '../../protocol/crypto/mail/publication.ts'
import { nativeHash, nativeSignatures } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { concat, SIZES, type SigningKey } from '../../protocol/crypto/suite.ts'
import { STAMP_PUZZLES } from '../../protocol/limits/admission.ts'
import { type PeerId, peerIdText } from '../../protocol/peer-id.ts'
import type { Proof, PutRequest } from '../../protocol/wire/mail-frames.ts'

export const KIB = 1024
const HOUR_MS = 3_600_000

const subtle = crypto.subtle as unknown as Subtle
const hash = nativeHash(subtle)
const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))

export interface MailOwner {
  readonly key: SigningKey
  readonly id: Uint8Array
  readonly text: PeerId
  readonly network: string
  /** What this owner gives its contacts. */
  readonly accessKey: Uint8Array
}

export async function newOwner(network = 'default'): Promise<MailOwner> {
  const key = await nativeSignatures(subtle).signingKey(random(SIZES.signatureSeed))
  const id = await peerIdOf(hash, key.publicKey)
  return { key, id, text: peerIdText(id), network, accessKey: random(32) }
}

/** Noise of one of the four sizes. */
export function newEnvelope(bytes = 4 * KIB): Uint8Array {
  const envelope = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(envelope.subarray(at, at + 65_536))
  return envelope
}

export async function idOf(envelope: Uint8Array): Promise<Uint8Array> {
  return (await envelopeHash(hash, envelope)).slice(0, 16)
}

/** What somebody shows who has the owner's access key, or says so. */
export async function accessProof(
  mailbox: Uint8Array,
  accessKey: Uint8Array,
  envelope: Uint8Array,
  day = dayOf(Date.now()),
): Promise<Proof> {
  const mac = await accessMac(hash, accessKey, mailbox, day, await envelopeHash(hash, envelope))
  return { kind: 'access', day, mac }
}

/** What a stranger works for. */
export async function stampProof(
  mailbox: Uint8Array,
  challenge: Uint8Array,
  envelope: Uint8Array,
  { origin, network }: { readonly origin: string; readonly network: string },
): Promise<Proof> {
  const read = readChallenge(challenge)
  if (read === undefined) throw new Error('no challenge')
  const resource = await mailResource(hash, await audienceOf(hash, origin, network), mailbox)
  const place = await stampPlace(hash, resource, await envelopeHash(hash, envelope))
  const searcher = stampSearcher(sha256Block(), challenge, place, read.bits, STAMP_PUZZLES)
  while (!searcher.step(10_000));
  return { kind: 'stamp', challenge, stamp: searcher.stamp() }
}

export type LetterTerms = Partial<Pick<PutRequest, 'priority' | 'ttlS' | 'envelope'>>

/** A put of one of the owner's contacts. */
export async function contactPut(
  owner: Pick<MailOwner, 'id' | 'accessKey'>,
  { priority = 'normal', ttlS = 3_600, envelope = newEnvelope() }: LetterTerms = {},
): Promise<PutRequest> {
  return { priority, ttlS, proof: await accessProof(owner.id, owner.accessKey, envelope), envelope }
}

/** A publication that is signed rightly; its keys are noise, as nobody seals to them. */
export async function publicationOf({ key, id }: MailOwner, count: number): Promise<Uint8Array> {
  const oneTime = Array.from({ length: count }, () => ({
    id: random(8),
    publicKey: random(SIZES.kemPublicKey),
  }))
  const tree = await treeOf(
    hash,
    await Promise.all(oneTime.map((one) => leafOf(hash, one.id, one.publicKey))),
  )
  const hour = Math.floor(Date.now() / HOUR_MS)
  const terms = { count, madeHour: hour, endHour: hour + 24, publicKey: random(SIZES.kemPublicKey) }
  const covered = coveredHead({ ...terms, root: tree.root })
  const signature = await key.sign(SIGN_PREKEYS, signedHead(id, covered))
  const parts = oneTime.map((one, index) => writeOneTime({ ...one, index, path: tree.path(index) }))
  return concat([covered, key.publicKey, signature, ...parts])
}
