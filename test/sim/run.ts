// `npm run sim -- --schedules 100000 [--seed N]`: as many schedules as one likes, from a seed on. A seed that fails is written
// to failing-seeds.json beside this, which every `npm test` plays again: commit it with what repairs it.

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { schedule } from './schedule.ts'

const FILE = new URL('failing-seeds.json', import.meta.url)
const PROGRESS_MS = 10_000

const { values } = parseArgs({ options: { schedules: { type: 'string' }, seed: { type: 'string' } } })
const count = whole('schedules', values.schedules ?? '1000')
const first = whole('seed', values.seed ?? `${Date.now() % 1_000_000_000}`)

function whole(name: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new RangeError(`--${name} is a whole number, not ${text}`)
  return Number(text)
}

function remember(seed: number): void {
  const known: number[] = JSON.parse(readFileSync(FILE, 'utf8'))
  if (known.includes(seed)) return
  writeFileSync(FILE, `[${[...known, seed].join(', ')}]\n`)
}

let failed = 0
let words = 0
let virtualMs = 0
const beganMs = performance.now()
let saidMs = beganMs

function say(done: number): void {
  const seconds = (performance.now() - beganMs) / 1_000
  const hours = (virtualMs / 3_600_000).toFixed(1)
  const each = ((1_000 * seconds) / Math.max(1, done)).toFixed(1)
  console.log(
    `${done} of ${count} schedules from seed ${first}: ${failed} failed, ${words} words in ${hours} h, ${each} ms each`,
  )
}

// Thrown where no promise of ours waits: it is of the schedule that runs now.
let stray: unknown
process.on('unhandledRejection', (error) => {
  stray = error
})

for (let i = 0; i < count; i++) {
  const seed = first + i
  try {
    const told = await schedule(seed)
    words += told.words
    virtualMs += told.virtualMs
    if (stray !== undefined) throw new Error(`seed ${seed}: ${stray}`)
  } catch (error) {
    failed++
    stray = undefined
    remember(seed)
    console.log(error instanceof Error ? error.message : error)
  }
  if (performance.now() - saidMs < PROGRESS_MS) continue
  saidMs = performance.now()
  say(i + 1)
}
say(count)
process.exitCode = failed === 0 ? 0 : 1
