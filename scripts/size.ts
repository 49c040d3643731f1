// Prints what a page pays for importing the client, and fails when it is more than we promise.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { measure } from './bundle.ts'
import { root } from './paths.ts'

// 20 kB gzipped are one initial TCP window plus one round trip on a phone (10 segments of 1.4 kB, doubled once): the
// core is there before the first STUN answer could be. Lattice code (32 KB) can never fit and is loaded when needed.
export const CORE_GZIP_BYTES_MAX = 20_000

const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`

/** Measures the core bundle; returns the problem if it is over budget. */
export async function checkSize(): Promise<string | undefined> {
  const entry = join(root, 'client', 'index.ts')
  if (!existsSync(entry)) return undefined
  const { minifiedBytes, gzippedBytes, lazy } = await measure(entry)
  const line = `core ${kilobytes(minifiedBytes)} minified, ${kilobytes(gzippedBytes)} gzipped`
  process.stdout.write(`${line} (budget ${kilobytes(CORE_GZIP_BYTES_MAX)})\n`)
  for (const part of lazy)
    process.stdout.write(`loaded when needed: ${part.name}, ${kilobytes(part.gzippedBytes)} gzipped\n`)
  if (gzippedBytes <= CORE_GZIP_BYTES_MAX) return undefined
  return `the core bundle is ${gzippedBytes - CORE_GZIP_BYTES_MAX} bytes over its budget`
}

if (import.meta.main) {
  const problem = await checkSize()
  if (problem !== undefined) {
    process.stdout.write(`${problem}\n`)
    process.exit(1)
  }
}
