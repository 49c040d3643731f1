// Spans as OpenTelemetry collectors take them: OTLP over HTTP, in JSON (an ExportTraceServiceRequest). Ids in hex, times as decimal text in
// nanoseconds, kinds and statuses as numbers: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

export const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** Of a route or a class of objects: never with an id in it. */
  readonly name: string
  readonly kind: keyof typeof SPAN_KIND
  readonly beganAtMs: number
  readonly endedAtMs: number
  readonly failed: boolean
  readonly attributes: Readonly<Record<string, string | number>>
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue: string } | { readonly intValue: string }
}

const UNSET = 0
const ERROR = 2

/** The body of one export. `service`: who says so, as the collector groups it. */
export function exportRequest(service: Readonly<Record<string, string>>, spans: readonly Span[]) {
  const scope = { name: 'waypost' }
  const scopeSpans = [{ scope, spans: spans.map(spanOf) }]
  return { resourceSpans: [{ resource: { attributes: attributesOf(service) }, scopeSpans }] }
}

function spanOf({
  traceId,
  spanId,
  parentSpanId,
  name,
  kind,
  beganAtMs,
  endedAtMs,
  failed,
  attributes,
}: Span) {
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: SPAN_KIND[kind],
    startTimeUnixNano: nanoseconds(beganAtMs),
    endTimeUnixNano: nanoseconds(Math.max(beganAtMs, endedAtMs)),
    attributes: attributesOf(attributes),
    status: { code: failed ? ERROR : UNSET },
  }
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): readonly Attribute[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: `${Math.round(value)}` } : { stringValue: value },
  }))
}

/** As text: it is no number that a double can hold. */
function nanoseconds(ms: number): string {
  return `${Math.floor(ms)}000000`
}
