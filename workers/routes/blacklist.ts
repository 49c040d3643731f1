// GET, POST /network/blacklist and DELETE /network/blacklist/:id: who is listed, and the administrator's say in it. GET
// /network/audit: what administrators did. All of it with the admin token alone.

import type { Context } from 'hono'
import {
  LISTING_BODY_BYTES_MAX,
  LISTING_NOTE_LENGTH_MAX,
  LISTING_UNTIL_MS_MAX,
} from '../../protocol/limits/protection.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import { isPeerId, parsePeerId } from '../../protocol/peer-id.ts'
import type { AdminTerms } from '../../protocol/protection/contract.ts'
import { OFFENCES } from '../../protocol/protection/offences.ts'
import { refuseUnlessAdmin } from '../admin.ts'
import { isJson, objectIn, readAtMost } from '../body.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { listChanged, registryName } from '../gate/listed.ts'
import { registriesOf } from '../network/registries.ts'

const NO_STORE = { 'Cache-Control': 'no-store' }

const badName = (c: Context<Edge>) =>
  refuse(c, 'bad-name', 'the name of the network is not well formed, or the id is no peer’s')

export async function showBlacklist(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  const denied = await refuseUnlessAdmin(c)
  if (denied !== undefined) return denied
  if (!isNetworkName(network)) return badName(c)
  const lists = await Promise.all(registriesOf(c.env, network).map((registry) => registry.listings()))
  const entries = lists.flat().toSorted((a, b) => b.sinceMs - a.sinceMs)
  return c.json({ network, entries }, 200, NO_STORE)
}

export async function showAudit(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  const denied = await refuseUnlessAdmin(c)
  if (denied !== undefined) return denied
  if (!isNetworkName(network)) return badName(c)
  const trails = await Promise.all(registriesOf(c.env, network).map((registry) => registry.audit()))
  return c.json({ network, entries: trails.flat().toSorted((a, b) => b.atMs - a.atMs) }, 200, NO_STORE)
}

export async function listPeer(c: Context<Edge>): Promise<Response> {
  const denied = await refuseUnlessAdmin(c)
  if (denied !== undefined) return denied
  if (!isJson(c.req.raw)) return refuse(c, 'unsupported-media-type', 'the body must be application/json')
  const body = await readAtMost(c.req.raw, LISTING_BODY_BYTES_MAX)
  if (body === undefined)
    return refuse(c, 'too-large', `the body has ${LISTING_BODY_BYTES_MAX} bytes at most`)
  const asked = askedIn(body, Date.now())
  if (asked === undefined)
    return refuse(
      c,
      'malformed',
      `the body is { "network"?, "id", "reason", "untilMs"?, "note"? }: a peer’s id; one of ${REASONS.join(', ')}; a time to come in ms; and up to ${LISTING_NOTE_LENGTH_MAX} characters`,
    )
  const { network, peer, terms } = asked
  const registry = registryName(network, peer)
  const listing = await c.env.REGISTRIES.getByName(registry).list(peer, terms)
  if (listing === undefined) return refuse(c, 'over-quota', 'as many are listed by hand as there is room for')
  await listChanged(c.env, registry)
  return c.json(listing, 201, NO_STORE)
}

export async function unlistPeer(c: Context<Edge>): Promise<Response> {
  const [network, id] = [c.req.query('network') ?? DEFAULT_NETWORK, c.req.param('id') ?? '']
  const denied = await refuseUnlessAdmin(c)
  if (denied !== undefined) return denied
  if (!isNetworkName(network) || !isPeerId(id)) return badName(c)
  const peer = parsePeerId(id)
  const registry = registryName(network, peer)
  const was = await c.env.REGISTRIES.getByName(registry).unlist(peer)
  await listChanged(c.env, registry)
  return was ? c.body(null, 204, NO_STORE) : refuse(c, 'no-such-listing', 'this peer is not listed')
}

const REASONS = ['admin', ...OFFENCES] as const

interface Asked {
  readonly network: string
  readonly peer: Uint8Array
  readonly terms: AdminTerms
}

/** Undefined for what is no such body; a field nobody knows is a mistake too. */
function askedIn(body: Uint8Array, nowMs: number): Asked | undefined {
  const { network = DEFAULT_NETWORK, id, reason, untilMs = null, note, ...unknown } = objectIn(body)
  if (typeof network !== 'string' || !isNetworkName(network)) return undefined
  if (typeof id !== 'string' || !isPeerId(id) || Object.keys(unknown).length > 0) return undefined
  const why = REASONS.find((one) => one === reason)
  if (why === undefined) return undefined
  if (untilMs !== null && !isTimeToCome(untilMs, nowMs)) return undefined
  if (note !== undefined && (typeof note !== 'string' || note.length > LISTING_NOTE_LENGTH_MAX))
    return undefined
  const terms = { reason: why, untilMs }
  return { network, peer: parsePeerId(id), terms: note === undefined ? terms : { ...terms, note } }
}

function isTimeToCome(ms: unknown, nowMs: number): ms is number {
  return typeof ms === 'number' && Number.isInteger(ms) && ms > nowMs && ms <= LISTING_UNTIL_MS_MAX
}
