// One request as it is measured: what it is called in figures, which trace it belongs to if it is traced, and what failed in it.

import { TRACE_SPANS_MAX } from '../../protocol/limits/metering.ts'
import { formatTraceparent, newSpanId, type TraceContext } from '../../protocol/trace/context.ts'
import type { Span } from '../../protocol/trace/otlp.ts'

export const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length))

/** A call that is under way, and to be a span. */
export interface Tracing {
  readonly spanId: string
  /** What is called is told so. */
  readonly traceparent: string
}

export class RequestMeter {
  readonly beganAtMs: number
  /** The request's own span, and whose child it is; undefined for one that is not traced. */
  readonly trace: TraceContext | undefined
  readonly parentSpanId: string | undefined
  /** What the log says of a request that failed. */
  failure: { readonly of: string; readonly error: unknown } | undefined
  /** It made way for others: that is counted, and no failure that a log would tell of. */
  wasShed = false
  readonly #spans: Span[] = []

  constructor(beganAtMs: number, trace?: TraceContext, parentSpanId?: string) {
    this.beganAtMs = beganAtMs
    this.trace = trace
    this.parentSpanId = parentSpanId
  }

  /** Undefined where nothing is traced, or as much as may be. */
  begin(): Tracing | undefined {
    const { trace } = this
    if (trace === undefined || this.#spans.length >= TRACE_SPANS_MAX) return undefined
    const spanId = newSpanId(randomBytes)
    return { spanId, traceparent: formatTraceparent({ ...trace, spanId }) }
  }

  end(
    { spanId }: Tracing,
    span: Pick<Span, 'name' | 'beganAtMs' | 'endedAtMs' | 'failed' | 'attributes'>,
  ): void {
    const { trace } = this
    if (trace === undefined || this.#spans.length >= TRACE_SPANS_MAX) return
    const { traceId, spanId: parentSpanId } = trace
    this.#spans.push({ ...span, traceId, spanId, parentSpanId, kind: 'client' })
  }

  /** What was called worked on it then. */
  within(
    { spanId: parentSpanId }: Tracing,
    span: Pick<Span, 'name' | 'beganAtMs' | 'endedAtMs' | 'failed' | 'attributes'>,
  ): void {
    const { trace } = this
    if (trace === undefined || this.#spans.length >= TRACE_SPANS_MAX) return
    const { traceId } = trace
    this.#spans.push({ ...span, traceId, spanId: newSpanId(randomBytes), parentSpanId, kind: 'server' })
  }

  /** The request's own span first. */
  spans(own: Pick<Span, 'name' | 'endedAtMs' | 'failed' | 'attributes'>): readonly Span[] {
    const { trace, parentSpanId, beganAtMs } = this
    if (trace === undefined) return []
    const { traceId, spanId } = trace
    return [{ ...own, traceId, spanId, parentSpanId, kind: 'server', beganAtMs }, ...this.#spans]
  }
}
