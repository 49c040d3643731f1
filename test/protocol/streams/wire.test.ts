// The wire part of the streams' page, executed; and what must hold of any message: it comes back as it went, and whatever
// else arrives is a WireError.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeStreams, type StreamFrame, writeFrame, writeHeader } from '../../../protocol/streams/frames.ts'
import { WireError, Writer } from '../../../protocol/wire/bytes.ts'
import { FRAME, STREAM_FRAME, STREAM_REFUSAL } from '../../../protocol/wire/registry.ts'
import { bytes, u32 } from '../wire/arbitrary.ts'
import { annotated, type Block, blocksOf, columns, tablesUnder, toHex } from '../wire/notation.ts'

const page = readFileSync(new URL('../../../protocol/streams/README.md', import.meta.url), 'utf8')
const blocks = (language: string) => blocksOf(page).filter(({ words }) => words[0] === language)

interface Message {
  readonly from: number
  readonly to: number
  readonly frames: readonly StreamFrame[]
}

function encoded({ from, to, frames }: Message): Uint8Array {
  const writer = new Writer()
  writeHeader(from, to, writer)
  for (const frame of frames) writeFrame(frame, writer)
  return writer.done()
}

const label = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((text) => new TextEncoder().encode(text).length < 256)
const FRAMES: { readonly [Kind in StreamFrame['kind']]: fc.Arbitrary<StreamFrame> } = {
  open: fc.record({ kind: fc.constant('open' as const), stream: u32, label }),
  data: fc.record({ kind: fc.constant('data' as const), stream: u32, bytes }),
  end: fc.record({ kind: fc.constant('end' as const), stream: u32 }),
  reset: fc.record({ kind: fc.constant('reset' as const), stream: u32, code: u32 }),
  stop: fc.record({ kind: fc.constant('stop' as const), stream: u32, code: u32 }),
  refuse: fc.record({
    kind: fc.constant('refuse' as const),
    stream: u32,
    reason: fc.constantFrom('unwanted' as const, 'too-many' as const),
  }),
  window: fc.record({ kind: fc.constant('window' as const), stream: u32, moreBytes: u32 }),
  over: fc.record({ kind: fc.constant('over' as const), instance: u32, mineBelow: u32, yoursBelow: u32 }),
}
const anyMessage: fc.Arbitrary<Message> = fc.record(
  { from: u32, to: u32, frames: fc.array(fc.oneof(...Object.values(FRAMES)), { maxLength: 8 }) },
  { noNullPrototype: true },
)

function problemOf(message: Uint8Array): string {
  try {
    decodeStreams(message)
  } catch (error) {
    if (error instanceof WireError) return error.problem
    throw error
  }
  return 'nothing was refused'
}

describe('the page', () => {
  it.each(blocks('streams').map((block) => [block.line, block] as const))(
    'shows the bytes of a message (line %i)',
    (_, block: Block) => {
      const { bytes, value } = annotated(block)
      expect(decodeStreams(bytes)).toEqual(value)
      expect(toHex(encoded(value as unknown as Message))).toBe(toHex(bytes))
    },
  )

  it('shows every frame there is, and every reason', () => {
    const shown = blocks('streams').flatMap((block) => decodeStreams(annotated(block).bytes).frames)
    expect(new Set(shown.map(({ kind }) => kind))).toEqual(new Set(Object.keys(STREAM_FRAME)))
    const reasons = [...tablesUnder(page).values()].flat().map(([number, name]) => [name, Number(number)])
    expect(Object.fromEntries(reasons)).toEqual(STREAM_REFUSAL)
  })

  it('names the problem of what is refused', () => {
    const lines = blocks('refused').flatMap(({ lines }) => lines)
    expect(lines.length).toBeGreaterThan(5)
    for (const line of lines) {
      const { bytes, said } = columns(line)
      expect(problemOf(bytes), line).toBe(said.split(':')[0])
    }
  })
})

describe('numbers of frames', () => {
  it('stay what they were, and are nobody else’s', () => {
    expect(STREAM_FRAME).toEqual({
      open: 0x50,
      data: 0x51,
      end: 0x52,
      reset: 0x53,
      stop: 0x54,
      refuse: 0x55,
      window: 0x56,
      over: 0x57,
    })
    expect(STREAM_REFUSAL).toEqual({ unwanted: 1, 'too-many': 2 })
    const taken = new Set<number>(Object.values(FRAME))
    for (const number of Object.values(STREAM_FRAME)) expect(taken.has(number)).toBe(false)
  })
})

describe('a message', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(decodeStreams(encoded(message))).toEqual(message)
      }),
    )
  })

  it('changed anywhere is refused, or is spelled exactly so', () => {
    fc.assert(
      fc.property(
        anyMessage,
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(),
        (message, at, by, cut) => {
          const whole = encoded(message)
          whole[at % whole.length] = (whole[at % whole.length] ?? 0) ^ by
          const bytes = whole.subarray(0, whole.length - (cut % 4))
          if (problemOf(bytes) !== 'nothing was refused') return
          expect(toHex(encoded(decodeStreams(bytes)))).toBe(toHex(bytes))
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
