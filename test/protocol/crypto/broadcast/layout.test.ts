// Layouts and padding: one form for each message, and nothing else is read.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  readFrame,
  readService,
  SERVICE,
  SERVICE_HEADER_BYTES,
  type ServiceKind,
  serviceTag,
  writeFrame,
  writeService,
} from '../../../../protocol/crypto/broadcast/layout.ts'
import { BROADCAST_BYTES_MAX, CLASSES, pad, unpad } from '../../../../protocol/crypto/broadcast/padding.ts'
import { MESSAGE_BYTES_MAX } from '../../../../protocol/limits/wire.ts'
import { PAYLOAD_AT } from '../../../../protocol/wire/registry.ts'

const lengths = fc.oneof(fc.nat(300), fc.nat(BROADCAST_BYTES_MAX))
const ids = fc.uint8Array({ minLength: 8, maxLength: 8 })
const counters = fc.nat(0xffff_ffff)
const tag = new Uint8Array(32).fill(7)

describe('padding', () => {
  it('gives back what was padded, in the least class that holds it', () => {
    fc.assert(
      fc.property(lengths, (length) => {
        const bytes = new Uint8Array(length).fill(0xff)
        const padded = pad(bytes)
        expect(unpad(padded)).toEqual(bytes)
        expect(padded.length).toBe(CLASSES.find((size) => size >= length + 2))
      }),
    )
  })

  it('costs at most as much again and the least class', () => {
    for (let length = 0; length <= BROADCAST_BYTES_MAX; length += 61)
      expect(pad(new Uint8Array(length)).length).toBeLessThanOrEqual(Math.max(64, 2 * (length + 2)))
  })

  it('fills a frame of the room to the last byte, and no more', () => {
    const largest = pad(new Uint8Array(BROADCAST_BYTES_MAX))
    const frame = writeFrame({ id: new Uint8Array(8), counter: 0 }, new Uint8Array(largest.length + 16))
    expect(frame.length).toBe(MESSAGE_BYTES_MAX - PAYLOAD_AT)
    expect(() => pad(new Uint8Array(BROADCAST_BYTES_MAX + 1))).toThrow(RangeError)
  })

  it('of any other form is none: not zeros, too long a length, a class too large, no class', () => {
    const good = pad(new Uint8Array(10))
    const changed = (at: number, to: number) => good.map((byte, index) => (index === at ? to : byte))
    expect(unpad(changed(63, 1))).toBeUndefined()
    expect(unpad(changed(12, 1))).toBeUndefined()
    expect(unpad(changed(1, 63))).toBeUndefined()
    expect(unpad(changed(0, 255))).toBeUndefined()
    expect(unpad(Uint8Array.of(...good, ...new Uint8Array(64)))).toBeUndefined()
    expect(unpad(good.subarray(1))).toBeUndefined()
    expect(unpad(new Uint8Array())).toBeUndefined()
    expect(unpad(changed(1, 62))).toEqual(new Uint8Array(62))
  })
})

describe('a frame', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(ids, counters, fc.constantFrom(...CLASSES), (id, counter, size) => {
        const sealed = new Uint8Array(size + 16).fill(3)
        expect(readFrame(writeFrame({ id, counter }, sealed))).toEqual({ id, counter, sealed })
      }),
      { numRuns: 50 },
    )
  })

  it('of another type or size is none', () => {
    const frame = writeFrame({ id: new Uint8Array(8), counter: 1 }, new Uint8Array(80))
    expect(readFrame(frame)).toBeDefined()
    expect(readFrame(frame.subarray(0, -1))).toBeUndefined()
    expect(readFrame(Uint8Array.of(...frame, 0))).toBeUndefined()
    expect(readFrame(frame.map((byte, at) => (at === 0 ? byte ^ 1 : byte)))).toBeUndefined()
    expect(readFrame(new Uint8Array())).toBeUndefined()
  })
})

describe('a service message', () => {
  const bodies: Readonly<Record<ServiceKind, Uint8Array>> = {
    said: new Uint8Array(100).fill(1),
    key: new Uint8Array(32).fill(2),
    want: new Uint8Array(),
  }
  const kinds = Object.keys(SERVICE) as ServiceKind[]

  it.each(kinds)('of kind %s is read as it was written', (kind) => {
    fc.assert(
      fc.property(ids, counters, (id, counter) => {
        const bytes = writeService(tag, kind, { id, counter }, bodies[kind])
        expect(readService(bytes)).toEqual({ kind, id, counter, body: bodies[kind] })
        expect(serviceTag(bytes)).toEqual(tag)
      }),
      { numRuns: 50 },
    )
  })

  it.each(kinds)('of kind %s is none when cut or longer, or with a body of another', (kind) => {
    const position = { id: new Uint8Array(8), counter: 1 }
    const bytes = writeService(tag, kind, position, bodies[kind])
    for (let length = 0; length < bytes.length; length++)
      expect(readService(bytes.subarray(0, length))).toBeUndefined()
    expect(readService(Uint8Array.of(...bytes, 0))).toBeUndefined()
    const other = readService(writeService(tag, kind, position, new Uint8Array(31)))
    expect(other === undefined).toBe(kind !== 'said')
  })

  it('of any bytes is read or is none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: SERVICE_HEADER_BYTES + 130 }), (bytes) => {
        readService(bytes)
        serviceTag(bytes)
        readFrame(bytes)
      }),
    )
  })
})
