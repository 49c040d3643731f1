// Where a request comes from, in the words that Durable Objects are placed by: coarse enough to say about a peer.

import type { Region } from '../protocol/dht/regions.ts'

export { REGIONS } from '../protocol/dht/regions.ts'

/** What the platform says of a request; in a local edge it says nothing. */
interface Located {
  readonly cf?: { readonly continent?: unknown; readonly longitude?: unknown }
}

const CONTINENTS: Readonly<Record<string, readonly [west: Region, east: Region, from: number]>> = {
  NA: ['wnam', 'enam', -100],
  SA: ['sam', 'sam', 0],
  EU: ['weur', 'eeur', 15],
  AS: ['me', 'apac', 60],
  OC: ['oc', 'oc', 0],
  AF: ['afr', 'afr', 0],
}

/** Empty where nobody knows. */
export function regionOf(request: Request): Region | '' {
  const { continent, longitude } = (request as unknown as Located).cf ?? {}
  const regions = CONTINENTS[String(continent)]
  if (regions === undefined) return ''
  const [west, east, from] = regions
  return Number(longitude) >= from ? east : west
}
