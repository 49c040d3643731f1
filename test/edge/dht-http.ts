// The DHT asked over HTTP, as the edge tests do it: peers with keys, and what they put, sign and provide.

import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { signProvided } from '../../protocol/crypto/dht/provided.ts'
import { type NewRecord, signRecord } from '../../protocol/crypto/dht/records.ts'
import { type Identity, identityFromSeed } from '../../protocol/crypto/identity.ts'
import { platformSuite } from '../../protocol/crypto/platform.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import type { Suite } from '../../protocol/crypto/suite.ts'
import { encodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import { passFor } from '../support/passes.ts'
import { fetchDescribed } from './described.ts'

export const ORIGIN = 'https://edge.example'
export const RECORD_TYPE = 'application/vnd.waypost.record'
const RAW = 0x55

export const suite = (await platformSuite(crypto.subtle as unknown as Subtle)) as Suite

export function newPeer(): Promise<Identity> {
  return identityFromSeed(suite, crypto.getRandomValues(new Uint8Array(32)))
}

export const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length))

export async function cidOf(bytes: Uint8Array): Promise<string> {
  return cidText(await suite.hash.sha256(bytes))
}

export function cidText(digest: Uint8Array, code = 0x12): string {
  return CID.createV1(RAW, create(code, digest)).toString()
}

interface Asking extends RequestInit {
  readonly as?: Identity
  readonly network?: string
}

export async function ask(path: string, { as, network, ...init }: Asking = {}): Promise<Response> {
  const pass = as && (await passFor(as.id, { network }))
  const headers = { ...(pass && { Authorization: `Bearer ${pass}` }), ...init.headers }
  const url = new URL(path, ORIGIN)
  if (network !== undefined) url.searchParams.set('network', network)
  return fetchDescribed(url.href, { ...init, headers })
}

export async function putValue(as: Identity, bytes: Uint8Array, query = ''): Promise<Response> {
  return ask(`/v1/dht/records/${await cidOf(bytes)}${query}`, { as, method: 'PUT', body: bytes as never })
}

/** As another peer may do it too. */
export function putRecord(as: Identity, key: Uint8Array, bytes: Uint8Array): Promise<Response> {
  const headers = { 'Content-Type': RECORD_TYPE }
  return ask(`/v1/dht/records/${peerIdText(key)}`, { as, method: 'PUT', headers, body: bytes as never })
}

export function signs(peer: Identity, terms: Partial<NewRecord> = {}) {
  const now = { createdMs: Date.now(), ttlSeconds: 3_600, sequence: 1n, value: utf8('a value') }
  return signRecord(suite, peer, { kind: 'name', ...now, ...terms })
}

export function announces(
  peer: Identity,
  addresses: readonly string[] = [],
  capabilities: readonly string[] = [],
) {
  const said = { addresses, capabilities, rooms: ['lobby'], mailbox: true, region: 'weur' }
  return signs(peer, { kind: 'announcement', value: encodeAnnouncement(said) })
}

export async function provides(
  peer: Identity,
  keys: readonly Uint8Array[],
  region = 'weur',
): Promise<Response> {
  const terms = { ttlSeconds: 3_600, region, createdMs: Date.now() }
  const body = (await signProvided(peer, keys, terms)) as Uint8Array<ArrayBuffer>
  return ask('/v1/dht/providers', { as: peer, method: 'POST', body })
}
