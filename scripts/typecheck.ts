// Type-checks every area against the types that really exist where it runs. One compiler for each area, two at a time, and each with
// one checker: several of a compiler's own ask again what another has found out, which costs two cores a third more. The largest first.

import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './paths.ts'

const AREAS = [
  '.',
  'test/edge',
  'workers',
  'durable-objects',
  'client',
  'protocol',
  'test/support/malicious-edge',
  'test/support/dht-edge',
  'bench/bare',
]

const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

// The compiler takes an area without a single file for a mistake; while the tree grows it is not.
const hasSources = (area: string) => globSync(join(root, area, '**/*.ts')).length > 0

function check(area: string): Promise<boolean> {
  const child = spawn(
    process.execPath,
    [tsc, '-p', join(root, area), '--pretty', 'false', '--checkers', '1'],
    { cwd: root },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  return new Promise((resolve) => {
    child.on('close', (status) => {
      if (status !== 0) process.stdout.write(`${area}:\n${output}\n`)
      resolve(status === 0)
    })
  })
}

const queue = AREAS.filter((area) => area === '.' || (existsSync(join(root, area)) && hasSources(area)))
const failed: string[] = []
const next = async (): Promise<void> => {
  for (let area = queue.shift(); area !== undefined; area = queue.shift()) {
    if (!(await check(area))) failed.push(area)
  }
}
await Promise.all([next(), next()])
if (failed.length > 0) {
  process.stdout.write(`type errors in ${failed.join(', ')}\n`)
  process.exit(1)
}
