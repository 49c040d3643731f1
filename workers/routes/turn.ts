// GET /v1/turn?network=, with a pass: the ICE servers of the deployment, and TURN among them where there is one, with credentials
// of a short life. What a client needs to reach peers whom no NAT between them lets through.

import type { Context } from 'hono'
import type { IceServer, TurnCredentials } from '../../protocol/bootstrap.ts'
import { CAPABILITY } from '../../protocol/crypto/admission/pass.ts'
import { TURN_RETRY_MS } from '../../protocol/limits/turn.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import type { Edge } from '../env.ts'
import { refuse, refuseFor } from '../errors.ts'
import { passOf } from '../pass.ts'
import { settings } from '../settings/settings.ts'
import { Allowance } from '../turn/allowance.ts'
import { cloudflareServers, type UpstreamFailure } from '../turn/cloudflare.ts'
import { coturnServer } from '../turn/coturn.ts'
import { type TurnProvider, turnProvider } from '../turn/provider.ts'
import { turnUrlsFor } from '../turn/spread.ts'

const WHY: Readonly<Record<UpstreamFailure, string>> = {
  'turn-refused': 'the TURN service gives no credentials',
  'turn-unavailable': 'the TURN service does not answer; try again',
}

/** An isolate's own: each sees its share of those who ask. */
const allowance = new Allowance()

export async function turn(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  if (!isNetworkName(network)) return refuse(c, 'bad-name', 'the name of the network is not well formed')
  // Whoever may meet others in rooms may connect to them.
  const pass = await passOf(c, network, CAPABILITY.rooms)
  if (pass instanceof Response) return pass
  const provider = turnProvider(settings(c.env))
  const named = settings(c.env).ICE_SERVERS
  const headers = { 'Cache-Control': 'no-store' }
  if (provider === undefined) {
    const body: TurnCredentials = { iceServers: named, expiresAtMs: null, lifetimeMs: null }
    return c.json(body, 200, headers)
  }
  const nowMs = Date.now()
  const waitMs = allowance.take(toBase64url(pass.subject), nowMs)
  if (waitMs > 0)
    return refuseFor(c, 'rate-limited', 'credentials were asked for too often with this pass', waitMs)
  const { lifetimeMs } = provider
  const given = await serversOf(provider, pass.subject, nowMs + lifetimeMs)
  if (given === 'turn-refused') return refuse(c, given, WHY[given])
  if (given === 'turn-unavailable') return refuseFor(c, given, WHY[given], TURN_RETRY_MS)
  const body: TurnCredentials = {
    iceServers: joined(named, given),
    expiresAtMs: nowMs + lifetimeMs,
    lifetimeMs,
  }
  return c.json(body, 200, headers)
}

async function serversOf(
  provider: TurnProvider,
  subject: Uint8Array,
  expiresAtMs: number,
): Promise<readonly IceServer[] | UpstreamFailure> {
  if (provider.kind === 'cloudflare')
    return cloudflareServers(provider.address, provider.token, provider.lifetimeMs)
  const urls = turnUrlsFor(provider.urls, toBase64url(subject))
  return [await coturnServer(urls, provider.secret, subject, expiresAtMs)]
}

const urlsOf = ({ urls }: IceServer): readonly string[] => (typeof urls === 'string' ? [urls] : urls)

/** A STUN server that both name is asked once: browsers ask each that they are told of. */
function joined(named: readonly IceServer[], given: readonly IceServer[]): readonly IceServer[] {
  const known = new Set(named.flatMap(urlsOf))
  const more = given
    .map((server) => ({
      ...server,
      urls: urlsOf(server).filter((url) => !(url.startsWith('stun') && known.has(url))),
    }))
    .filter(({ urls }) => urls.length > 0)
  return [...named, ...more]
}
