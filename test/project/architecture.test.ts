// Holds the architecture: who imports whom, what protocol/ may touch, how long things get. Each rule is first shown code
// it must catch and code it must let pass, because a rule that never fires is worse than none.

import { describe, expect, it } from 'vitest'
import { EXCEPTIONS } from './exceptions.ts'
import { RULES, type Violation } from './rules.ts'
import { parse } from './source.ts'
import { read, trackedFiles } from './tree.ts'

type Files = Readonly<Record<string, string>>

interface Case {
  readonly rule: string
  readonly what: string
  readonly files: Files
}

const lines = (count: number) => 'let x = 1\n'.repeat(count)

const CAUGHT: readonly Case[] = [
  {
    rule: 'imports',
    what: 'protocol importing the client',
    files: { 'protocol/a.ts': `import { b } from '../client/b.ts'` },
  },
  {
    rule: 'imports',
    what: 'protocol importing a type from a host',
    files: { 'protocol/a.ts': `import type { E } from '../workers/env.ts'` },
  },
  { rule: 'imports', what: 'protocol importing a package', files: { 'protocol/a.ts': `import 'hono'` } },
  { rule: 'imports', what: 'protocol importing Node', files: { 'protocol/a.ts': `import 'node:crypto'` } },
  {
    rule: 'imports',
    what: 'protocol loading something later',
    files: { 'protocol/a.ts': `const a = () => import('../client/b.ts')` },
  },
  {
    rule: 'imports',
    what: 'protocol naming a type in place',
    files: { 'protocol/a.ts': `type A = import('../client/b.ts').B` },
  },
  {
    rule: 'imports',
    what: 'protocol passing something on',
    files: { 'protocol/a.ts': `export { b } from '../workers/b.ts'` },
  },
  {
    rule: 'imports',
    what: 'an object using hono',
    files: { 'durable-objects/a.ts': `import { Hono } from 'hono'` },
  },
  {
    rule: 'imports',
    what: 'an object importing the Worker',
    files: { 'durable-objects/a.ts': `import '../workers/env.ts'` },
  },
  {
    rule: 'imports',
    what: 'a route naming an object class',
    files: { 'workers/rooms.ts': `import '../durable-objects/a.ts'` },
  },
  {
    rule: 'imports',
    what: 'the Worker importing the client',
    files: { 'workers/index.ts': `import '../client/index.ts'` },
  },
  {
    rule: 'imports',
    what: 'the client importing the Worker',
    files: { 'client/deep/a.ts': `import '../../workers/env.ts'` },
  },
  {
    rule: 'imports',
    what: 'the client importing a package',
    files: { 'client/a.ts': `import Socket from 'partysocket'` },
  },
  {
    rule: 'imports',
    what: 'the client importing what only its dashboard may',
    files: { 'client/a.ts': `import { zoom } from 'd3-zoom'` },
  },
  {
    rule: 'imports',
    what: 'a package whose name begins alike',
    files: { 'workers/a.ts': `import 'honolulu'` },
  },
  {
    rule: 'siblings',
    what: 'a machine importing its sibling',
    files: { 'protocol/room/machine.ts': `import '../mailbox/wire.ts'`, 'protocol/mailbox/machine.ts': '' },
  },
  ...[
    'const a = Date.now()',
    'const a = new Date()',
    'const a = Math.random()',
    'setTimeout(() => {}, 1)',
    'setInterval(() => {}, 1)',
    'setImmediate(() => {})',
    'queueMicrotask(() => {})',
    `fetch('/')`,
    'const ports = { fetch }',
    `const a = new WebSocket('/')`,
    'crypto.getRandomValues(a)',
    'const a = performance.now()',
    'const a = process.env',
    'console.log(1)',
    'const a = globalThis.Date',
    'async function f() {}',
    'const f = async () => {}',
    'class A { async f() {} }',
    'const a = await b',
    'for await (const a of b) {}',
    'const sign = (crypto: Suite) => crypto.sign(); crypto.sign()',
    'function f() { { const process = 1 } return process }',
  ].map((code) => ({ rule: 'purity', what: code, files: { 'protocol/a.ts': code } })),
  { rule: 'purity', what: 'a clock inside crypto/', files: { 'protocol/crypto/a.ts': 'Date.now()' } },
  { rule: 'file-length', what: '401 lines', files: { 'client/a.ts': lines(401) } },
  {
    rule: 'function-length',
    what: 'a long function',
    files: { 'client/a.ts': `function f() {\n${lines(70)}}` },
  },
  {
    rule: 'function-length',
    what: 'a long arrow',
    files: { 'client/a.ts': `const f = () => {\n${lines(70)}}` },
  },
  {
    rule: 'function-length',
    what: 'a long method',
    files: { 'client/a.ts': `class A {\nf() {\n${lines(70)}}}` },
  },
  {
    rule: 'function-length',
    what: 'a long test',
    files: { 'test/a.test.ts': `it('a', () => {\n${lines(70)}})` },
  },
  {
    rule: 'header',
    what: 'a file that begins with code',
    files: { 'client/a.ts': 'const a = 1\n// too late to say what this is' },
  },
  { rule: 'header', what: 'a header that says nothing', files: { 'client/a.ts': '// utils\nconst a = 1' } },
  { rule: 'suppressions', what: 'as any', files: { 'client/a.ts': 'const a = b as any' } },
  { rule: 'suppressions', what: '<any>', files: { 'client/a.ts': 'const a = <any>b' } },
  { rule: 'suppressions', what: '@ts-ignore', files: { 'client/a.ts': '// @ts-ignore\nconst a = b' } },
  {
    rule: 'suppressions',
    what: '@ts-expect-error',
    files: { 'client/a.ts': '/* @ts-expect-error */\nconst a = b' },
  },
  { rule: 'explicit-exports', what: 'export *', files: { 'client/a.ts': `export * from './b.ts'` } },
]

const PASSED: readonly Case[] = [
  {
    rule: 'imports',
    what: 'protocol importing itself',
    files: { 'protocol/room/a.ts': `import '../wire/b.ts'` },
  },
  {
    rule: 'imports',
    what: 'an object importing the protocol',
    files: { 'durable-objects/a.ts': `import '../protocol/b.ts'` },
  },
  {
    rule: 'imports',
    what: 'the runtime',
    files: { 'durable-objects/a.ts': `import { DurableObject } from 'cloudflare:workers'` },
  },
  {
    rule: 'imports',
    what: 'the entry naming an object class',
    files: { 'workers/index.ts': `export { A } from '../durable-objects/a.ts'` },
  },
  {
    rule: 'imports',
    what: 'the dashboard drawing',
    files: { 'client/dashboard/network/a.ts': `import { zoom } from 'd3-zoom'` },
  },
  { rule: 'imports', what: 'a part of hono', files: { 'workers/a.ts': `import 'hono/cors'` } },
  {
    rule: 'imports',
    what: 'an import inside a string',
    files: { 'protocol/a.ts': `const a = "import 'hono'"` },
  },
  {
    rule: 'siblings',
    what: 'a machine using what is no machine',
    files: { 'protocol/room/machine.ts': `import '../wire/a.ts'`, 'protocol/wire/frames.ts': '' },
  },
  ...[
    '// Date.now() is an input here',
    'const a = "fetch"',
    'const a = room.fetch',
    'const a = { process: 1, console: 2 }',
    'interface Ports { crypto: Suite; fetch(): void }',
    'class A { process() {} }',
    'const a = Math.floor(1)',
    'type A = Date',
    'const sign = (crypto: Suite) => crypto.sign()',
    'class A { constructor({ performance }: Ports) { performance.now() } }',
    'function f() { const process = 1; return process }',
  ].map((code) => ({ rule: 'purity', what: code, files: { 'protocol/a.ts': code } })),
  {
    rule: 'purity',
    what: 'waiting for crypto',
    files: { 'protocol/crypto/a.ts': 'export const f = async () => await g()' },
  },
  { rule: 'purity', what: 'a host reading the clock', files: { 'client/a.ts': 'Date.now()' } },
  { rule: 'file-length', what: '400 lines', files: { 'client/a.ts': lines(400) } },
  {
    rule: 'function-length',
    what: 'a chapter of tests',
    files: { 'test/a.test.ts': `describe('a', () => {\n${lines(99)}})` },
  },
  {
    rule: 'header',
    what: 'a header after a shebang',
    files: { 'scripts/a.ts': '#!/usr/bin/env node\n// Says what this file holds.\n' },
  },
  {
    rule: 'header',
    what: 'a block comment',
    files: { 'scripts/a.ts': '/**\n * Says what this file holds.\n */\nlet a' },
  },
  {
    rule: 'suppressions',
    what: 'as unknown',
    files: { 'client/a.ts': `const a = b as unknown // not @ts-anything` },
  },
  {
    rule: 'explicit-exports',
    what: 'export by name',
    files: { 'client/a.ts': `export { a } from './b.ts'` },
  },
]

const brokenBy = (rule: string, files: Files): readonly Violation[] => RULES[rule]?.(parse(files)) ?? []

describe('each rule catches what it is there to catch', () => {
  it.each(CAUGHT)('$rule: $what', ({ rule, files }) => {
    expect(brokenBy(rule, files)).not.toEqual([])
  })

  it.each(PASSED)('$rule lets pass: $what', ({ rule, files }) => {
    expect(brokenBy(rule, files)).toEqual([])
  })

  it('no rule is without such a case', () => {
    const covered = (cases: readonly Case[]) => new Set(cases.map(({ rule }) => rule))
    expect([...covered(CAUGHT)].sort()).toEqual(Object.keys(RULES).sort())
    expect([...covered(PASSED)].sort()).toEqual(Object.keys(RULES).sort())
  })
})

describe('the repository', () => {
  const paths = trackedFiles().filter((path) => /\.ts$/.test(path))
  const sources = parse(Object.fromEntries(paths.map((path) => [path, read(path)])))
  const violations = Object.values(RULES).flatMap((rule) => rule(sources))

  it.each(Object.keys(RULES))('keeps the rule %s', (rule) => {
    const broken = violations.filter(({ key }) => key.startsWith(`${rule} `) && EXCEPTIONS[key] === undefined)
    expect(broken.map(({ message }) => message)).toEqual([])
  })

  it('has no exception that nothing needs, and none without a reason', () => {
    const needed = new Set(violations.map(({ key }) => key))
    for (const [key, reason] of Object.entries(EXCEPTIONS)) {
      expect(needed, `nothing breaks "${key}" any more`).toContain(key)
      expect(reason.length, `"${key}" has no reason`).toBeGreaterThan(20)
    }
  })
})
