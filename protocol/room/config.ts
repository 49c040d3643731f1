// What a deployment may set about its rooms, and the limits it gets otherwise.

import type { Rate } from '../bucket.ts'
import * as limits from '../limits/room.ts'
import { KIB } from '../limits/units.ts'

export interface RoomConfig {
  readonly peersMax: number
  readonly presenceTimeoutMs: number
  readonly tokens: Rate
  readonly bytes: Rate
}

export const DEFAULT_ROOM_CONFIG: RoomConfig = {
  peersMax: limits.ROOM_PEERS_MAX,
  presenceTimeoutMs: limits.PRESENCE_TIMEOUT_MS,
  tokens: { perSecond: limits.TOKENS_PER_SECOND, burst: limits.TOKENS_BURST },
  bytes: { perSecond: limits.BYTES_PER_SECOND, burst: limits.BYTES_BURST },
}

/** Names as the deployment's configuration has them, each with its default and the range it may be in. */
export const ROOM_SETTINGS = {
  ROOM_PEERS_MAX: { otherwise: limits.ROOM_PEERS_MAX, least: 1, most: limits.ROOM_PEERS_CEILING },
  PRESENCE_TIMEOUT_MS: { otherwise: limits.PRESENCE_TIMEOUT_MS, least: 1_000, most: 600_000 },
  ROOM_TOKENS_PER_SECOND: { otherwise: limits.TOKENS_PER_SECOND, least: 1, most: 1_000_000 },
  ROOM_BYTES_PER_SECOND: { otherwise: limits.BYTES_PER_SECOND, least: KIB, most: 2 ** 30 },
} as const

export const ROOM_SETTING_NAMES = Object.keys(ROOM_SETTINGS) as readonly (keyof typeof ROOM_SETTINGS)[]
export type RoomSettings = { readonly [Name in keyof typeof ROOM_SETTINGS]?: string | number }

/** Throws RangeError naming the setting: a deployment that is wrong should fail on its first request, not serve wrongly. */
export function roomConfig(settings: RoomSettings): RoomConfig {
  const perSecond = setting(settings, 'ROOM_TOKENS_PER_SECOND')
  const bytesPerSecond = setting(settings, 'ROOM_BYTES_PER_SECOND')
  return {
    peersMax: setting(settings, 'ROOM_PEERS_MAX'),
    presenceTimeoutMs: setting(settings, 'PRESENCE_TIMEOUT_MS'),
    tokens: { perSecond, burst: perSecond * (limits.TOKENS_BURST / limits.TOKENS_PER_SECOND) },
    bytes: {
      perSecond: bytesPerSecond,
      burst: bytesPerSecond * (limits.BYTES_BURST / limits.BYTES_PER_SECOND),
    },
  }
}

function setting(settings: RoomSettings, name: keyof typeof ROOM_SETTINGS): number {
  const given = settings[name]
  const { otherwise, least, most } = ROOM_SETTINGS[name]
  if (given === undefined || given === '') return otherwise
  const value = Number(given)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${given}`)
  }
  return value
}
