// An object's own part of a trace, for requests that the Worker traces. Of a socket it takes in it says so itself, and stays awake until that
// has left, or two seconds; all others pay for looking at one header. Of what is called on it it tells the Worker with the answer.

import { DurableObject } from 'cloudflare:workers'
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

/** All classes of objects are such, so that the Worker can ask any of them when it did what. */
export class TracedObject<Settings> extends DurableObject<Settings> {
  /** What the Worker calls instead of the method itself, when it traces. Nobody but the edge's own comes here. */
  async timed(method: string, args: readonly unknown[]): Promise<Timed> {
    const beganAtMs = Date.now()
    const called = (this as unknown as Record<string, Method | undefined>)[method]
    if (typeof called !== 'function') throw new TypeError(`nothing is called ${method} here`)
    const answer = await called.apply(this, [...args])
    return { answer, beganAtMs, endedAtMs: Date.now() }
  }
}

type Method = (...args: readonly unknown[]) => unknown

interface Timed {
  readonly answer: unknown
  readonly beganAtMs: number
  readonly endedAtMs: number
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
