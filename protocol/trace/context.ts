// Which trace a request belongs to, as the W3C's Trace Context writes it in the header `traceparent`:
//
//   00-<32 hex: trace>-<16 hex: the span that asks>-<2 hex: flags, of which the last bit says that the trace is sampled>

export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

/** The header's name, and where an object is told of it, too. */
export const TRACE_HEADER = 'traceparent'

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Undefined for what is none. A version to come may say more behind; version 00 may not. */
export function parseTraceparent(text: string | null | undefined): TraceContext | undefined {
  const [, version, traceId, spanId, flags, more] = FORM.exec(text ?? '') ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined)
    return undefined
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

export const newTraceId = (random: (length: number) => Uint8Array) => hexOf(random(16))
export const newSpanId = (random: (length: number) => Uint8Array) => hexOf(random(8))

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
