// As much of Node as the files of identities need, as types, and where to get it. Asked of `process` and not imported: the
// bundler of a page that will never run in Node then has nothing to resolve.

import { WaypostError } from '../../protocol/errors.ts'

export interface FileHandle {
  writeFile(bytes: Uint8Array): Promise<void>
  read(into: Uint8Array, offset: number, length: number, at: number): Promise<{ readonly bytesRead: number }>
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    at: number,
  ): Promise<{ readonly bytesWritten: number }>
  stat(): Promise<{ readonly size: number }>
  truncate(length: number): Promise<void>
  sync(): Promise<void>
  /** As much of it as is needed to find again what was written. */
  datasync(): Promise<void>
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

interface Hashing {
  createHash(name: 'sha256'): { update(bytes: Uint8Array): { digest(): Uint8Array } }
}

export interface Node {
  readonly process: Process
  readonly files: Files
  readonly home: string
  sha256(bytes: Uint8Array): Uint8Array
}

/** The mode of every file: what is in them is the user's alone. */
export const USER_ONLY = 0o600
/** At the end of a file's name: one that is being written anew. */
export const UNFINISHED = '.unfinished'

/** Undefined where this is no Node, nor anything that takes itself for one. */
export function findNode(): Node | undefined {
  const { process } = globalThis as { process?: Process }
  if (typeof process?.versions?.node !== 'string') return undefined
  if (typeof process.getBuiltinModule !== 'function')
    throw new WaypostError('unsupported', 'identities are kept by Node 22 or newer')
  const files = process.getBuiltinModule('node:fs/promises') as Files
  const { homedir } = process.getBuiltinModule('node:os') as { homedir(): string }
  const { createHash } = process.getBuiltinModule('node:crypto') as Hashing
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
  return { process, files, home: homedir(), sha256 }
}

/** Of a failed call of the file system: ENOENT, EACCES and their like. */
export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code
}

/** So that the new name too outlives a power cut; some systems (Windows) have no such thing for a directory. */
export async function syncDirectory(files: Files, directory: string): Promise<void> {
  const handle = await files.open(directory, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

export function unlessMissing<Result>(reading: Promise<Result>): Promise<Result | undefined> {
  return reading.catch((problem: unknown) => {
    if (codeOf(problem) === 'ENOENT') return undefined
    throw problem
  })
}
