// The edges that a client may use, in the order that seems best for who asks: this one, and those the deployment names.

import { byScore } from '../protocol/balance/score.ts'
import { unknownTarget } from '../protocol/balance/target.ts'
import type { Relay } from '../protocol/bootstrap.ts'
import type { Region } from '../protocol/dht/regions.ts'
import type { NamedEdge } from '../protocol/settings/lists.ts'

/**
 * `own`: where the request came to, which the platform serves from near the caller. What is heavier than others carries more, and so
 * has less to do.
 */
export function relaysFor(own: string, named: readonly NamedEdge[], region: Region | undefined): Relay[] {
  const others = named.filter(({ url }) => url !== own)
  const weights = [1, ...others.map(({ weight = 1 }) => weight)]
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  const loadOf = (weight: number) => mean / (mean + weight)
  const here = { ...unknownTarget(own, { region, load: loadOf(1) }), url: own, place: undefined }
  const there = others.map(({ url, region: place, weight = 1 }) => ({
    ...unknownTarget(url, { region: place, weight, load: loadOf(weight) }),
    url,
    place,
  }))
  return byScore([here, ...there], { region, key: '' }).map(({ url, place }) =>
    place === undefined ? { url } : { url, region: place },
  )
}
