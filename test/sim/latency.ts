// How far nodes are from each other. By default from a seed: places on a map of round trips, fitted to what PlanetLab
// measured (p10 32, p50 135, p90 291 ms), so that every machine simulates the same; or from such a measurement itself,
// where its file is beside the project.

import { existsSync, readFileSync } from 'node:fs'
import type { Region } from '../../protocol/dht/regions.ts'
import type { Random } from './random.ts'

/** One way, in ms; the same in both directions. */
export type Latency = (from: string, to: string) => number

interface Place {
  readonly x: number
  readonly y: number
  readonly accessMs: number
}

/** Where hosts are, in ms of round trip from each other, and how many of a hundred. */
const REGIONS = [
  { region: 'enam', x: 0, y: 0, weight: 33 },
  { region: 'wnam', x: 68, y: 10, weight: 17 },
  { region: 'weur', x: -95, y: 15, weight: 30 },
  { region: 'apac', x: 175, y: 110, weight: 12 },
  { region: 'sam', x: 20, y: 165, weight: 4 },
  { region: 'oc', x: 215, y: -60, weight: 4 },
] as const

export function seededLatency(random: Random): Latency {
  const places = new Map<string, Place>()
  const placeOf = (name: string) => {
    const known = places.get(name)
    if (known !== undefined) return known
    // By the name alone, so that it does not matter who was asked for first.
    const place = placed(random.fork(name))
    places.set(name, place)
    return place
  }
  return (from, to) => {
    const [a, b] = [placeOf(from), placeOf(to)]
    return (Math.hypot(a.x - b.x, a.y - b.y) + a.accessMs + b.accessMs) / 2
  }
}

/** Where the host of that name is, for the same `random`. */
export function seededRegion(random: Random): (name: string) => Region {
  return (name) => drawn(random.fork(name)).region
}

/** The share of all hosts that is there. */
export function peopleIn(region: Region): number {
  return (REGIONS.find((known) => known.region === region)?.weight ?? 0) / 100
}

function drawn(random: Random): (typeof REGIONS)[number] {
  let left = random.below(100)
  const region = REGIONS.find(({ weight }) => {
    left -= weight
    return left < 0
  })
  return region ?? REGIONS[0]
}

function placed(random: Random): Place {
  const region = drawn(random)
  const spread = () => (random.unit() + random.unit() - 1) * 30
  return {
    x: region.x + spread(),
    y: region.y + spread(),
    accessMs: 2 + random.exponential(9),
  }
}

const MEASURED = new URL('../../../shared/data/planetlab-rtt-ms.csv', import.meta.url)

/** Undefined where the measurement is not beside the project. */
export function measuredLatency(random: Random): Latency | undefined {
  if (!existsSync(MEASURED)) return undefined
  // The lower triangle: row i holds the round trips of host i to hosts 0 … i-1.
  const rows = readFileSync(MEASURED, 'utf8')
    .split('\n')
    .map((row) => row.split(',').filter(Boolean).map(Number))
    .filter((row) => row.length > 0)
  const hosts = rows.length
  const hostOf = new Map<string, number>()
  const host = (name: string) => {
    const known = hostOf.get(name) ?? random.fork(name).below(hosts)
    hostOf.set(name, known)
    return known
  }
  return (from, to) => {
    const [a, b] = [host(from), host(to)]
    const roundTripMs = a === b ? 1 : (rows[Math.max(a, b)]?.[Math.min(a, b)] ?? 0)
    return Math.max(0.5, roundTripMs / 2)
  }
}
