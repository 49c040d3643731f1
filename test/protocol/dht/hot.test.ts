// What is kept of records that were just read: for how long, and how much of it.

import { describe, expect, it } from 'vitest'
import { HotRecords } from '../../../protocol/dht/hot.ts'

const record = (bytes: number, expiresAtMs: number) =>
  ({ kind: 'record', bytes: new Uint8Array(bytes), expiresAtMs }) as const

describe('records that are asked for often', () => {
  it('are given again: values until they expire, others for a moment', () => {
    const hot = new HotRecords(10_000, 10)
    hot.keep('value', record(1, 1_000), true, 0)
    hot.keep('name', record(1, 1_000), false, 0)
    hot.keep('short', record(1, 5), false, 0)
    expect([hot.get('name', 9), hot.get('short', 4), hot.get('value', 999)]).not.toContain(undefined)
    expect([hot.get('name', 10), hot.get('short', 5), hot.get('value', 1_000)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('leave when there are too many: first what was not asked for longest', () => {
    const hot = new HotRecords(3_500, 10)
    for (const name of ['a', 'b', 'c']) hot.keep(name, record(1_000, 100), true, 0)
    expect(hot.get('a', 1)).toBeDefined()
    hot.keep('d', record(1_000, 100), true, 1)
    expect(['a', 'b', 'c', 'd'].filter((name) => hot.get(name, 2) !== undefined)).toEqual(['a', 'c', 'd'])
  })

  it('are forgotten when something newer was put, and kept once however often they are kept', () => {
    const hot = new HotRecords(2_300, 10)
    for (let i = 0; i < 10; i++) hot.keep('a', record(1_000, 100), true, 0)
    hot.keep('b', record(1_000, 100), true, 0)
    expect(hot.get('a', 1)).toBeDefined()
    hot.forget('a')
    expect(hot.get('a', 1)).toBeUndefined()
    expect(hot.get('b', 1)).toBeDefined()
  })

  it('that are larger than all there is room for are not kept', () => {
    const hot = new HotRecords(500, 10)
    hot.keep('a', record(1_000, 100), true, 0)
    expect(hot.get('a', 1)).toBeUndefined()
  })
})
