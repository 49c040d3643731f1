// The address of an edge that somebody else named: whatever is none is passed over, as what we connect with must not hang on it.

import { EDGE_URL_LENGTH_MAX } from '../protocol/limits/edges.ts'

/** Its origin and a slash. `isSecure`: what comes by https names none that can be listened to on the way. */
export function edgeUrl(text: unknown, isSecure: boolean): string | undefined {
  if (typeof text !== 'string' || text.length > EDGE_URL_LENGTH_MAX || !URL.canParse(text)) return undefined
  const { protocol, origin } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && !isSecure) ? `${origin}/` : undefined
}
