// What a peer says of itself: it comes back as it went, every field is bounded, and what a later version adds is passed over.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Announcement,
  encodeAnnouncement,
  tryDecodeAnnouncement,
} from '../../../protocol/dht/records/announcement.ts'
import { utf8 } from '../../../protocol/wire/bytes.ts'

const FULL: Announcement = {
  addresses: ['wss://edge.example/v1', 'waypost:peer'],
  capabilities: ['relay', 'mesh/1'],
  rooms: ['lobby', 'Zimmer 7'],
  mailbox: true,
  region: 'weur',
  node: { era: 2_976, stamp: Uint8Array.of(0, 1, 2, 255) },
}
const said = (fields: object) => tryDecodeAnnouncement(utf8(JSON.stringify(fields)))
const PLAIN = { addresses: [], capabilities: [], rooms: [], mailbox: false, region: '' }

describe('an announcement', () => {
  it('is this JSON', () => {
    expect(new TextDecoder().decode(encodeAnnouncement(FULL))).toBe(
      '{"addresses":["wss://edge.example/v1","waypost:peer"],"capabilities":["relay","mesh/1"],"rooms":["lobby","Zimmer 7"],"mailbox":true,"region":"weur","node":{"era":2976,"stamp":"AAEC_w"}}',
    )
  })

  it('comes back as it went', () => {
    const letters = (pattern: RegExp) => fc.array(fc.stringMatching(pattern), { maxLength: 4 })
    const announcements = fc.record(
      {
        addresses: letters(/^[!-~]{1,40}$/),
        capabilities: letters(/^[a-z0-9][a-z0-9._/-]{0,31}$/),
        rooms: letters(/^[A-Za-z ]{1,20}$/),
        mailbox: fc.boolean(),
        region: fc.stringMatching(/^[A-Za-z]{0,16}$/),
        edges: letters(/^[!-~]{1,40}$/),
        node: fc.record(
          {
            era: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
            stamp: fc.uint8Array({ minLength: 4, maxLength: 4 }),
          },
          { noNullPrototype: true },
        ),
      },
      { requiredKeys: ['addresses', 'capabilities', 'rooms', 'mailbox', 'region'], noNullPrototype: true },
    )
    fc.assert(
      fc.property(announcements, (announcement) => {
        expect(tryDecodeAnnouncement(encodeAnnouncement(announcement))).toEqual(announcement)
      }),
    )
  })

  it('may say what is not known yet, and be spelled otherwise', () => {
    expect(said({ later: { a: [1] }, ...PLAIN, node: undefined, __proto__: null })).toEqual(PLAIN)
    expect(tryDecodeAnnouncement(utf8(` ${JSON.stringify({ ...PLAIN, more: 1 }, undefined, 2)}\n`))).toEqual(
      PLAIN,
    )
    expect(said({ ...PLAIN, node: { era: 1, stamp: 'AAAAAA', more: 1 } })?.node).toEqual({
      era: 1,
      stamp: new Uint8Array(4),
    })
  })

  const long = (length: number) => 'a'.repeat(length)
  const many = (count: number) => Array.from({ length: count }, (_, i) => `a${i}`)
  it.each<readonly [string, object]>([
    ['8 addresses', { addresses: many(8) }],
    ['one of 256 letters', { addresses: [long(256)] }],
    ['16 capabilities', { capabilities: many(16) }],
    ['one of 32 letters', { capabilities: [long(32)] }],
    ['16 rooms', { rooms: many(16) }],
    ['one of 128 letters', { rooms: [long(128)] }],
    ['a region of 16', { region: long(16) }],
    ['four edges', { edges: ['a', 'b', 'c', 'd'] }],
    ['the last era', { node: { era: 2 ** 32 - 1, stamp: 'AAAAAA' } }],
  ])('may have %s', (_, fields) => {
    expect(said({ ...PLAIN, ...fields })).toBeDefined()
  })

  it.each<readonly [string, object]>([
    ['9 addresses', { addresses: many(9) }],
    ['one of 257 letters', { addresses: [long(257)] }],
    ['an empty one', { addresses: [''] }],
    ['one with a space', { addresses: ['a b'] }],
    ['one beyond ASCII', { addresses: ['wss://münchen'] }],
    ['addresses that are no list', { addresses: { length: 0 } }],
    ['one that is no text', { addresses: [1] }],
    ['17 capabilities', { capabilities: many(17) }],
    ['one of 33 letters', { capabilities: [long(33)] }],
    ['a capability in capitals', { capabilities: ['Relay'] }],
    ['17 rooms', { rooms: many(17) }],
    ['a room of 129 letters', { rooms: [long(129)] }],
    ['a room of two lines', { rooms: ['a\nb'] }],
    ['a room of half a letter', { rooms: ['\ud800'] }],
    ['a mailbox that is neither', { mailbox: 1 }],
    ['a region of 17', { region: long(17) }],
    ['a region of digits', { region: 'w3' }],
    ['no region', { region: undefined }],
    ['no mailbox', { mailbox: undefined }],
    ['no addresses', { addresses: undefined }],
    ['no rooms', { rooms: undefined }],
    ['no capabilities', { capabilities: undefined }],
    ['five edges', { edges: ['a', 'b', 'c', 'd', 'e'] }],
    ['an edge that is no address', { edges: ['a b'] }],
    ['edges that are no list', { edges: 'https://a/' }],
    ['a node that is nothing', { node: null }],
    ['a node without a stamp', { node: { era: 1 } }],
    ['a node of no era', { node: { era: 1.5, stamp: 'AAAAAA' } }],
    ['a node before 1970', { node: { era: -1, stamp: 'AAAAAA' } }],
    ['a node too late', { node: { era: 2 ** 32, stamp: 'AAAAAA' } }],
    ['a stamp of 3 bytes', { node: { era: 1, stamp: 'AAAA' } }],
    ['a stamp of 5 bytes', { node: { era: 1, stamp: 'AAAAAAA' } }],
    ['a stamp of two spellings', { node: { era: 1, stamp: 'AAAAAB' } }],
  ])('may not have %s', (_, fields) => {
    expect(said({ ...PLAIN, ...fields })).toBeUndefined()
  })

  it('has at most 2 KiB', () => {
    const bytes = utf8(JSON.stringify({ ...PLAIN, more: '' }))
    const padded = (length: number) => said({ ...PLAIN, more: long(length - bytes.length) })
    expect(padded(2_048)).toEqual(PLAIN)
    expect(padded(2_049)).toBeUndefined()
    const rooms = Array.from({ length: 16 }, (_, i) => `${i}${long(126)}`)
    expect(() => encodeAnnouncement({ ...FULL, rooms })).toThrow(RangeError)
    expect(() => encodeAnnouncement({ ...FULL, region: 'no letter' })).toThrow(RangeError)
  })

  it('is nothing, whatever the bytes, that is not JSON of an object', () => {
    for (const text of ['', '[]', 'null', '1', '"a"', '{', '[[[[', '\ufeff{}'.padEnd(9), '['.repeat(2_048)])
      expect(tryDecodeAnnouncement(utf8(text))).toBeUndefined()
    expect(tryDecodeAnnouncement(Uint8Array.of(0x7b, 0xff, 0x7d))).toBeUndefined()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => tryDecodeAnnouncement(bytes) === undefined),
    )
    fc.assert(
      fc.property(fc.jsonValue(), (json) => tryDecodeAnnouncement(utf8(JSON.stringify(json))) === undefined),
    )
  })
})
