// npm run sim -- --schedules 100000 --seed 1: as many random schedules of streams over two links as one has patience for
// (test/protocol/streams/schedule.ts says what one is). Prints the seeds that fail, and ends with 1 when any did.

import { parseArgs } from 'node:util'
import { runSchedule } from '../protocol/streams/schedule.ts'

const { values } = parseArgs({
  options: { schedules: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
})
const count = Number(values.schedules)
const first = Number(values.seed)
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(first))
  throw new RangeError('--schedules and --seed must be whole numbers')

const REPORT_EVERY = 1_000
const failed: number[] = []
for (let seed = first; seed < first + count; seed++) {
  try {
    runSchedule(seed)
  } catch (error) {
    failed.push(seed)
    process.stdout.write(`seed ${seed}: ${error instanceof Error ? error.message : error}\n`)
  }
  const done = seed - first + 1
  if (done % REPORT_EVERY === 0) process.stdout.write(`${done} schedules, ${failed.length} failed\n`)
}
process.stdout.write(`${count} schedules from seed ${first}: ${failed.length} failed\n`)
process.exitCode = failed.length === 0 ? 0 : 1
