// Around every request: it is counted and timed, traced where it is drawn for that, logged where it failed; and its objects are called with
// care. Within what every answer is dressed in, the less important are turned away while there is too much.

import { waitUntil } from 'cloudflare:workers'
import type { Context, Next } from 'hono'
import { routePath } from 'hono/route'
import type { Edge } from '../env.ts'
import { refuseFor } from '../errors.ts'
import { isUpgrade, refuseUpgrade, wasRefused } from '../upgrade.ts'
import { counters, isSlow, shedding } from './isolate.ts'
import { log } from './log.ts'
import { metered } from './objects.ts'
import { priorityOf } from './priorities.ts'
import type { RequestMeter } from './request.ts'
import { type MeterSettings, meterSettings } from './settings.ts'
import { exportSpans, meterFor } from './tracing.ts'

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']
/** As the pattern of what no route serves. */
const NO_ROUTE = 'none'

export async function measured(c: Context<Edge>, next: Next): Promise<Response | undefined> {
  const settings = meterSettings(c.env)
  const meter = meterFor(c.req.raw, settings, Date.now())
  c.set('meter', meter)
  c.env = metered(c.env, meter)
  // Whoever goes away before the answer would take with it what is to be counted, and what it holds would be held for ever.
  const done = next().then(() => noteEnd(c, meter, settings))
  waitUntil(done)
  await done
  return undefined
}

/** Turns away whoever must give way. */
export async function shed(c: Context<Edge>, next: Next): Promise<Response | undefined> {
  const priority = priorityOf(c.req.method, patternOf(c))
  const { inFlightMax } = meterSettings(c.env)
  const admitted = shedding.enter(priority, isSlow(Date.now()), inFlightMax)
  if (!admitted.pass) {
    counters.shed.add(`priority="${priority}"`)
    c.get('meter').wasShed = true
    return isUpgrade(c.req.raw)
      ? refuseUpgrade(c.req.raw, 'edge-busy', admitted.retryAfterMs)
      : refuseFor(
          c,
          'overloaded',
          'the edge has more to do than it can; others come first',
          admitted.retryAfterMs,
        )
  }
  try {
    await next()
  } finally {
    shedding.leave(priority)
  }
  return undefined
}

function patternOf(c: Context<Edge>): string {
  const pattern = routePath(c, -1)
  return pattern.endsWith('*') ? NO_ROUTE : pattern
}

function noteEnd(c: Context<Edge>, meter: RequestMeter, settings: MeterSettings): void {
  const endedAtMs = Date.now()
  const { status } = c.res
  const route = patternOf(c)
  const method = METHODS.includes(c.req.method) ? c.req.method : 'other'
  const ms = endedAtMs - meter.beganAtMs
  counters.requests.add(`method="${method}",route="${route}",status="${status}"`)
  counters.durations.observe(`route="${route}"`, ms)
  if (isUpgrade(c.req.raw) && status === 101)
    counters.upgrades.add(`route="${route}",outcome="${wasRefused(c.res) ? 'refused' : 'accepted'}"`)
  const failed = hasFailed(c, meter)
  const { trace } = meter
  if (!failed && trace === undefined) return
  const failure = meter.failure ?? (c.error === undefined ? undefined : { of: route, error: c.error })
  const requestId = c.get('requestId') ?? ''
  const level = failed ? 'error' : 'info'
  log({ level, requestId, method, route, status, ms, traceId: trace?.traceId, failure }, endedAtMs)
  const attributes = {
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
  }
  exportSpans(settings, meter.spans({ name: `${method} ${route}`, endedAtMs, failed, attributes }))
}

/** What is not set up is not broken. A socket is told over itself, and its status says nothing. */
function hasFailed(c: Context<Edge>, { failure, wasShed }: RequestMeter): boolean {
  const { status } = c.res
  if (wasShed || status === 501) return false
  return status >= 500 || (failure !== undefined && wasRefused(c.res))
}
