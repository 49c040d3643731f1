// Credentials that a TURN server checks without asking anybody (the "TURN REST" form, draft-uberti-behave-turn-rest-00, which
// coturn calls use-auth-secret): the name says until when they are good and for whom, the password is its HMAC-SHA1.

import type { IceServer } from '../../protocol/bootstrap.ts'

const LABEL = 'waypost/1 turn label' // what a TURN server's log shows of a peer must be of no use elsewhere
const LABEL_BYTES = 8

/** `subject`: the peer's id, which the TURN server is not told. */
export async function coturnServer(
  urls: readonly string[],
  secret: string,
  subject: Uint8Array,
  expiresAtMs: number,
): Promise<IceServer> {
  const username = `${Math.floor(expiresAtMs / 1_000)}:${await labelOf(secret, subject)}`
  const mac = await hmac('SHA-1', secret, new TextEncoder().encode(username))
  return { urls, username, credential: btoa(String.fromCharCode(...mac)) }
}

/** The same for a peer each time, so that a server may bound what one uses; by the secret, so that nobody else can tell whose it is. */
async function labelOf(secret: string, subject: Uint8Array): Promise<string> {
  const label = new TextEncoder().encode(LABEL)
  const bytes = new Uint8Array(label.length + subject.length)
  bytes.set(label)
  bytes.set(subject, label.length)
  const hash = await hmac('SHA-256', secret, bytes)
  return [...hash.subarray(0, LABEL_BYTES)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export async function hmac(
  hash: 'SHA-1' | 'SHA-256',
  secret: string,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash }
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(secret), algorithm, false, [
    'sign',
  ])
  return new Uint8Array(await crypto.subtle.sign(algorithm, key, bytes as Uint8Array<ArrayBuffer>))
}
