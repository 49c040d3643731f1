// The notation of WIRE.md, so that the page a person reads is the table a test runs. Throws on anything it does not
// know: a block nobody understands is not one that passed.

import { utf8 } from '../../../protocol/wire/bytes.ts'

export interface Block {
  readonly line: number
  /** The words behind the fence: the language, then whatever it says about the block. */
  readonly words: readonly string[]
  readonly lines: readonly string[]
}

/** The fenced blocks of a Markdown page. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  let open: { line: number; words: string[]; lines: string[] } | undefined
  for (const [at, line] of page.split('\n').entries()) {
    if (!line.startsWith('```')) open?.lines.push(line)
    else if (open === undefined) open = { line: at + 1, words: line.slice(3).trim().split(/\s+/), lines: [] }
    else {
      blocks.push(open)
      open = undefined
    }
  }
  if (open !== undefined) throw new Error(`the block at line ${open.line} is not closed`)
  return blocks
}

/** The tables under the heading of a frame, as rows of cells without their backquotes. */
export function tablesUnder(page: string): Map<string, string[][]> {
  const tables = new Map<string, string[][]>()
  let heading = ''
  for (const line of page.split('\n')) {
    if (line.startsWith('#')) heading = /`(\w+)`/.exec(line)?.[1] ?? ''
    if (!/^\| \d/.test(line)) continue
    const cells = line.split('|').slice(1, -1)
    const rows = tables.get(heading) ?? []
    rows.push(cells.map((cell) => cell.trim().replaceAll('`', '')))
    tables.set(heading, rows)
  }
  return tables
}

/** `a1*32 00 0102`: bytes in hex, a byte repeated. */
export function hex(text: string): Uint8Array {
  const bytes: number[] = []
  for (const word of text.trim().split(/\s+/)) {
    if (word === '' || word === '-') continue
    const [, digits, times] = /^((?:[0-9a-f]{2})+)(?:\*(\d+))?$/.exec(word) ?? []
    if (digits === undefined) throw new Error(`not hex: ${word}`)
    const pairs = digits.match(/../g) ?? []
    for (let i = 0; i < Number(times ?? 1); i++)
      for (const pair of pairs) bytes.push(Number.parseInt(pair, 16))
  }
  return Uint8Array.from(bytes)
}

export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** Bytes, and what stands behind them after at least two spaces. */
export function columns(line: string): { readonly bytes: Uint8Array; readonly said: string } {
  const [, bytes, said] = /^(\S+(?: \S+)*)?(?:\s{2,}(\S.*))?$/.exec(line) ?? []
  return { bytes: hex(bytes ?? ''), said: said ?? '' }
}

/** A block of bytes beside fields, as the bytes and the value that the fields make. */
export function annotated(block: Block): {
  readonly bytes: Uint8Array
  readonly value: Record<string, unknown>
} {
  const bytes: number[] = []
  const value: Record<string, unknown> = {}
  for (const line of block.lines) {
    const { bytes: part, said } = columns(line)
    bytes.push(...part)
    if (said === '' || /^\(.*\)$/.test(said)) continue
    for (const assignment of said.split('; ')) {
      const [, path, written] = /^([\w.[\]]+) = (.+)$/.exec(assignment) ?? []
      if (path === undefined || written === undefined) throw new Error(`not a field: ${assignment}`)
      assign(value, path.split(/[.[\]]+/).filter(Boolean), literal(written))
    }
  }
  return { bytes: Uint8Array.from(bytes), value }
}

export function literal(text: string): unknown {
  const quoted = /^([hu])'(.*)'$/.exec(text)
  if (quoted !== null) return quoted[1] === 'h' ? hex(quoted[2] ?? '') : utf8(quoted[2] ?? '')
  if (/^0x[0-9a-f]+$/.test(text)) return Number(text)
  // A bare word is a name: of a lane, a reason, a code.
  if (/^[a-z][a-z-]*$/.test(text) && !['true', 'false', 'null'].includes(text)) return text
  return JSON.parse(text)
}

function assign(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path
  if (key === undefined) throw new Error('a field without a name')
  if (rest.length === 0) {
    into[key] = value
    return
  }
  into[key] ??= /^\d+$/.test(rest[0] ?? '') ? [] : {}
  assign(into[key] as Record<string, unknown>, rest, value)
}
