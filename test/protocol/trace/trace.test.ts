// Traces as others write and read them: the header, to the letter of the W3C's page, and the body of an export.

import { describe, expect, it } from 'vitest'
import {
  formatTraceparent,
  newSpanId,
  newTraceId,
  parseTraceparent,
} from '../../../protocol/trace/context.ts'
import { exportRequest } from '../../../protocol/trace/otlp.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

describe('traceparent', () => {
  it('is read as the specification’s examples say', () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({
      traceId: TRACE,
      spanId: SPAN,
      sampled: true,
    })
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.sampled).toBe(false)
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-02`)?.sampled).toBe(false)
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`)?.sampled).toBe(true)
  })

  it.each([
    undefined,
    null,
    '',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-1`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `cc-${TRACE}-${SPAN}-01.future`,
    ` 00-${TRACE}-${SPAN}-01`,
  ])('is none: %s', (text) => {
    expect(parseTraceparent(text)).toBe(undefined)
  })

  it('is written so that it is read the same', () => {
    const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))
    for (const sampled of [true, false]) {
      const context = { traceId: newTraceId(random), spanId: newSpanId(random), sampled }
      expect(parseTraceparent(formatTraceparent(context))).toEqual(context)
    }
    expect(newTraceId((length) => new Uint8Array(length).fill(10))).toBe('0a'.repeat(16))
  })
})

it('an export has times as text, kinds and states as numbers, and a parent only where there is one', () => {
  const span = {
    traceId: TRACE,
    spanId: SPAN,
    parentSpanId: undefined,
    name: 'GET /health',
    kind: 'server',
    beganAtMs: 1_795_308_339_985,
    endedAtMs: 1_795_308_339_990.4,
    failed: true,
    attributes: { 'http.response.status_code': 503, 'http.route': '/health' },
  } as const
  const { resourceSpans } = exportRequest({ 'service.name': 'waypost' }, [
    span,
    { ...span, parentSpanId: SPAN, failed: false },
  ])
  expect(resourceSpans[0]?.resource.attributes).toEqual([
    { key: 'service.name', value: { stringValue: 'waypost' } },
  ])
  const [first, second] = resourceSpans[0]?.scopeSpans[0]?.spans ?? []
  expect(first).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    name: 'GET /health',
    kind: 2,
    startTimeUnixNano: '1795308339985000000',
    endTimeUnixNano: '1795308339990000000',
    attributes: [
      { key: 'http.response.status_code', value: { intValue: '503' } },
      { key: 'http.route', value: { stringValue: '/health' } },
    ],
    status: { code: 2 },
  })
  expect(second).toMatchObject({ parentSpanId: SPAN, status: { code: 0 } })
})
