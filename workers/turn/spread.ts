// Which of a deployment's TURN servers a peer is told of. A browser reserves a port at each one that it is told of, for each connection,
// and waits for the slowest of them; so of many it is told of two, always the same two: those that its credentials are renewed for are
// those that its connections use.

import { strategyFor } from '../../protocol/balance/kinds.ts'
import { unknownTarget } from '../../protocol/balance/target.ts'
import { TURN_SERVERS_MAX } from '../../protocol/limits/turn.ts'

/** Of a server all that it is reached by, as they are set. `key`: whose they are. */
export function turnUrlsFor(urls: readonly string[], key: string): readonly string[] {
  const hosts = [...new Set(urls.map(hostOf))]
  if (hosts.length <= TURN_SERVERS_MAX) return urls
  const affine = strategyFor('affine', Math.random)
  const chosen = new Set<string>()
  while (chosen.size < TURN_SERVERS_MAX) {
    const left = hosts.filter((host) => !chosen.has(host))
    const at = affine.choose(
      left.map((host) => unknownTarget(host)),
      { region: undefined, key },
    )
    chosen.add(left[at ?? 0] as string)
  }
  return urls.filter((url) => chosen.has(hostOf(url)))
}

/** `turns:host:443?transport=tcp`: a server is its host, however it is reached. */
function hostOf(url: string): string {
  return /^turns?:(\[[^\]]*\]|[^:?]*)/i.exec(url)?.[1]?.toLowerCase() ?? url
}
