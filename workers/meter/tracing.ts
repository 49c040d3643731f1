// Which requests are traced, and how their spans leave: all of one request in one post to the collector, after its answer, whatever
// becomes of it.

import { waitUntil } from 'cloudflare:workers'
import { FULL, take } from '../../protocol/bucket.ts'
import {
  TRACE_EXPORT_TIMEOUT_MS,
  TRACE_EXPORTS_MAX,
  TRACED_PER_SECOND,
} from '../../protocol/limits/metering.ts'
import {
  newSpanId,
  newTraceId,
  parseTraceparent,
  TRACE_HEADER,
  type TraceContext,
} from '../../protocol/trace/context.ts'
import { exportRequest, type Span } from '../../protocol/trace/otlp.ts'
import { VERSION } from '../../protocol/version.ts'
import { counters, type EXPORT_ENDS, isolate } from './isolate.ts'
import { RequestMeter, randomBytes } from './request.ts'
import type { MeterSettings } from './settings.ts'

const RATE = { perSecond: TRACED_PER_SECOND, burst: TRACED_PER_SECOND }
let paidUntilMs = FULL

/**
 * A share of all requests is traced; and where there is any share, those whose client traces them, too. No more in a second than the
 * edge will, whoever asks.
 */
export function meterFor(request: Request, { sample }: MeterSettings, nowMs: number): RequestMeter {
  if (sample === 0) return new RequestMeter(nowMs)
  const asked = askedOf(request)
  if (asked?.sampled !== true && Math.random() >= sample) return new RequestMeter(nowMs)
  const taken = take(paidUntilMs, RATE, 1, nowMs)
  if (!taken.ok) return new RequestMeter(nowMs)
  paidUntilMs = taken.paidUntilMs
  const traceId = asked?.traceId ?? newTraceId(randomBytes)
  return new RequestMeter(nowMs, { traceId, spanId: newSpanId(randomBytes), sampled: true }, asked?.spanId)
}

/** As a header, or as a parameter of the address from those who can set none: browsers' sockets. */
function askedOf({ headers, url }: Request): TraceContext | undefined {
  return parseTraceparent(headers.get(TRACE_HEADER) ?? new URL(url).searchParams.get(TRACE_HEADER))
}

let underWay = 0

export function exportSpans({ collector, headers }: MeterSettings, spans: readonly Span[]): void {
  if (collector === undefined || spans.length === 0) return
  if (underWay >= TRACE_EXPORTS_MAX) return count('dropped')
  underWay++
  waitUntil(
    post(collector, headers, spans)
      .then(count)
      .finally(() => underWay--),
  )
}

async function post(
  collector: string,
  headers: MeterSettings['headers'],
  spans: readonly Span[],
): Promise<(typeof EXPORT_ENDS)[number]> {
  const service = {
    'service.name': 'waypost',
    'service.version': VERSION,
    'service.instance.id': isolate().name,
  }
  try {
    const answer = await fetch(collector, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify(exportRequest(service, spans)),
      // Nobody is sent on with the collector's headers.
      redirect: 'manual',
      signal: AbortSignal.timeout(TRACE_EXPORT_TIMEOUT_MS),
    })
    await answer.body?.cancel()
    return answer.ok ? 'exported' : 'failed'
  } catch {
    return 'failed'
  }
}

function count(end: (typeof EXPORT_ENDS)[number]): void {
  counters.exports.add(`outcome="${end}"`)
}
