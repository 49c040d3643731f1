// The DHT over HTTP: records by key, the peers nearest to a target, who has what. Reading needs no pass; whoever writes shows one,
// and what is written is verified before a shard hears of it.

import type { Context } from 'hono'
import { CAPABILITY } from '../../protocol/crypto/admission/pass.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { PROVIDED_LIST_BYTES_MAX, readProvidedList } from '../../protocol/dht/records/provided.ts'
import { RECORD_BYTES_MAX } from '../../protocol/dht/records/record.ts'
import { encodeValue, readValue } from '../../protocol/dht/records/value.ts'
import {
  DHT_CLOSEST_MAX,
  DHT_PROVIDERS_ANSWERED_MAX,
  DHT_TTL_SECONDS_MOST,
  DHT_VALUE_BYTES_MAX,
} from '../../protocol/limits/dht.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { isForgery } from '../../protocol/protection/offences.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import type { DhtRefusal } from '../../protocol/wire/registry.ts'
import { readAtMost } from '../body.ts'
import { type NamedKey, namedKey } from '../dht/keys.ts'
import { ask } from '../dht/questions.ts'
import type { Edge } from '../env.ts'
import { refuse, refuseFor } from '../errors.ts'
import { complain } from '../gate/listed.ts'
import { passOf } from '../pass.ts'
import { REGIONS, regionOf } from '../region.ts'

/** A name or an announcement as its owner signed it. Anything else that is put is a value: the bytes themselves. */
const RECORD_TYPE = 'application/vnd.waypost.record'
const OCTETS = 'application/octet-stream'
const NO_STORE = { 'Cache-Control': 'no-store' }

const WHY: Readonly<Record<DhtRefusal, string>> = {
  malformed: 'the body is not of the layout',
  'too-large': 'the body is longer than a record may be',
  'wrong-key': 'the key is not that of these bytes, or of who signed them',
  'wrong-signature': 'the signature is not by whom it says, or not over this',
  expired: 'its time is over, begins in the future, or is longer than may be',
  stale: 'a newer one is there',
  'over-quota': 'this peer keeps as much as it may',
  'rate-limited': 'more comes than may come in a time',
  busy: 'the shard has more to do than it can',
  internal: 'the shard failed; try again',
}

interface Place extends NamedKey {
  readonly network: string
}

/** Undefined where the key or the network is not well formed. */
function placeOf(c: Context<Edge>, text: string | undefined): Place | undefined {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  const named = namedKey(text ?? '')
  return named === undefined || !isNetworkName(network) ? undefined : { ...named, network }
}

const badName = (c: Context<Edge>) =>
  refuse(c, 'bad-name', 'the key is no CID and no multihash of 32 bytes, or the network is not well formed')

/** Undefined for what is no number of them. */
function limitOf(c: Context<Edge>, most: number): number | undefined {
  const limit = Number(c.req.query('limit') ?? most)
  return Number.isInteger(limit) && limit >= 1 && limit <= most ? limit : undefined
}

const badLimit = (c: Context<Edge>, most: number) =>
  refuse(c, 'malformed', `limit is a whole number from 1 to ${most}`)

export async function putRecord(c: Context<Edge>): Promise<Response> {
  const place = placeOf(c, c.req.param('key'))
  if (place === undefined) return badName(c)
  const pass = await passOf(c, place.network, CAPABILITY.records)
  if (pass instanceof Response) return pass
  const body = await readAtMost(c.req.raw, RECORD_BYTES_MAX)
  if (body === undefined) return refuse(c, 'too-large', WHY['too-large'])
  const type = c.req.header('Content-Type')?.split(';')[0]?.trim().toLowerCase() ?? OCTETS
  if (type !== OCTETS && type !== RECORD_TYPE)
    return refuse(c, 'unsupported-media-type', `the body is ${OCTETS} for a value, else ${RECORD_TYPE}`)
  const record = type === RECORD_TYPE ? body : valueRecord(c, place, body)
  if (record instanceof Response) return record
  return stored(c, place.network, { kind: 'put', key: place.key, record }, pass.subject)
}

function valueRecord(c: Context<Edge>, { hashCode }: Place, value: Uint8Array): Uint8Array | Response {
  const ttlSeconds = Number(c.req.query('ttl') ?? DHT_TTL_SECONDS_MOST.value)
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > DHT_TTL_SECONDS_MOST.value)
    return refuse(c, 'malformed', `ttl is a whole number of seconds, ${DHT_TTL_SECONDS_MOST.value} at most`)
  if (value.length > DHT_VALUE_BYTES_MAX) return refuse(c, 'too-large', WHY['too-large'])
  return encodeValue({ code: hashCode, ttlSeconds, value })
}

export async function getRecord(c: Context<Edge>): Promise<Response> {
  const place = placeOf(c, c.req.param('key'))
  if (place === undefined) return badName(c)
  const answer = await ask(c.env, place.network, regionOf(c.req.raw), { kind: 'get', key: place.key })
  if (answer.kind === 'nothing')
    return refuse(c, 'no-such-record', 'nothing is stored under this key', NO_STORE)
  if (answer.kind !== 'record') return refused(c, answer)
  const value = readValue(answer.bytes)?.value
  const headers = {
    'X-Expires-At': `${answer.expiresAtMs}`,
    'Cache-Control': value === undefined ? 'no-cache' : immutableUntil(answer.expiresAtMs),
    ETag: await tagOf(place.key, value === undefined ? answer.bytes : undefined),
  }
  if (isOneOf(headers.ETag, c.req.header('If-None-Match'))) return c.body(null, 304, headers)
  const type = value === undefined ? RECORD_TYPE : OCTETS
  return c.body(ownBytes(value ?? answer.bytes), 200, { ...headers, 'Content-Type': type })
}

/** What is stored under its own digest never changes; all else is asked for again. */
function immutableUntil(expiresAtMs: number): string {
  const secondsLeft = Math.max(0, Math.floor((expiresAtMs - Date.now()) / 1_000))
  return `public, max-age=${secondsLeft}, immutable`
}

/** A value is called by its key; what is signed by its digest. */
async function tagOf(key: Uint8Array, signed: Uint8Array | undefined): Promise<string> {
  return `"${toBase64url(signed === undefined ? key : await sha256(signed))}"`
}

/** Proxies that compress call what they pass on by a weak name: the bytes within are the same. */
function isOneOf(tag: string, asked: string | undefined): boolean {
  const tags = (asked ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''))
  return tags.includes(tag) || tags.includes('*')
}

const { sha256 } = nativeHash(crypto.subtle as unknown as Subtle)

/** A body is sent with all of its buffer's bytes otherwise. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.slice() as Uint8Array<ArrayBuffer>
}

export async function closestPeers(c: Context<Edge>): Promise<Response> {
  const place = placeOf(c, c.req.param('target'))
  if (place === undefined) return badName(c)
  const limit = limitOf(c, DHT_CLOSEST_MAX)
  if (limit === undefined) return badLimit(c, DHT_CLOSEST_MAX)
  const answer = await ask(c.env, place.network, regionOf(c.req.raw), {
    kind: 'closest',
    target: place.key,
    limit,
  })
  if (answer.kind !== 'closest') return refused(c, answer)
  const peers = answer.records.map(({ key, bytes }) => ({ id: peerIdText(key), record: toBase64url(bytes) }))
  return c.json({ peers }, 200, NO_STORE)
}

/** One key or a thousand by one signature. */
export async function provideAll(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  return isNetworkName(network) ? provide(c, network, undefined) : badName(c)
}

/** The key that the path names is one of them. */
export async function provideOne(c: Context<Edge>): Promise<Response> {
  const place = placeOf(c, c.req.param('key'))
  return place === undefined ? badName(c) : provide(c, place.network, place.key)
}

async function provide(c: Context<Edge>, network: string, key: Uint8Array | undefined): Promise<Response> {
  const pass = await passOf(c, network, CAPABILITY.records)
  if (pass instanceof Response) return pass
  const announcement = await readAtMost(c.req.raw, PROVIDED_LIST_BYTES_MAX)
  if (announcement === undefined) return refuse(c, 'too-large', WHY['too-large'])
  const keys = readProvidedList(announcement)?.keys
  if (key !== undefined && keys?.some((one) => equalBytes(one, key)) === false)
    return refuse(c, 'wrong-key', 'the key of the path is none of those that are provided')
  return stored(c, network, { kind: 'provide', announcement }, pass.subject)
}

export async function providers(c: Context<Edge>): Promise<Response> {
  const place = placeOf(c, c.req.param('key'))
  if (place === undefined) return badName(c)
  const limit = limitOf(c, DHT_PROVIDERS_ANSWERED_MAX)
  if (limit === undefined) return badLimit(c, DHT_PROVIDERS_ANSWERED_MAX)
  const near = c.req.query('near') ?? regionOf(c.req.raw)
  if (near !== '' && !(REGIONS as readonly string[]).includes(near))
    return refuse(c, 'malformed', `near is one of ${REGIONS.join(', ')}`)
  const answer = await ask(c.env, place.network, regionOf(c.req.raw), {
    kind: 'providers',
    key: place.key,
    limit,
    near,
  })
  if (answer.kind !== 'providers') return refused(c, answer)
  const body = {
    heads: answer.heads.map(toBase64url),
    providers: answer.providers.map(({ peer, head, index, path, expiresAtMs }) => ({
      peer: peerIdText(peer),
      head,
      index,
      path: toBase64url(path),
      expiresAt: expiresAtMs,
    })),
  }
  return c.json(body, 200, NO_STORE)
}

async function stored(
  c: Context<Edge>,
  network: string,
  question: DhtQuestion,
  peer: Uint8Array,
): Promise<Response> {
  const answer = await ask(c.env, network, regionOf(c.req.raw), question, peer)
  if (answer.kind === 'refused' && isForgery(answer.reason))
    complain(c.env, network, { peer, counts: { forged: 1 } })
  if (answer.kind !== 'stored') return refused(c, answer)
  const { expiresAtMs, isNew } = answer
  return c.json({ expiresAt: expiresAtMs, isNew }, isNew ? 201 : 200, NO_STORE)
}

/** An answer of another kind than what was asked for is no answer. */
function refused(c: Context<Edge>, answer: DhtAnswer): Response {
  if (answer.kind !== 'refused') return refuse(c, 'internal', WHY.internal)
  return refuseFor(c, answer.reason, WHY[answer.reason], answer.retryAfterMs)
}
