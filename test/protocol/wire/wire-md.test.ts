// WIRE.md, executed: what the page shows is what encode makes and decode gives. These blocks are the golden bytes.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readPass } from '../../../protocol/crypto/admission/pass.ts'
import { joinSubprotocols, offeredJoin, offeredPass } from '../../../protocol/room/admission.ts'
import { framesOf } from '../../../protocol/wire/batch.ts'
import { WireError } from '../../../protocol/wire/bytes.ts'
import { decode, encode } from '../../../protocol/wire/codec.ts'
import { type Data, decodeData, encodeData } from '../../../protocol/wire/data.ts'
import type { Frame, JoinFrame } from '../../../protocol/wire/frames.ts'
import { DECLINE, FRAME, LEFT, REFUSAL, UNDELIVERABLE } from '../../../protocol/wire/registry.ts'
import { annotated, type Block, blocksOf, columns, literal, tablesUnder, toHex } from './notation.ts'

const page = readFileSync(new URL('../../../protocol/wire/WIRE.md', import.meta.url), 'utf8')
const blocks = blocksOf(page)
const of = (language: string) => blocks.filter(({ words }) => words[0] === language)
const at = (block: Block) => `WIRE.md:${block.line}`
const rows = (language: string) =>
  of(language).flatMap((block) =>
    block.lines.map((line) => ({ ...columns(line), where: `${at(block)}: ${line}` })),
  )

function problemOf(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof WireError) return error.problem
    throw error
  }
  return 'nothing was refused'
}

describe('WIRE.md', () => {
  it.each(of('wire').map((block) => [block.words.slice(1).join(' '), at(block), block] as const))(
    'shows the bytes of %s (%s)',
    (_, __, block) => {
      const [, kind, note] = block.words
      const { bytes, value } = annotated(block)
      const frame = { kind, ...value } as Frame
      expect(decode(bytes)).toEqual(frame)
      if (note === undefined) expect(toHex(encode(frame))).toBe(toHex(bytes))
      else expect(note).toBe('decode-only')
    },
  )

  it('has a block for every frame of the registry, under the frame’s own heading', () => {
    expect(new Set(of('wire').map(({ words }) => words[1]))).toEqual(new Set(Object.keys(FRAME)))
    const headed = [...page.matchAll(/`(\w+)` (0x[0-9a-f]{2})/g)].map(([, name, type]) => [
      name,
      Number(type),
    ])
    expect(Object.fromEntries(headed)).toEqual(FRAME)
  })

  it.each([
    ['refusal', REFUSAL],
    ['left', LEFT],
    ['undeliverable', UNDELIVERABLE],
    ['decline', DECLINE],
  ] as const)('lists every number of %s', (frame, table) => {
    const listed = (tablesUnder(page).get(frame) ?? []).map(([number, name]) => [name, Number(number)])
    expect(Object.fromEntries(listed)).toEqual(table)
  })

  it('shows how a join and a pass ride in the upgrade request', () => {
    const [block] = of('upgrade')
    const [bytes = '', pass = '', header = ''] = block?.lines ?? []
    const join = decode(literal(bytes) as Uint8Array) as JoinFrame
    expect(joinSubprotocols(join, pass).join(', ')).toBe(header)
    expect(offeredPass(header)).toBe(pass)
    expect(readPass(pass)?.subject).toEqual(join.peer)
    expect(offeredJoin(header)).toEqual(join)
  })

  it('shows what each kind of application data becomes', () => {
    expect(rows('data').length).toBeGreaterThan(0)
    for (const { bytes, said, where } of rows('data')) {
      const value = literal(said) as Data
      expect(toHex(encodeData(value)), where).toBe(toHex(bytes))
      expect(decodeData(bytes), where).toEqual(value)
    }
  })

  it.each([
    ['refused', decode],
    ['refused-message', framesOf],
  ] as const)('names the problem of each %s block', (language, read) => {
    expect(rows(language).length).toBeGreaterThan(0)
    for (const { bytes, said, where } of rows(language)) {
      expect(
        problemOf(() => read(bytes)),
        where,
      ).toBe(said.split(':')[0])
    }
  })
})
