// What shards say of themselves to a registry of their network, and what that comes to: numbers only, never a key or whose it is.

import { ROOTS, type ShardPlace } from '../dht/place.ts'
import { REGIONS, type Region } from '../dht/regions.ts'
import { addCounts } from './counts.ts'

/** What was asked of shards, each question counted by the one that answered it. */
export interface DhtCounts {
  /** Whatever is read: records, providers, nearest peers. */
  readonly gets: number
  /** Of those, that found something. */
  readonly found: number
  /** Whatever is to be kept: records, and lots of provided keys. */
  readonly puts: number
  readonly refused: Readonly<Record<string, number>>
}

export const NO_DHT_COUNTS: DhtCounts = { gets: 0, found: 0, puts: 0, refused: {} }

/** How a shard is. */
export interface ShardGauges {
  readonly records: number
  /** On its disk; 0: nobody has ever written to it. */
  readonly bytes: number
  /** Its keys are written to shards below it now; what it had it keeps until that ends. */
  readonly isSplit: boolean
}

/** What one shard tells, at most once a period. */
export interface ShardSummary extends ShardGauges {
  readonly prefix: string
  readonly region: Region | ''
  readonly atMs: number
  /** Since it last told. */
  readonly counts: DhtCounts
}

/** What a registry's shards come to. */
export interface DhtView {
  /** Of shards that hold something or did; those that split are not among them. */
  readonly shards: number
  readonly splits: number
  /** Of the deployment's first region, since in the end each has all of them. */
  readonly records: number
  /** In all regions. */
  readonly bytes: number
  /** Shards that did not say in time how they are, and are in none of the above. */
  readonly behind: number
  /** Of the last few periods. */
  readonly counts: DhtCounts
}

export const NO_DHT: DhtView = {
  shards: 0,
  splits: 0,
  records: 0,
  bytes: 0,
  behind: 0,
  counts: NO_DHT_COUNTS,
}

export function addDhtCounts(a: DhtCounts, b: DhtCounts): DhtCounts {
  return {
    gets: a.gets + b.gets,
    found: a.found + b.found,
    puts: a.puts + b.puts,
    refused: addCounts(a.refused, b.refused),
  }
}

export function addDht(a: DhtView, b: DhtView): DhtView {
  return {
    shards: a.shards + b.shards,
    splits: a.splits + b.splits,
    records: a.records + b.records,
    bytes: a.bytes + b.bytes,
    behind: a.behind + b.behind,
    counts: addDhtCounts(a.counts, b.counts),
  }
}

/** Which of a network's registries a shard tells: there are as many as shards that a network begins with, and those below one tell its. */
export function registryOfShard(prefix: string): number {
  return Math.max(
    0,
    ROOTS.findIndex((root) => prefix.startsWith(root)),
  )
}

/** A shard among those of its network, as one text; and back. */
export const shardText = ({ region, prefix }: Pick<ShardPlace, 'region' | 'prefix'>) => `${region}/${prefix}`

export function shardOfText(text: string): Pick<ShardPlace, 'region' | 'prefix'> {
  const [region = '', prefix = ''] = text.split('/')
  return { region: REGIONS.find((each) => each === region) ?? '', prefix }
}
