// How much each address, peer and network may ask of this isolate. An isolate's own, and honest only as that: a deployment has
// many, and what must be exact is counted in the objects. Cloudflare's own binding, where there is one, counts for a whole
// data centre.

import { RATE_BURST_SECONDS } from '../../protocol/limits/gateway.ts'
import {
  CONNECTIONS_REFILL_SECONDS,
  RATE_BUCKETS_MAX,
  RATE_SHARES,
  REQUEST_PATIENCE_BURST,
  REQUEST_PATIENCE_PER_SECOND,
} from '../../protocol/limits/rates.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import type { Priority } from '../../protocol/priority.ts'
import { Buckets } from '../../protocol/protection/buckets.ts'
import { pressureBits } from '../../protocol/protection/pressure.ts'
import type { Env } from '../env.ts'
import { settings } from '../settings/settings.ts'
import { addressOf } from './address.ts'
import { complain } from './listed.ts'

const addresses = new Buckets(RATE_BUCKETS_MAX)
const peers = new Buckets(RATE_BUCKETS_MAX)
const networks = new Buckets(RATE_BUCKETS_MAX)
const connections = new Buckets(RATE_BUCKETS_MAX)
const patience = new Buckets(RATE_BUCKETS_MAX)
const told = new Buckets(RATE_BUCKETS_MAX)

/** How long to wait; 0: not at all. */
type WaitMs = number

/** A registry is told of a flood, and not flooded. */
const TELLING = { perSecond: 1 / 60, burst: 1 }
const PATIENCE = { perSecond: REQUEST_PATIENCE_PER_SECOND, burst: REQUEST_PATIENCE_BURST }
/** What the binding is told to count in wrangler.toml: ten seconds. It does not say when to come again. */
const BINDING_PERIOD_MS = 10_000

/** Whom limits go by; undefined where nobody is limited: on a machine of one's own, and in tests. */
export function limitedAddress(request: Request, env: Env): string | undefined {
  return addressOf(request) ?? (settings(env).RATE_LOCAL === 'on' ? 'local' : undefined)
}

export function addressWaitMs(env: Env, address: string, priority: Priority, nowMs: number): WaitMs {
  return waitMs(addresses, address, settings(env).RATE_ADDRESS_PER_SECOND, priority, nowMs)
}

export function networkWaitMs(env: Env, network: string, priority: Priority, nowMs: number): WaitMs {
  return waitMs(networks, network, settings(env).RATE_NETWORK_PER_SECOND, priority, nowMs)
}

/** Of a peer that has shown a pass of its own. Whoever goes on and on is told on. */
export function peerWaitMs(
  request: Request,
  env: Env,
  network: string,
  peer: Uint8Array,
  priority: Priority,
): WaitMs {
  if (limitedAddress(request, env) === undefined) return 0
  const nowMs = Date.now()
  const name = `${network}/${peerIdText(peer)}`
  const wait = waitMs(peers, name, settings(env).RATE_PEER_PER_SECOND, priority, nowMs)
  if (wait > 0 && !patience.take(name, PATIENCE, nowMs).ok && told.take(name, TELLING, nowMs).ok)
    complain(env, network, { peer, counts: { flooding: 1 } })
  return wait
}

/** Before a socket: as many at once as an address may have, and as many again in a minute. Objects count those that are open. */
export function connectionWaitMs(env: Env, address: string, nowMs: number): WaitMs {
  const most = settings(env).RATE_CONNECTIONS
  if (most === 0) return 0
  const rate = { perSecond: most / CONNECTIONS_REFILL_SECONDS, burst: most }
  const taken = connections.take(address, rate, nowMs)
  return taken.ok ? 0 : taken.retryAfterMs
}

/** What the platform counted, where it was asked to. A failure of it refuses nobody: the buckets here are next. */
export async function bindingWaitMs(env: Env, address: string): Promise<WaitMs> {
  if (env.RATE_LIMITER === undefined) return 0
  try {
    const { success } = await env.RATE_LIMITER.limit({ key: address })
    return success ? 0 : BINDING_PERIOD_MS
  } catch {
    return 0
  }
}

/** How much harder a stamp is to be for this address, in this network. */
export function extraBits(env: Env, address: string | undefined, network: string, nowMs: number): number {
  const { RATE_ADDRESS_PER_SECOND: ofAddress, RATE_NETWORK_PER_SECOND: ofNetwork } = settings(env)
  const used = [
    address === undefined || ofAddress === 0 ? 0 : addresses.used(address, rateOf(ofAddress), nowMs),
    address === undefined || ofNetwork === 0 ? 0 : networks.used(network, rateOf(ofNetwork), nowMs),
  ]
  return pressureBits(Math.max(...used))
}

const rateOf = (perSecond: number) => ({ perSecond, burst: perSecond * RATE_BURST_SECONDS })

function waitMs(
  buckets: Buckets,
  name: string,
  perSecond: number,
  priority: Priority,
  nowMs: number,
): WaitMs {
  if (perSecond === 0) return 0
  const taken = buckets.take(name, rateOf(perSecond), nowMs, RATE_SHARES[priority])
  return taken.ok ? 0 : taken.retryAfterMs
}
