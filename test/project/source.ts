// Reads TypeScript the way the compiler does: parses files into syntax trees and answers what the architecture rules
// ask. The compiler's own parser is used, over an in-memory file system, so rules never trip over a string or comment.
// Its JavaScript interface is still marked unstable; the compiler is pinned exactly, and only this file knows it.

import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast'
import * as is from 'typescript/unstable/ast/is'
import { forEachLeadingCommentRange, forEachTrailingCommentRange } from 'typescript/unstable/ast/scanner'
import { createVirtualFileSystem } from 'typescript/unstable/fs'
import { API } from 'typescript/unstable/sync'

export interface Source {
  /** Relative to the repository, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly tree: SourceFile
}

export interface Import {
  readonly specifier: string
  readonly line: number
}

export interface FunctionSpan {
  readonly name: string
  readonly line: number
  readonly lines: number
  /** What it is handed to as an argument, such as `describe` or `it`. */
  readonly callee?: string
}

const COMPILER_OPTIONS = {
  noLib: true,
  noResolve: true,
  types: [],
  noEmit: true,
  allowImportingTsExtensions: true,
}

// One compiler for all: starting it costs more than parsing the whole repository. It ends with the process.
const files = createVirtualFileSystem({})
const api = new API({ fs: files })
let programs = 0

/** Parses the given texts, by path, as one program of its own. */
export function parse(texts: Readonly<Record<string, string>>): readonly Source[] {
  const folder = `/source-${programs++}`
  const config = `${folder}/tsconfig.json`
  const paths = Object.keys(texts)
  files.writeFile?.(config, JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: paths }))
  for (const path of paths) files.writeFile?.(`${folder}/${path}`, texts[path] ?? '')
  using snapshot = api.updateSnapshot({ openProjects: [config] })
  const project = snapshot.getProject(config)
  return paths.map((path) => {
    const tree = project?.program.getSourceFile(`${folder}/${path}`)
    if (tree === undefined) throw new Error(`${path} was not parsed`)
    return { path, text: texts[path] ?? '', tree }
  })
}

export function walk(node: Node, visit: (node: Node, ancestors: readonly Node[]) => void): void {
  const ancestors: Node[] = []
  const enter = (at: Node): void => {
    visit(at, ancestors)
    ancestors.push(at)
    at.forEachChild((child) => enter(child))
    ancestors.pop()
  }
  enter(node)
}

/** The line a node begins on, not counting the comments in front of it. */
export function lineOf(source: Source, node: Node): number {
  return lineAt(source, node.getStart(source.tree))
}

function lineAt(source: Source, position: number): number {
  return source.text.slice(0, position).split('\n').length
}

/** Everything a file names as a module: imports, re-exports, `import()` and `import('x').Type`. */
export function importsOf(source: Source): readonly Import[] {
  const found: Import[] = []
  const add = (node: Node, specifier: Node | undefined): void => {
    if (specifier !== undefined && is.isStringLiteral(specifier)) {
      found.push({ specifier: specifier.text, line: lineOf(source, node) })
    }
  }
  walk(source.tree, (node) => {
    if (is.isImportDeclaration(node) || is.isExportDeclaration(node)) add(node, node.moduleSpecifier)
    else if (is.isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0])
    } else if (is.isImportTypeNode(node) && is.isLiteralTypeNode(node.argument))
      add(node, node.argument.literal)
  })
  return found
}

export interface Comment {
  readonly text: string
  readonly line: number
}

/** The comments of a file. They stand between the tokens, so what a string or template holds is never taken for one. */
export function commentsOf(source: Source): readonly Comment[] {
  const found = new Map<number, Comment>()
  const add = (position: number, end: number): void => {
    found.set(position, { text: source.text.slice(position, end), line: lineAt(source, position) })
  }
  walk(source.tree, (node) => {
    forEachLeadingCommentRange(source.text, node.pos, add)
    forEachTrailingCommentRange(source.text, node.end, add)
  })
  return [...found.values()]
}

const FUNCTIONS = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
])

export function functionsOf(source: Source): readonly FunctionSpan[] {
  const found: FunctionSpan[] = []
  walk(source.tree, (node, ancestors) => {
    if (!FUNCTIONS.has(node.kind)) return
    const line = lineOf(source, node)
    const parent = ancestors.at(-1)
    const callee =
      parent !== undefined && is.isCallExpression(parent) ? rootName(parent.expression) : undefined
    const name = nameOf(node) ?? nameOf(parent) ?? callee ?? 'anonymous'
    const lines = lineAt(source, node.end) - line + 1
    found.push(callee === undefined ? { name, line, lines } : { name, line, lines, callee })
  })
  return found
}

/** `describe` for `describe(…)`, `describe.each(…)(…)` and their like. */
function rootName(node: Node): string | undefined {
  if (is.isIdentifier(node)) return node.text
  if (is.isPropertyAccessExpression(node) || is.isCallExpression(node)) return rootName(node.expression)
  return undefined
}

function nameOf(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if (node.kind === SyntaxKind.Constructor) return 'constructor'
  const name = 'name' in node ? (node.name as Node | undefined) : undefined
  return name !== undefined && 'text' in name ? String(name.text) : undefined
}

/** Whether an identifier is a reference to a value, rather than the name of a property, a key or a declaration. */
export function isValueReference(node: Node, parent: Node | undefined): boolean {
  if (!is.isIdentifier(node) || parent === undefined) return false
  if (is.isPropertyAccessExpression(parent)) return parent.expression === node
  if (is.isQualifiedName(parent) || is.isTypeReferenceNode(parent)) return false
  if (is.isPropertyAssignment(parent)) return parent.initializer === node
  if (is.isShorthandPropertyAssignment(parent)) return true
  if (is.isImportSpecifier(parent) || is.isExportSpecifier(parent)) return false
  return !('name' in parent && parent.name === node)
}

/** Whether a name means something nearer than the global of that name: a parameter, a variable, an import. */
export function isDeclaredAround(name: string, ancestors: readonly Node[]): boolean {
  return ancestors.some((scope) => {
    let declared = false
    const look = (node: Node): void => {
      if (nameOf(node) === name && BINDINGS.has(node.kind)) declared = true
      else if (!FUNCTIONS.has(node.kind) && node.kind !== SyntaxKind.Block)
        node.forEachChild((child) => look(child))
    }
    scope.forEachChild((child) => look(child))
    return declared
  })
}

const BINDINGS = new Set([
  SyntaxKind.Parameter,
  SyntaxKind.BindingElement,
  SyntaxKind.VariableDeclaration,
  SyntaxKind.ImportSpecifier,
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.ClassDeclaration,
])
