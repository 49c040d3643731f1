// What is kept of records that were just read: for how long, and how much of it.

import { describe, expect, it } from 'vitest'
import { HotRecords, nameOfGet } from '../../../protocol/dht/hot.ts'
import { VALUE_TAG } from '../../../protocol/dht/records/value.ts'

const NAME = 2
const record = (bytes: number, expiresAtMs: number, tag = VALUE_TAG) =>
  ({ kind: 'record', bytes: new Uint8Array(bytes).with(0, tag), expiresAtMs }) as const

describe('records that are asked for often', () => {
  it('are given again: values until they expire, others for a moment', () => {
    const hot = new HotRecords(10_000, 10)
    hot.keep('value', record(1, 1_000), 0)
    hot.keep('name', record(1, 1_000, NAME), 0)
    hot.keep('short', record(1, 5, NAME), 0)
    expect([hot.get('name', 9), hot.get('short', 4), hot.get('value', 999)]).not.toContain(undefined)
    expect([hot.get('name', 10), hot.get('short', 5), hot.get('value', 1_000)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('leave when there are too many: first what was not asked for longest', () => {
    const hot = new HotRecords(3_500, 10)
    for (const name of ['a', 'b', 'c']) hot.keep(name, record(1_000, 100), 0)
    expect(hot.get('a', 1)).toBeDefined()
    hot.keep('d', record(1_000, 100), 1)
    expect(['a', 'b', 'c', 'd'].filter((name) => hot.get(name, 2) !== undefined)).toEqual(['a', 'c', 'd'])
  })

  it('are forgotten when something newer was put, and kept once however often they are kept', () => {
    const hot = new HotRecords(2_300, 10)
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)].map((key) => nameOfGet('net', { key })) as [
      string,
      string,
    ]
    for (let i = 0; i < 10; i++) hot.keep(a, record(1_000, 100), 0)
    hot.keep(b, record(1_000, 100), 0)
    expect(hot.get(a, 1)).toBeDefined()
    hot.forget('net', Uint8Array.of(1))
    expect(hot.get(a, 1)).toBeUndefined()
    expect(hot.get(b, 1)).toBeDefined()
  })

  it('are forgotten whatever was looked for, and never given to who looks for something else', () => {
    const [hot, key] = [new HotRecords(10_000, 10), Uint8Array.of(1)]
    const names = ([undefined, 'signed', 'value'] as const).map((of) => nameOfGet('net', { key, of }))
    expect(new Set([...names, nameOfGet('other', { key })]).size).toBe(4)
    for (const name of names) hot.keep(name, record(10, 100), 0)
    hot.forget('net', key)
    expect(names.filter((name) => hot.get(name, 1) !== undefined)).toEqual([])
  })

  it('that are larger than all there is room for are not kept', () => {
    const hot = new HotRecords(500, 10)
    hot.keep('a', record(1_000, 100), 0)
    expect(hot.get('a', 1)).toBeUndefined()
  })
})
