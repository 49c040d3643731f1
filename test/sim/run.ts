// `npm run sim -- --schedules 100000 [--seed N]`: as many schedules as one likes, from a seed on, in turn in a town with one room
// and of two people in several. A seed that fails is written to failing-seeds.json beside this, which every `npm test` plays
// again: commit it with what repairs it.

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { roomsSchedule } from './rooms-schedule.ts'
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

type Kind = 'town' | 'rooms'

function remember(kind: Kind, seed: number): void {
  const known: Record<Kind, number[]> = JSON.parse(readFileSync(FILE, 'utf8'))
  if (known[kind].includes(seed)) return
  known[kind].push(seed)
  writeFileSync(FILE, `${JSON.stringify(known)}\n`)
}

let failed = 0
let words = 0
const beganMs = performance.now()
let saidMs = beganMs

function say(done: number): void {
  const seconds = (performance.now() - beganMs) / 1_000
  const each = ((1_000 * seconds) / Math.max(1, done)).toFixed(1)
  console.log(
    `${done} of ${count} schedules from seed ${first}: ${failed} failed, ${words} words, ${each} ms each`,
  )
}

// Thrown where no promise of ours waits: it is of the schedule that runs now.
let stray: unknown
process.on('unhandledRejection', (error) => {
  stray = error
})

for (let i = 0; i < count; i++) {
  const seed = first + i
  const kind = i % 2 === 0 ? 'town' : 'rooms'
  try {
    words += (await (kind === 'town' ? schedule(seed) : roomsSchedule(seed))).words
    if (stray !== undefined) throw new Error(`seed ${seed}: ${stray}`)
  } catch (error) {
    failed++
    stray = undefined
    remember(kind, seed)
    console.log(error instanceof Error ? error.message : error)
  }
  if (performance.now() - saidMs < PROGRESS_MS) continue
  saidMs = performance.now()
  say(i + 1)
}
say(count)
process.exitCode = failed === 0 ? 0 : 1
