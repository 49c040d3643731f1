// The wire part of the page of introductions, executed; and what must hold of any frame: it comes back as it went, and whatever else
// arrives is none.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ANSWER_BYTES_MAX,
  encodeIntroduction,
  type IntroductionFrame,
  tryDecodeIntroduction,
} from '../../../protocol/introductions/frames.ts'
import { INTRODUCTION_FRAME } from '../../../protocol/wire/registry.ts'
import { u32 } from '../wire/arbitrary.ts'
import { annotated, blocksOf, columns, toHex } from '../wire/notation.ts'

const page = readFileSync(new URL('../../../protocol/introductions/README.md', import.meta.url), 'utf8')
const blocks = (language: string) => blocksOf(page).filter(({ words }) => words[0] === language)

const plain = { noNullPrototype: true }
const known = fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), { maxLength: 32 })
const edges = fc.array(fc.webUrl({ size: 'small' }), { maxLength: 4 })
const records = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 8 })
const anyFrame: fc.Arbitrary<IntroductionFrame> = fc.oneof(
  fc.record({ kind: fc.constant('ask' as const), token: u32, known }, plain),
  fc.record({ kind: fc.constant('answer' as const), token: u32, edges, records }, plain),
)

describe('the page', () => {
  it.each(blocks('introduction').map((block) => [block.words[1], block] as const))(
    'shows the bytes of %s',
    (kind, block) => {
      const { bytes, value } = annotated(block)
      const frame = { kind, ...value } as unknown as IntroductionFrame
      expect(tryDecodeIntroduction(bytes)).toEqual(frame)
      expect(toHex(encodeIntroduction(frame))).toBe(toHex(bytes))
    },
  )

  it('shows every frame there is, and what is none', () => {
    const shown = new Set(blocks('introduction').map(({ words }) => words[1]))
    expect(shown).toEqual(new Set(Object.keys(INTRODUCTION_FRAME)))
    const lines = blocks('malformed').flatMap(({ lines }) => lines)
    expect(lines.length).toBeGreaterThan(10)
    for (const line of lines) expect(tryDecodeIntroduction(columns(line).bytes), line).toBeUndefined()
  })
})

describe('a frame', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        expect(tryDecodeIntroduction(encodeIntroduction(frame))).toEqual(frame)
      }),
    )
  })

  it('changed anywhere is none, or is spelled exactly so', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(), (frame, at, by, cut) => {
        const whole = encodeIntroduction(frame)
        whole[at % whole.length] = (whole[at % whole.length] ?? 0) ^ by
        const bytes = whole.subarray(0, whole.length - (cut % 4))
        const read = tryDecodeIntroduction(bytes)
        if (read !== undefined) expect(toHex(encodeIntroduction(read))).toBe(toHex(bytes))
      }),
      { numRuns: 1_000 },
    )
  })

  it('that is longer than the longest answer is not looked at', () => {
    const bytes = new Uint8Array(ANSWER_BYTES_MAX + 1)
    bytes[0] = INTRODUCTION_FRAME.answer
    expect(tryDecodeIntroduction(bytes)).toBeUndefined()
  })
})
