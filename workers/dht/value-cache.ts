// Values in the cache of the data centre where they are asked for, which is nearer than any shard: what is under its own digest
// is the same for everybody for as long as it lasts. Never anything signed: that may be replaced. Who reads verifies in any case.

import { waitUntil } from 'cloudflare:workers'
import type { Key } from '../../protocol/dht/contract.ts'
import type { FoundRecord } from '../../protocol/dht/hot.ts'
import { VALUE_RECORD_BYTES_MAX, VALUE_TAG } from '../../protocol/dht/records/value.ts'
import { DHT_CACHE_ABSENT_MS } from '../../protocol/limits/dht.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'

const EXPIRES_AT = 'X-Expires-At'
/** A workerd of one's own may have no cache, and says so by throwing. */
let absentUntilMs = 0

/** Where a value is in the cache: a name that nothing is served at, so nobody else's answers are found there. */
export function cachePlaceOf(network: string, key: Key): string {
  return `https://dht.waypost.invalid/${network}/${toBase64url(key)}`
}

export async function cachedValue(
  network: string,
  key: Key,
  nowMs: number,
): Promise<FoundRecord | undefined> {
  if (nowMs < absentUntilMs) return undefined
  try {
    const response = await caches.default.match(cachePlaceOf(network, key))
    if (response === undefined) return undefined
    const expiresAtMs = Number(response.headers.get(EXPIRES_AT))
    const bytes = new Uint8Array(await response.arrayBuffer())
    const isGood = expiresAtMs > nowMs && bytes[0] === VALUE_TAG && bytes.length <= VALUE_RECORD_BYTES_MAX
    return isGood ? { kind: 'record', expiresAtMs, bytes } : undefined
  } catch {
    absentUntilMs = nowMs + DHT_CACHE_ABSENT_MS
    return undefined
  }
}

/** Behind the answer. Nothing but values that last for another second, which is what caches count in. */
export function keepValue(network: string, key: Key, record: FoundRecord, nowMs: number): void {
  const secondsLeft = Math.floor((record.expiresAtMs - nowMs) / 1_000)
  if (record.bytes[0] !== VALUE_TAG || secondsLeft < 1 || nowMs < absentUntilMs) return
  const headers = {
    'Cache-Control': `public, max-age=${secondsLeft}`,
    [EXPIRES_AT]: `${record.expiresAtMs}`,
  }
  const response = new Response(record.bytes.slice(), { headers })
  const kept = caches.default.put(cachePlaceOf(network, key), response)
  waitUntil(
    kept.catch(() => {
      absentUntilMs = nowMs + DHT_CACHE_ABSENT_MS
    }),
  )
}
