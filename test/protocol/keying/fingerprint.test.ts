// What a session description promises of its certificate.

import { describe, expect, it } from 'vitest'
import { fingerprintOf } from '../../../protocol/keying/fingerprint.ts'

const hex = (first: string) =>
  [first, ...Array.from({ length: 31 }, (_, i) => (i + 16).toString(16))].join(':')
const line = (value: string, algorithm = 'sha-256') => `a=fingerprint:${algorithm} ${value}`
const sdp = (...lines: string[]) => ['v=0', 's=-', ...lines, 'a=setup:actpass', ''].join('\r\n')

describe('a fingerprint', () => {
  it('is read in either case, with either line end', () => {
    const expected = Uint8Array.from([0xab, ...Array.from({ length: 31 }, (_, i) => i + 16)])
    expect(fingerprintOf(sdp(line(hex('AB'))))).toEqual(expected)
    expect(fingerprintOf(sdp(line(hex('ab'))))).toEqual(expected)
    expect(fingerprintOf(sdp(line(hex('ab'), 'SHA-256')))).toEqual(expected)
    expect(fingerprintOf(sdp(line(hex('ab'))).replaceAll('\r', ''))).toEqual(expected)
  })

  it('may be said for each section, as long as it is one', () => {
    expect(fingerprintOf(sdp(line(hex('ab')), 'm=application', line(hex('AB'))))?.[0]).toBe(0xab)
    expect(fingerprintOf(sdp(line(hex('ab')), 'm=application', line(hex('ac'))))).toBeUndefined()
  })

  it.each([
    ['nothing', sdp()],
    ['another algorithm', sdp(line(hex('ab'), 'sha-512'))],
    ['too little', sdp(line(hex('ab').slice(3)))],
    ['too much', sdp(line(`${hex('ab')}:00`))],
    ['what is no number', sdp(line(hex('xy')))],
    ['one in the middle of a line', sdp(`a=x ${line(hex('ab'))}`)],
  ])('is not made of %s', (_, text) => {
    expect(fingerprintOf(text)).toBeUndefined()
  })
})
