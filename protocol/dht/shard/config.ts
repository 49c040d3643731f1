// What a deployment may set about its shards, and the limits they get otherwise.

import type { Rate } from '../../bucket.ts'
import * as limits from '../../limits/shard.ts'
import { KIB } from '../../limits/units.ts'

export interface ShardConfig {
  readonly splitRecords: number
  readonly splitBytes: number
  readonly splitPerSecond: number
  readonly requests: Rate
  readonly peerRecords: number
  readonly peerBytes: number
}

/** Names as the deployment's configuration has them, each with its default and the range it may be in. */
export const SHARD_SETTINGS = {
  DHT_SPLIT_RECORDS: { otherwise: limits.SHARD_SPLIT_RECORDS, least: 16, most: 10_000_000 },
  // An object holds ten billion bytes.
  DHT_SPLIT_BYTES: { otherwise: limits.SHARD_SPLIT_BYTES, least: 64 * KIB, most: 8_000_000_000 },
  DHT_SPLIT_PER_SECOND: { otherwise: limits.SHARD_SPLIT_PER_SECOND, least: 1, most: 1_000_000 },
  DHT_REQUESTS_PER_SECOND: { otherwise: limits.SHARD_REQUESTS_PER_SECOND, least: 1, most: 1_000_000 },
  DHT_PEER_RECORDS: { otherwise: limits.SHARD_PEER_RECORDS, least: 1, most: 10_000_000 },
  DHT_PEER_BYTES: { otherwise: limits.SHARD_PEER_BYTES, least: 8 * KIB, most: 2 ** 32 },
} as const

export type ShardSettings = { readonly [Name in keyof typeof SHARD_SETTINGS]?: string | number }

/** Throws RangeError naming the setting: a deployment that is wrong should fail on its first request, not serve wrongly. */
export function shardConfig(settings: ShardSettings): ShardConfig {
  const perSecond = setting(settings, 'DHT_REQUESTS_PER_SECOND')
  const burst = perSecond * (limits.SHARD_REQUESTS_BURST / limits.SHARD_REQUESTS_PER_SECOND)
  return {
    splitRecords: setting(settings, 'DHT_SPLIT_RECORDS'),
    splitBytes: setting(settings, 'DHT_SPLIT_BYTES'),
    splitPerSecond: setting(settings, 'DHT_SPLIT_PER_SECOND'),
    requests: { perSecond, burst },
    peerRecords: setting(settings, 'DHT_PEER_RECORDS'),
    peerBytes: setting(settings, 'DHT_PEER_BYTES'),
  }
}

export const DEFAULT_SHARD_CONFIG: ShardConfig = shardConfig({})

function setting(settings: ShardSettings, name: keyof typeof SHARD_SETTINGS): number {
  const given = settings[name]
  const { otherwise, least, most } = SHARD_SETTINGS[name]
  if (given === undefined || given === '') return otherwise
  const value = Number(given)
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${given}`)
  return value
}
