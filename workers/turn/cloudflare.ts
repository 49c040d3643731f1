// Credentials of Cloudflare's TURN service, asked for with the deployment's key: POST turn/keys/:id/credentials/generate-ice-servers
// (developers.cloudflare.com/realtime/turn/generate-credentials, 2026-11). Whatever goes wrong there, a peer is told no more than that.

import { type IceServer, parseIceServers } from '../../protocol/bootstrap.ts'
import { TURN_UPSTREAM_BYTES_MAX, TURN_UPSTREAM_MS } from '../../protocol/limits/turn.ts'
import { readAtMost } from '../body.ts'

/** `turn-refused`: it answers, and gives none. `turn-unavailable`: it does not answer, or has too much to do. */
export type UpstreamFailure = 'turn-refused' | 'turn-unavailable'

export async function cloudflareServers(
  address: URL,
  token: string,
  lifetimeMs: number,
): Promise<readonly IceServer[] | UpstreamFailure> {
  let response: Response
  let body: Uint8Array | undefined
  try {
    response = await fetch(address, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ttl: Math.floor(lifetimeMs / 1_000) }),
      // Nobody else shall be shown the token.
      redirect: 'manual',
      signal: AbortSignal.timeout(TURN_UPSTREAM_MS),
    })
    body = await readAtMost(response, TURN_UPSTREAM_BYTES_MAX)
  } catch {
    return 'turn-unavailable'
  }
  if (response.status === 429 || response.status >= 500) return 'turn-unavailable'
  if (!response.ok || body === undefined) return 'turn-refused'
  const servers = parseIceServers(iceServersOf(new TextDecoder().decode(body)))
  const usable = servers?.map(withoutBlocked).filter(({ urls }) => urls.length > 0) ?? []
  return usable.some(({ username, credential }) => username && credential) ? usable : 'turn-refused'
}

function iceServersOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { iceServers?: unknown } | null)?.iceServers
  } catch {
    return undefined
  }
}

/** Browsers connect to no port 53, and wait for what they never try. */
function withoutBlocked(server: IceServer): IceServer {
  const { urls } = server
  const list = typeof urls === 'string' ? [urls] : urls
  return { ...server, urls: list.filter((url) => !/:53(\?|$)/.test(url)) }
}
