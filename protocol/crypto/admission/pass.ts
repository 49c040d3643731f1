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

/** The network's tag and the capabilities: what a room keeps of a pass, to make the next one of. */
export const GRANT_BYTES = NETWORK_TAG_BYTES + 2
const GRANT_AT = 1 + SIZES.hash

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
  const tag = await networkTag(hash, network)
  const grant = new Writer(GRANT_BYTES).bytes(tag).u16(capabilities).done()
  return mintGranted(hash, keys, subject, grant, expiresAtMs)
}

/** For whom a pass was checked before, of which only this was kept. */
export async function mintGranted(
  hash: Hash,
  keys: EdgeKeys,
  subject: Uint8Array,
  grant: Uint8Array,
  expiresAtMs: number,
): Promise<string> {
  checkSize('the subject of a pass', subject, SIZES.hash)
  checkSize('the grant of a pass', grant, GRANT_BYTES)
  const writer = new Writer(CLAIMS_BYTES + MAC_BYTES).u8(VERSION).bytes(subject).bytes(grant)
  writer.u32(Math.floor(expiresAtMs / 1_000))
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

/** What a room is to keep of a pass that was checked. */
export function grantOf(text: string): Uint8Array | undefined {
  return parsePass(text)?.claims.slice(GRANT_AT, GRANT_AT + GRANT_BYTES)
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
