// When something that is kept in the DHT is good: not much before it was made, and not after its time.

import { DHT_AHEAD_MS, DHT_TTL_SECONDS_LEAST, DHT_TTL_SECONDS_MOST } from '../../limits/dht.ts'

export type Lasting = keyof typeof DHT_TTL_SECONDS_MOST

export function isLasting(kind: Lasting, ttlSeconds: number): boolean {
  return ttlSeconds >= DHT_TTL_SECONDS_LEAST && ttlSeconds <= DHT_TTL_SECONDS_MOST[kind]
}

export interface Times {
  readonly createdMs: number
  readonly ttlSeconds: number
}

export function isTimely(kind: Lasting, { createdMs, ttlSeconds }: Times, nowMs: number): boolean {
  if (!isLasting(kind, ttlSeconds)) return false
  return createdMs <= nowMs + DHT_AHEAD_MS && createdMs + ttlSeconds * 1_000 > nowMs
}
