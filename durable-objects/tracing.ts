// An object's own part of a trace: how long it took to take in a socket, for requests that the Worker traces. All others pay for looking
// at one header. The object stays awake until its span has left, or two seconds.

import { newSpanId, parseTraceparent, TRACE_HEADER } from '../protocol/trace/context.ts'
import { exportRequest } from '../protocol/trace/otlp.ts'
import { VERSION } from '../protocol/version.ts'

/** What a deployment says about traces (workers/meter/settings.ts), which has been found good by the Worker that traces. */
export interface TraceSettings {
  readonly TRACE_COLLECTOR?: string
  readonly TRACE_HEADERS?: string
}

/** Shorter than the Worker's: an object that waits is paid for, and the room does not sleep meanwhile. */
const EXPORT_TIMEOUT_MS = 2_000

/** `of`: the object's class, and never its name. */
export function tracedFetch(
  ctx: DurableObjectState,
  settings: TraceSettings,
  of: string,
  request: Request,
  answer: () => Response | Promise<Response>,
): Response | Promise<Response> {
  const parent = parseTraceparent(request.headers.get(TRACE_HEADER))
  const collector = settings.TRACE_COLLECTOR ?? ''
  if (parent?.sampled !== true || collector === '') return answer()
  const beganAtMs = Date.now()
  const traced = (response: Response) => {
    const span = {
      traceId: parent.traceId,
      spanId: newSpanId((length) => crypto.getRandomValues(new Uint8Array(length))),
      parentSpanId: parent.spanId,
      name: `${of} takes a socket`,
      kind: 'server',
      beganAtMs,
      endedAtMs: Date.now(),
      failed: false,
      attributes: { 'http.response.status_code': response.status },
    } as const
    const service = { 'service.name': 'waypost', 'service.version': VERSION }
    ctx.waitUntil(post(collector, settings.TRACE_HEADERS, JSON.stringify(exportRequest(service, [span]))))
    return response
  }
  // An answer that is there is given in the same turn: sockets are taken in the order in which they came.
  const answered = answer()
  return answered instanceof Promise ? answered.then(traced) : traced(answered)
}

async function post(collector: string, headers: string | undefined, body: string): Promise<void> {
  try {
    const given =
      headers === undefined || headers === '' ? {} : (JSON.parse(headers) as Record<string, string>)
    const answer = await fetch(collector, {
      method: 'POST',
      headers: { ...given, 'Content-Type': 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(EXPORT_TIMEOUT_MS),
    })
    await answer.body?.cancel()
  } catch {
    // The Worker counts what does not arrive; of an object's span nobody is told.
  }
}
