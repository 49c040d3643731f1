// `npm run sim -- --mesh 10000 [--seed 1] [--scenarios churn,lies]`: the mesh with so many peers, and what becomes of lookups
// (README.md). `npm run sim -- --balance 100000 [--seed 1]`: so many clients and two dozen relays. `npm run sim -- --schedules 100000 [--seed N] [--of town,rooms,streams]`: as many schedules as one likes, from a seed on, of
// each kind in turn. A seed that fails is written to failing-seeds.json beside this, which every `npm test` plays again: commit
// it with what repairs it.

import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { balanceReport } from './balance/report.ts'
import { FAILING_SEEDS, KINDS, type Kind, playSchedule } from './kinds.ts'
import { meshReport } from './mesh/report.ts'

const PROGRESS_MS = 10_000

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000_000}` },
    of: { type: 'string', default: KINDS.join() },
    mesh: { type: 'string' },
    balance: { type: 'string' },
    scenarios: { type: 'string' },
  },
})
const count = whole('schedules', values.schedules)
const first = whole('seed', values.seed)
const kinds = values.of.split(',').map(kindOf)

function whole(name: string, text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new RangeError(`--${name} is a whole number, not ${text}`)
  return Number(text)
}

function kindOf(name: string): Kind {
  const kind = KINDS.find((known) => known === name)
  if (kind === undefined) throw new RangeError(`--of is some of ${KINDS.join()}, not ${name}`)
  return kind
}

function remember(kind: Kind, seed: number): void {
  const known: Record<Kind, number[]> = JSON.parse(readFileSync(FAILING_SEEDS, 'utf8'))
  if (known[kind].includes(seed)) return
  known[kind].push(seed)
  writeFileSync(FAILING_SEEDS, `${JSON.stringify(known)}\n`)
}

let failed = 0
const beganMs = performance.now()
let saidMs = beganMs

function say(done: number): void {
  const each = ((performance.now() - beganMs) / Math.max(1, done)).toFixed(1)
  console.log(`${done} of ${count} schedules from seed ${first}: ${failed} failed, ${each} ms each`)
}

// Thrown where no promise of ours waits: it is of the schedule that runs now.
let stray: unknown
process.on('unhandledRejection', (error) => {
  stray = error
})

async function schedules(): Promise<void> {
  for (let i = 0; i < count; i++) {
    const seed = first + i
    const kind = kinds[i % kinds.length] as Kind
    try {
      await playSchedule(kind, seed)
      if (stray !== undefined) throw stray
    } catch (error) {
      failed++
      stray = undefined
      remember(kind, seed)
      console.log(`${kind}, seed ${seed}: ${error instanceof Error ? error.message : error}`)
    }
    if (performance.now() - saidMs < PROGRESS_MS) continue
    saidMs = performance.now()
    say(i + 1)
  }
  say(count)
  process.exitCode = failed === 0 ? 0 : 1
}

if (values.balance !== undefined) balanceReport(whole('balance', values.balance), whole('seed', values.seed))
else if (values.mesh === undefined) await schedules()
else meshReport(whole('mesh', values.mesh), whole('seed', values.seed), values.scenarios?.split(','))
