// The architecture as rules: each takes the parsed files and returns what breaks it. Pure, so that each is itself tested
// with code that must be caught (architecture.test.ts). Why the rules are what they are: CONTRIBUTING.md.

import { posix } from 'node:path'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import * as is from 'typescript/unstable/ast/is'
import {
  commentsOf,
  functionsOf,
  importsOf,
  isDeclaredAround,
  isValueReference,
  lineOf,
  type Source,
  walk,
} from './source.ts'

export interface Violation {
  /** What an exception names: `rule path`, or `rule path#name` where a rule looks at parts of a file. */
  readonly key: string
  readonly message: string
}

export type Rule = (sources: readonly Source[]) => readonly Violation[]

export const FILE_LINES_MAX = 400 // what one can hold in mind; longer files had two subjects every time
export const FUNCTION_LINES_MAX = 70 // fits a screen, so a decision is seen whole

const areaOf = (path: string) => path.split('/')[0] ?? ''
const violation = (rule: string, path: string, line: number, problem: string): Violation => ({
  key: `${rule} ${path}`,
  message: `${path}:${line}: ${problem}`,
})

interface Reach {
  /** Other areas of the repository that may be imported. */
  readonly areas: readonly string[]
  /** Packages that may be imported; a name ending in ":" allows a whole scheme. */
  readonly packages: readonly string[]
}

// Who may import whom. A type-only import counts like any other: it is a dependency in the reader's mind.
const REACH: Readonly<Record<string, Reach>> = {
  protocol: { areas: [], packages: [] },
  'durable-objects': { areas: ['protocol'], packages: ['cloudflare:', 'drizzle-orm'] },
  // Of IPFS: how it writes addresses of content, and what its names are signed with.
  // What bodies are described with is started only for who asks for the description.
  workers: { areas: ['protocol'], packages: ['cloudflare:', 'hono', 'multiformats', 'ipns', 'zod'] },
  // Content: its addresses, and the trees it lies in, as IPFS has them.
  client: { areas: ['protocol'], packages: ['multiformats', '@ipld/dag-pb', 'ipfs-unixfs'] },
}

// An application beside the SDK, bundled with what draws its charts and its graph; what is published has none of it.
const DASHBOARD = 'client/dashboard/'
const DASHBOARD_PACKAGES = ['d3-force', 'd3-polygon', 'd3-selection', 'd3-zoom', 'uplot']

// The one place where the edge's two halves meet: wrangler wants the object classes exported by the entry file.
const WORKER_ENTRY = 'workers/index.ts'

function isAllowedPackage(specifier: string, packages: readonly string[]): boolean {
  return packages.some((name) =>
    name.endsWith(':') ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`),
  )
}

/** The repository path a relative specifier leads to, or undefined for a package. */
function targetOf(source: Source, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(source.path), specifier) : undefined
}

export const imports: Rule = (sources) =>
  sources.flatMap((source) => {
    const area = areaOf(source.path)
    const reach = REACH[area]
    if (reach === undefined) return []
    return importsOf(source).flatMap(({ specifier, line }) => {
      const target = targetOf(source, specifier)
      if (target === undefined) {
        if (isAllowedPackage(specifier, reach.packages)) return []
        if (source.path.startsWith(DASHBOARD) && isAllowedPackage(specifier, DASHBOARD_PACKAGES)) return []
        return [violation('imports', source.path, line, `${area}/ may not import the package "${specifier}"`)]
      }
      const targetArea = areaOf(target)
      if (targetArea === area || reach.areas.includes(targetArea)) return []
      if (source.path === WORKER_ENTRY && targetArea === 'durable-objects') return []
      return [violation('imports', source.path, line, `${area}/ may not import ${target}`)]
    })
  })

/** A machine never imports a sibling machine: hosts compose them. */
export const siblings: Rule = (sources) => {
  const folderOf = (path: string) => /^protocol\/([^/]+)\//.exec(path)?.[1]
  const machines = new Set(
    sources
      .filter(({ path }) => /^protocol\/[^/]+\/machine\.ts$/.test(path))
      .map(({ path }) => folderOf(path)),
  )
  return sources.flatMap((source) => {
    const own = folderOf(source.path)
    if (own === undefined || !machines.has(own)) return []
    return importsOf(source).flatMap(({ specifier, line }) => {
      const target = targetOf(source, specifier)
      const other = target === undefined ? undefined : folderOf(target)
      if (other === undefined || other === own || !machines.has(other)) return []
      return [violation('siblings', source.path, line, `the machine ${own} imports its sibling ${other}`)]
    })
  })
}

// Time, chance, the network and slow work enter a machine as inputs and ports only.
const FORBIDDEN_GLOBALS = new Set([
  'Date',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'fetch',
  'WebSocket',
  'crypto',
  'performance',
  'process',
  'console',
  'globalThis',
])

// Its work is asynchronous in every runtime; machines reach it as a port, through effects.
const MAY_AWAIT = 'protocol/crypto/'

function forbiddenIn(node: Node, ancestors: readonly Node[], mayAwait: boolean): string | undefined {
  if (
    is.isIdentifier(node) &&
    FORBIDDEN_GLOBALS.has(node.text) &&
    isValueReference(node, ancestors.at(-1)) &&
    !isDeclaredAround(node.text, ancestors)
  ) {
    return node.text
  }
  if (
    is.isPropertyAccessExpression(node) &&
    is.isIdentifier(node.expression) &&
    node.expression.text === 'Math' &&
    'text' in node.name &&
    node.name.text === 'random'
  ) {
    return 'Math.random'
  }
  if (mayAwait) return undefined
  if (node.kind === SyntaxKind.AwaitExpression || node.kind === SyntaxKind.AwaitKeyword) return 'await'
  return node.kind === SyntaxKind.AsyncKeyword ? 'async' : undefined
}

export const purity: Rule = (sources) =>
  sources
    .filter(({ path }) => areaOf(path) === 'protocol')
    .flatMap((source) => {
      const found: Violation[] = []
      walk(source.tree, (node, ancestors) => {
        const name = forbiddenIn(node, ancestors, source.path.startsWith(MAY_AWAIT))
        if (name === undefined) return
        found.push(violation('purity', source.path, lineOf(source, node), `protocol/ may not use ${name}`))
      })
      return found
    })

export const fileLength: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length
    if (lines <= FILE_LINES_MAX) return []
    return [violation('file-length', path, 1, `${lines} lines, more than ${FILE_LINES_MAX}`)]
  })

export const functionLength: Rule = (sources) =>
  sources.flatMap((source) =>
    functionsOf(source)
      // What describe() is given is a chapter, not a function: its tests are measured one by one.
      .filter(({ lines, callee }) => lines > FUNCTION_LINES_MAX && callee !== 'describe')
      .map(({ name, line, lines }) => ({
        key: `function-length ${source.path}#${name}`,
        message: `${source.path}:${line}: ${name} has ${lines} lines, more than ${FUNCTION_LINES_MAX}`,
      })),
  )

/** Every file says what it holds, and why, before anything else. */
export const header: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    const body = text.replace(/^#!.*\n/, '')
    const comment = /^(\/\/[^\n]*\n)+|^\/\*[\s\S]*?\*\//.exec(body)?.[0] ?? ''
    const words = comment.match(/\p{L}{2,}/gu)?.length ?? 0
    return words >= 4
      ? []
      : [violation('header', path, 1, 'does not begin with a comment saying what it holds')]
  })

const SUPPRESSIONS = /^\W*(?:@ts-(?:ignore|nocheck|expect-error)|biome-ignore-all)/m

/** Nothing is silenced: no `any` by assertion, no compiler switched off. */
export const suppressions: Rule = (sources) =>
  sources.flatMap((source) => {
    const found: Violation[] = []
    walk(source.tree, (node) => {
      const asserted = is.isAsExpression(node) || is.isTypeAssertion(node) ? node.type : undefined
      if (asserted?.kind !== SyntaxKind.AnyKeyword) return
      found.push(violation('suppressions', source.path, lineOf(source, node), 'asserts "any"'))
    })
    for (const { text, line } of commentsOf(source)) {
      const silenced = SUPPRESSIONS.exec(text)?.[0]
      if (silenced !== undefined) found.push(violation('suppressions', source.path, line, `uses ${silenced}`))
    }
    return found
  })

/** What a module offers can be read in the module: nothing is exported wholesale. */
export const explicitExports: Rule = (sources) =>
  sources.flatMap((source) =>
    source.tree.statements
      .filter((node) => is.isExportDeclaration(node) && node.exportClause === undefined)
      .map((node) =>
        violation('explicit-exports', source.path, lineOf(source, node), 'exports with a wildcard'),
      ),
  )

export const RULES: Readonly<Record<string, Rule>> = {
  imports,
  siblings,
  purity,
  'file-length': fileLength,
  'function-length': functionLength,
  header,
  suppressions,
  'explicit-exports': explicitExports,
}
