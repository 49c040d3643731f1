// GET /health: is this edge alive, and can it reach an object of each class? 200 or 503.

import type { Context } from 'hono'
import { VERSION } from '../../protocol/version.ts'
import type { Edge } from '../env.ts'
import type { HealthBody } from '../openapi/bodies/edge.ts'
import { HEALTH_OBJECT } from '../placement.ts'

/** A healthy object answers in milliseconds; somebody waiting for this page has given up by then. */
const PROBE_TIMEOUT_MS = 3_000

type Probe =
  | { readonly ok: true; readonly latencyMs: number }
  | { readonly ok: false; readonly latencyMs: number; readonly reason: string }

/** The clock stands still while an isolate starts, so the first request is the start. */
let startedAtMs: number | undefined

export async function health(c: Context<Edge>): Promise<Response> {
  startedAtMs ??= Date.now()
  const { ROOMS, MAILBOXES, REGISTRIES, SHARDS } = c.env
  const [SignalingRoom, RelayMailbox, NetworkRegistry, DhtShard] = await Promise.all([
    probe(() => ROOMS.getByName(HEALTH_OBJECT).probe()),
    probe(() => MAILBOXES.getByName(HEALTH_OBJECT).probe()),
    probe(() => REGISTRIES.getByName(HEALTH_OBJECT).probe()),
    probe(() => SHARDS.getByName(HEALTH_OBJECT).probe()),
  ])
  const ok = SignalingRoom.ok && RelayMailbox.ok && NetworkRegistry.ok && DhtShard.ok
  const body: HealthBody = {
    status: ok ? 'ok' : 'unavailable',
    version: VERSION,
    uptimeMs: Date.now() - startedAtMs,
    objects: { SignalingRoom, RelayMailbox, NetworkRegistry, DhtShard },
  }
  return c.json(body, ok ? 200 : 503, { 'Cache-Control': 'no-store' })
}

async function probe(call: () => Promise<unknown>): Promise<Probe> {
  const beganAtMs = Date.now()
  let timer: ReturnType<typeof setTimeout> | null = null
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), PROBE_TIMEOUT_MS)
  })
  try {
    const answer = await Promise.race([call(), late])
    const latencyMs = Date.now() - beganAtMs
    return answer === 'late' ? { ok: false, latencyMs, reason: 'no answer in time' } : { ok: true, latencyMs }
  } catch {
    return { ok: false, latencyMs: Date.now() - beganAtMs, reason: 'the object failed' }
  } finally {
    clearTimeout(timer)
  }
}
