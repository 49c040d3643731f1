// The registry's promise: a number, once used, never means anything else. The lists here only ever grow.

import { describe, expect, it } from 'vitest'
import {
  ADDRESS_AT,
  DECLINE,
  FRAME,
  LEFT,
  MAIL_FRAME,
  MAIL_PROOF,
  MAIL_REFUSAL,
  nameOf,
  PAYLOAD_AT,
  REFUSAL,
  STREAM_FRAME,
  UNDELIVERABLE,
} from '../../../protocol/wire/registry.ts'
import { WATCH_FRAME } from '../../../protocol/wire/watch-frame.ts'

/** Every frame number ever used, removed ones too. A change of an existing line is a bug, whatever the reason. */
const FRAMES_EVER = {
  1: 'batch',
  2: 'refusal',
  16: 'join',
  17: 'welcome',
  18: 'roster',
  19: 'joined',
  20: 'left',
  21: 'metadata',
  22: 'sweep',
  23: 'drained',
  24: 'passWanted',
  25: 'pass',
  32: 'relay',
  33: 'broadcast',
  34: 'undeliverable',
  35: 'signal',
  48: 'linkData',
  49: 'linkAck',
  50: 'linkDatagram',
  51: 'linkPing',
  52: 'linkPong',
  64: 'offer',
  65: 'answer',
  66: 'candidates',
  67: 'decline',
} as const

const WATCH_FRAMES_EVER = { 26: 'report' } as const

const MAIL_FRAMES_EVER = {
  96: 'hello',
  97: 'ready',
  98: 'put',
  99: 'stored',
  100: 'refused',
  101: 'letter',
  102: 'took',
  103: 'prekeysLeft',
} as const

const CODES_EVER = {
  refusal: {
    1: 'malformed',
    2: 'unexpected',
    3: 'too-large',
    4: 'rate-limited',
    5: 'room-full',
    6: 'superseded',
    7: 'version-mismatch',
    8: 'flooding',
    9: 'vanished',
    10: 'bad-request',
    11: 'edge-busy',
    12: 'internal',
    13: 'slow-reader',
    14: 'pass-malformed',
    15: 'pass-expired',
    16: 'pass-forged',
    17: 'pass-foreign',
    18: 'misconfigured',
    19: 'blacklisted',
  },
  left: { 1: 'closed', 2: 'lost', 3: 'vanished', 4: 'superseded', 5: 'expelled' },
  undeliverable: { 1: 'gone', 2: 'slow' },
  decline: { 1: 'relay-only', 2: 'no-webrtc', 3: 'too-many' },
  mailProof: { 1: 'access', 2: 'stamp' },
  mailRefusal: {
    1: 'malformed',
    2: 'too-large',
    3: 'over-quota',
    4: 'rate-limited',
    5: 'bad-access',
    6: 'bad-stamp',
    7: 'stale-stamp',
    8: 'blocked',
    9: 'no-such-mailbox',
    10: 'internal',
  },
} as const

const TABLES = [
  ['frames', FRAME, FRAMES_EVER, 0xff],
  // Close codes are 4000 and the number, and end at 4999; on the wire the number is one byte.
  ['refusals', REFUSAL, CODES_EVER.refusal, 0xff],
  ['reasons for leaving', LEFT, CODES_EVER.left, 0xff],
  ['reasons for not delivering', UNDELIVERABLE, CODES_EVER.undeliverable, 0xff],
  ['reasons to decline', DECLINE, CODES_EVER.decline, 0xff],
  ['frames of watching', WATCH_FRAME, WATCH_FRAMES_EVER, 0xff],
  ['frames of mailboxes', MAIL_FRAME, MAIL_FRAMES_EVER, 0xff],
  ['proofs of puts', MAIL_PROOF, CODES_EVER.mailProof, 0xff],
  ['refusals of mailboxes', MAIL_REFUSAL, CODES_EVER.mailRefusal, 0xff],
] as const

describe.each(TABLES)('the numbers of %s', (_, table, ever, most) => {
  const numbers: readonly number[] = Object.values(table)

  it('are unique, and fit a byte without ever being zero', () => {
    expect(new Set(numbers).size).toBe(numbers.length)
    for (const number of numbers) expect(number > 0 && number <= most && Number.isInteger(number)).toBe(true)
  })

  it('still mean what they always meant', () => {
    for (const [name, number] of Object.entries(table)) {
      expect(
        (ever as Readonly<Record<number, string>>)[number],
        `${name} = ${number} is not in the list yet`,
      ).toBe(name)
    }
  })

  it('are found by number, and no others are', () => {
    for (let number = 0; number <= 0x1ff; number++) {
      const name = nameOf(table as Readonly<Record<string, number>>, number)
      expect(name).toBe(Object.entries(table).find(([, value]) => value === number)?.[0])
    }
  })
})

it('relay, signal and broadcast carry their address and payload where the room looks for them', () => {
  expect([ADDRESS_AT, PAYLOAD_AT]).toEqual([1, 5])
})

it('a number is one frame, whichever table it is in', () => {
  const numbers = [FRAME, STREAM_FRAME, MAIL_FRAME, WATCH_FRAME].flatMap((table): number[] =>
    Object.values(table),
  )
  expect(new Set(numbers).size).toBe(numbers.length)
})
