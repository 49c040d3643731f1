// A pass: the edge's word that a peer proved its key and paid a stamp. Whatever is behind the edge checks this and
// nothing else.
//
//   version 1 ‖ subject 32 ‖ network tag 8 ‖ capabilities 2 ‖ expiry 4 ‖ HMAC(pass key, these 47)[0..16)
//
// 63 bytes, and so exactly 84 letters of base64url, with one spelling. The expiry is in seconds.

import { fromBase64url, toBase64url } from '../../wire/base64url.ts'
import { equalBytes, Reader, Writer } from '../../wire/bytes.ts'
import { checkSize, type Hash, SIZES } from '../suite.ts'
import { type EdgeKeys, type KeyRing, MAC_BYTES, mac, ringOf, sameMac } from './keys.ts'
import { NETWORK_TAG_BYTES, networkTag } from './names.ts'
import type { AdmissionRefusal } from './refusals.ts'

const VERSION = 1
const CLAIMS_BYTES = 1 + SIZES.hash + NETWORK_TAG_BYTES + 2 + 4
export const PASS_LETTERS = ((CLAIMS_BYTES + MAC_BYTES) * 8) / 6

/** What a pass admits to, as bits. Numbers are never reused; a bit nobody knows is nobody's business. */
export const CAPABILITY = {
  rooms: 1,
  mail: 2,
  records: 4,
} as const

export const EVERY_CAPABILITY = CAPABILITY.rooms | CAPABILITY.mail | CAPABILITY.records

export interface Pass {
  /** The PeerId, or the owner's id of a mailbox with a key of its own. */
  readonly subject: Uint8Array
  readonly capabilities: number
  readonly expiresAtMs: number
}

/** The expiry is rounded down to a second, and is what the pass returned says. */
export async function mintPass(
  hash: Hash,
  keys: EdgeKeys,
  network: string,
  { subject, capabilities, expiresAtMs }: Pass,
): Promise<string> {
  checkSize('the subject of a pass', subject, SIZES.hash)
  const writer = new Writer(CLAIMS_BYTES + MAC_BYTES).u8(VERSION).bytes(subject)
  writer
    .bytes(await networkTag(hash, network))
    .u16(capabilities)
    .u32(Math.floor(expiresAtMs / 1_000))
  const claims = writer.done().slice()
  return toBase64url(writer.bytes(await mac(hash, keys.pass, claims)).done())
}

export interface PassFor {
  readonly network: string
  /** Whom it is shown for; left out where the pass itself says who it is. */
  readonly subject?: Uint8Array | undefined
}

/** In this order: form, network, time, the MAC, the subject. */
export async function checkPass(
  hash: Hash,
  ring: KeyRing,
  text: string,
  { network, subject }: PassFor,
  nowMs: number,
): Promise<Pass | AdmissionRefusal> {
  const parsed = parsePass(text)
  if (parsed === undefined) return 'malformed'
  if (!equalBytes(parsed.networkTag, await networkTag(hash, network))) return 'foreign'
  if (parsed.pass.expiresAtMs <= nowMs) return 'expired'
  for (const keys of ringOf(ring)) {
    if (!sameMac(await mac(hash, keys.pass, parsed.claims), parsed.mac)) continue
    if (subject !== undefined && !equalBytes(subject, parsed.pass.subject)) return 'wrong-key'
    return parsed.pass
  }
  return 'forged'
}

/** What a pass says, to somebody who cannot check it: its bearer, above all. */
export function readPass(text: string): Pass | undefined {
  return parsePass(text)?.pass
}

function parsePass(text: string) {
  const bytes = text.length === PASS_LETTERS ? fromBase64url(text) : undefined
  if (bytes === undefined) return undefined
  const reader = new Reader(bytes)
  if (reader.u8() !== VERSION) return undefined
  const subject = reader.bytes(SIZES.hash)
  const networkTag = reader.bytes(NETWORK_TAG_BYTES)
  const pass: Pass = { subject, capabilities: reader.u16(), expiresAtMs: reader.u32() * 1_000 }
  return { pass, networkTag, claims: bytes.subarray(0, CLAIMS_BYTES), mac: reader.rest() }
}
