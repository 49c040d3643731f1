// What must hold for every frame of a mailbox's socket: it comes back as it went, its bytes are its only spelling, the page
// shows them, and whatever else arrives is a WireError.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAILBOX_TOOK_MAX } from '../../../protocol/limits/mailbox.ts'
import { PRIORITIES } from '../../../protocol/priority.ts'
import { WireError } from '../../../protocol/wire/bytes.ts'
import {
  decodeMail,
  encodeMail,
  encodePutRequest,
  type MailFrame,
  type MailFrameKind,
  type Proof,
  tryDecodeMail,
  tryDecodePutRequest,
} from '../../../protocol/wire/mail-frames.ts'
import { MAIL_FRAME, MAIL_PROOF, MAIL_REFUSAL, type MailRefusal } from '../../../protocol/wire/registry.ts'
import { annotated, type Block, blocksOf, toHex } from './notation.ts'

const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const rest = fc.uint8Array({ maxLength: 40 })
const priority = fc.constantFrom(...PRIORITIES)

const proof: fc.Arbitrary<Proof> = fc.oneof(
  fc.record({ kind: fc.constant('access' as const), day: u32, mac: exactly(16) }, { noNullPrototype: true }),
  fc.record(
    { kind: fc.constant('stamp' as const), challenge: exactly(32), stamp: exactly(64) },
    { noNullPrototype: true },
  ),
)
const request = { priority, ttlS: u32, proof, envelope: rest }
const refusals = Object.keys(MAIL_REFUSAL) as MailRefusal[]

const FIELDS: Readonly<Record<MailFrameKind, Readonly<Record<string, fc.Arbitrary<unknown>>>>> = {
  hello: { version: u8, letters: u32, bytes: u32, cursor: rest },
  ready: { version: u8, keepAliveMs: u32, stored: u32, oneTimeLeft: u16 },
  put: { token: u32, mailbox: exactly(32), ...request },
  stored: { token: u32, known: fc.boolean(), ttlS: u32 },
  refused: { token: u32, reason: fc.constantFrom(...refusals), retryAfterMs: u32 },
  letter: { id: exactly(16), priority, hour: u32, cursor: exactly(34), envelope: rest },
  took: { ids: fc.array(exactly(16), { maxLength: 5 }) },
  prekeysLeft: { left: u16 },
}
const KINDS = Object.keys(MAIL_FRAME) as MailFrameKind[]

function framesOf(kind: MailFrameKind): fc.Arbitrary<MailFrame> {
  const record: unknown = fc.record({ kind: fc.constant(kind), ...FIELDS[kind] }, { noNullPrototype: true })
  return record as fc.Arbitrary<MailFrame>
}
const anyFrame = fc.oneof(...KINDS.map(framesOf))
const frameLike = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .tuple(fc.constantFrom(...Object.values(MAIL_FRAME)), fc.uint8Array({ maxLength: 160 }))
    .map(([type, rest]) => Uint8Array.from([type, ...rest])),
)

/** A frame, or the problem with the bytes. Anything but a WireError passes through and fails the test. */
function read(bytes: Uint8Array): MailFrame | string {
  try {
    return decodeMail(bytes)
  } catch (error) {
    if (error instanceof WireError) return error.problem
    throw error
  }
}

function expectRefusedOrCanonical(bytes: Uint8Array): void {
  const frame = read(bytes)
  expect(tryDecodeMail(bytes)).toEqual(typeof frame === 'string' ? undefined : frame)
  if (typeof frame === 'string' || frame.kind === 'ready') return // lax: it reads over what it does not know
  expect(toHex(encodeMail(frame))).toBe(toHex(bytes))
}

describe.each(KINDS)('%s', (kind) => {
  const frames = framesOf(kind)

  it('comes back as it went', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeMail(encodeMail(frame))).toEqual(frame)
      }),
    )
  })

  it('is refused, or is another frame, wherever it is cut, goes on, or has another byte', () => {
    const spoil = (frame: MailFrame, cut: number, more: Uint8Array, at: number, by: number) => {
      const whole = encodeMail(frame)
      expectRefusedOrCanonical(whole.subarray(0, cut % whole.length))
      expectRefusedOrCanonical(Uint8Array.from([...whole, ...more]))
      const bytes = whole.slice()
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ by
      expectRefusedOrCanonical(bytes)
    }
    const flip = fc.integer({ min: 1, max: 255 })
    fc.assert(fc.property(frames, fc.nat(), rest, fc.nat(), flip, spoil), { numRuns: 300 })
  })
})

const EXACT: Partial<Record<MailFrameKind, number>> = { stored: 10, refused: 10, prekeysLeft: 3 }
it.each(Object.entries(EXACT))('a %s has %i bytes, no fewer and no more', (kind, size) => {
  fc.assert(
    fc.property(framesOf(kind as MailFrameKind), (frame) => {
      const whole = encodeMail(frame)
      expect(whole.length).toBe(size)
      expect(read(whole.subarray(0, size - 1))).toBe('truncated')
      expect(read(Uint8Array.from([...whole, 0]))).toBe('trailing')
    }),
    { numRuns: 20 },
  )
})

it('ready may go on: a later version says more', () => {
  const frame = { kind: 'ready', version: 1, keepAliveMs: 2, stored: 3, oneTimeLeft: 4 } as const
  expect(read(Uint8Array.from([...encodeMail(frame), 1, 2, 3]))).toEqual(frame)
})

it('took holds no more ids than may be taken at once', () => {
  const ids = Array.from({ length: MAILBOX_TOOK_MAX }, () => new Uint8Array(16))
  expect(tryDecodeMail(encodeMail({ kind: 'took', ids }))).toBeDefined()
  expect(read(encodeMail({ kind: 'took', ids: [...ids, new Uint8Array(16)] }))).toBe('bad-value')
})

describe('decodeMail', () => {
  it('throws nothing but a WireError, whatever it is given', () => {
    fc.assert(fc.property(frameLike, expectRefusedOrCanonical), { numRuns: 5_000 })
  })

  it('refuses every type that is no frame of a mailbox, and nothing at all', () => {
    const known = new Set<number>(Object.values(MAIL_FRAME))
    for (let type = 0; type <= 0xff; type++)
      if (!known.has(type)) expect(read(Uint8Array.of(type, 0, 0, 0))).toBe('unknown-type')
    expect(read(new Uint8Array(0))).toBe('truncated')
  })

  it('gives envelopes as views, so that none is copied', () => {
    const frame = fc.sample(framesOf('put'), 1)[0] as Extract<MailFrame, { kind: 'put' }>
    const bytes = encodeMail(frame)
    const back = decodeMail(bytes)
    expect(back.kind === 'put' && back.envelope.buffer).toBe(bytes.buffer)
  })

  it('of what is not one of four priorities, two proofs or two truths refuses the value', () => {
    const put = encodeMail(fc.sample(framesOf('put'), 1)[0] as MailFrame)
    expect(read(put.slice().fill(4, 37, 38))).toBe('bad-value')
    expect(read(put.slice().fill(3, 42, 43))).toBe('bad-value')
    expect(read(Uint8Array.of(MAIL_FRAME.stored, 0, 0, 0, 1, 2, 0, 0, 0, 0))).toBe('bad-value')
    expect(read(Uint8Array.of(MAIL_FRAME.refused, 0, 0, 0, 1, 99, 0, 0, 0, 0))).toBe('bad-value')
  })
})

describe('the body of a put over HTTP', () => {
  const requests = fc.record(request, { noNullPrototype: true })

  it('is what follows token and mailbox in the frame', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const body = encodePutRequest(request)
        expect(tryDecodePutRequest(body)).toEqual(request)
        const frame = encodeMail({ kind: 'put', token: 1, mailbox: new Uint8Array(32), ...request })
        expect(toHex(frame.subarray(37))).toBe(toHex(body))
      }),
    )
  })

  it('is read or refused, whatever the bytes, and read only from its one spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 160 }), u8, u8, (bytes, priority, kind) => {
        const likely = Uint8Array.from([priority % 5, 0, 0, 0, 1, kind % 3, ...bytes])
        for (const each of [bytes, likely]) {
          const request = tryDecodePutRequest(each)
          if (request !== undefined) expect(toHex(encodePutRequest(request))).toBe(toHex(each))
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the page', () => {
  const page = readFileSync(new URL('../../../protocol/mailbox/README.md', import.meta.url), 'utf8')
  const blocks = blocksOf(page).filter(({ words }) => words[1] === 'frame')

  it.each(blocks.map((block) => [block.line, block] as const))(
    'shows the bytes of a frame (line %i)',
    (_, block: Block) => {
      const { bytes, value } = annotated(block)
      expect(decodeMail(bytes)).toEqual(value)
      expect(toHex(encodeMail(value as unknown as MailFrame))).toBe(toHex(bytes))
    },
  )

  it('shows every frame there is', () => {
    const shown = blocks.map((block) => decodeMail(annotated(block).bytes).kind)
    expect(new Set(shown)).toEqual(new Set(KINDS))
    expect(Object.keys(MAIL_PROOF)).toEqual(['access', 'stamp'])
  })
})

it('any frame is its own bytes again', () => {
  fc.assert(fc.property(anyFrame, (frame) => expectRefusedOrCanonical(encodeMail(frame))))
})
