// As much of Node as the files of identities need, as types, and where to get it. Asked of `process` and not imported: the
// bundler of a page that will never run in Node then has nothing to resolve.

import { WaypostError } from '../../protocol/errors.ts'

export interface FileHandle {
  writeFile(bytes: Uint8Array): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

export interface Files {
  mkdir(path: string, options: { recursive: true; mode: number }): Promise<unknown>
  open(path: string, flags: string, mode?: number): Promise<FileHandle>
  readFile(path: string): Promise<Uint8Array>
  readFile(path: string, encoding: 'utf8'): Promise<string>
  readdir(path: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options: { recursive?: boolean; force: true }): Promise<void>
}

interface Process {
  readonly pid: number
  readonly versions?: { readonly node?: string }
  kill(pid: number, signal: 0): boolean
  getBuiltinModule?(name: string): unknown
}

export interface Node {
  readonly process: Process
  readonly files: Files
  readonly home: string
}

/** Undefined where this is no Node, nor anything that takes itself for one. */
export function findNode(): Node | undefined {
  const { process } = globalThis as { process?: Process }
  if (typeof process?.versions?.node !== 'string') return undefined
  if (typeof process.getBuiltinModule !== 'function')
    throw new WaypostError('unsupported', 'identities are kept by Node 22 or newer')
  const files = process.getBuiltinModule('node:fs/promises') as Files
  const { homedir } = process.getBuiltinModule('node:os') as { homedir(): string }
  return { process, files, home: homedir() }
}

/** Of a failed call of the file system: ENOENT, EACCES and their like. */
export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code
}
