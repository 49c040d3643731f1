// The wire part of the mesh's page, executed; and what must hold of any message: it comes back as it went, and whatever else
// arrives is none.

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AskKind,
  encodeMesh,
  type MeshMessage,
  tryDecodeMesh,
} from '../../../protocol/dht/mesh/messages.ts'
import { MESH_FRAME, MESH_REFUSAL, type MeshRefusal, SERVICE_MAIL } from '../../../protocol/wire/registry.ts'
import { u8, u32 } from '../wire/arbitrary.ts'
import { annotated, type Block, blocksOf, columns, hex, tablesUnder, toHex } from '../wire/notation.ts'

const page = readFileSync(new URL('../../../protocol/dht/mesh/README.md', import.meta.url), 'utf8')
const blocks = (language: string) => blocksOf(page).filter(({ words }) => words[0] === language)

function shown(block: Block): { readonly bytes: Uint8Array; readonly message: MeshMessage } {
  const { bytes, value } = annotated(block)
  const lookup = value.lookup instanceof Uint8Array ? { lookup: number(value.lookup) } : {}
  return { bytes, message: { kind: block.words[1], ...value, ...lookup } as unknown as MeshMessage }
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes).replaceAll(' ', '')}`)
}

const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const upTo = (max: number) => fc.integer({ min: 0, max })
const some = fc.uint8Array({ minLength: 1, maxLength: 60 })
const plain = { noNullPrototype: true }
const ask = (kind: AskKind, bytes: fc.Arbitrary<Uint8Array>) =>
  fc.record(
    {
      kind: fc.constant(kind),
      token: u32,
      lookup: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      hops: upTo(10),
      detours: upTo(8),
      withinMs: upTo(3_000),
      key: exactly(32),
      bytes,
    },
    plain,
  )
const nothing = fc.constant(new Uint8Array())
const answer = <Kind extends string, Fields>(
  kind: Kind,
  fields: { [K in keyof Fields]: fc.Arbitrary<Fields[K]> },
) => fc.record({ kind: fc.constant(kind), token: u32, ...fields }, plain)
const hops = upTo(10)
const MESSAGES: { readonly [Kind in keyof typeof MESH_FRAME]: fc.Arbitrary<unknown> } = {
  ping: answer('ping', {}),
  pong: answer('pong', {}),
  findNode: ask('findNode', nothing),
  findValue: ask('findValue', nothing),
  getProviders: ask('getProviders', nothing),
  store: ask('store', some),
  addProvider: ask('addProvider', some),
  nodes: answer('nodes', { hops, nodes: fc.array(exactly(32), { maxLength: 20 }) }),
  record: answer('record', { hops, bytes: some }),
  providers: answer('providers', { hops, provided: fc.array(some, { maxLength: 16 }) }),
  stored: answer('stored', { hops, copies: u8 }),
  refused: answer('refused', { reason: fc.constantFrom(...(Object.keys(MESH_REFUSAL) as MeshRefusal[])) }),
}
const anyMessage = fc.oneof(...Object.values(MESSAGES)) as fc.Arbitrary<MeshMessage>

describe('the page', () => {
  it.each(blocks('mesh').map((block) => [block.words[1], block] as const))(
    'shows the bytes of %s',
    (_, block) => {
      const { bytes, message } = shown(block)
      expect(tryDecodeMesh(bytes)).toEqual(message)
      expect(toHex(encodeMesh(message))).toBe(toHex(bytes))
    },
  )

  it('shows every message there is, and every reason', () => {
    expect(new Set(blocks('mesh').map(({ words }) => words[1]))).toEqual(new Set(Object.keys(MESH_FRAME)))
    const reasons = (tablesUnder(page).get('refused') ?? []).map(([code, name]) => [name, Number(code)])
    expect(Object.fromEntries(reasons)).toEqual(MESH_REFUSAL)
  })

  it('shows what is no message', () => {
    const lines = blocks('malformed').flatMap(({ lines }) => lines)
    expect(lines.length).toBeGreaterThan(10)
    for (const line of lines) expect(tryDecodeMesh(columns(line).bytes), line).toBeUndefined()
  })
})

describe('a message', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(tryDecodeMesh(encodeMesh(message))).toEqual(message)
      }),
    )
  })

  it('changed anywhere is none, or is spelled exactly so', () => {
    fc.assert(
      fc.property(
        anyMessage,
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(),
        (message, at, by, cut) => {
          const whole = encodeMesh(message)
          whole[at % whole.length] = (whole[at % whole.length] ?? 0) ^ by
          const bytes = whole.subarray(0, whole.length - (cut % 4))
          const read = tryDecodeMesh(bytes)
          if (read !== undefined) expect(toHex(encodeMesh(read))).toBe(toHex(bytes))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('is none where it is longer than a record may be', () => {
    const head = hex('d9 00000001 00')
    const message = (length: number) => {
      const bytes = new Uint8Array(head.length + length)
      bytes.set(head)
      return tryDecodeMesh(bytes)
    }
    expect(message(72 * 1_024)?.kind).toBe('record')
    expect(message(72 * 1_024 + 1)).toBeUndefined()
  })
})

describe('numbers of messages', () => {
  it('are not those of other service messages', () => {
    for (const first of Object.values(MESH_FRAME)) {
      expect([0xb2, 0xb3, 0xb4, SERVICE_MAIL]).not.toContain(first)
    }
    expect(new Set(Object.values(MESH_FRAME)).size).toBe(12)
  })
})
