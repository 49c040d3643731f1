// npm run bench: every benchmark, ours beside the bare platform. A table for people, or with --json one array for
// programs; --only picks by name or its beginning, --quick looks whether it runs rather than how fast.

import { parseArgs } from 'node:util'
import { balance } from './balance.ts'
import { type Benchmark, FULL, QUICK, type Row } from './benchmark.ts'
import { broadcastIdle, broadcastLoad } from './broadcast.ts'
import { browserTimes } from './browser.ts'
import { dht } from './dht.ts'
import { handshake } from './handshake.ts'
import { joinLiveRoom, joinNewRoom } from './join.ts'
import { mailboxes } from './mailbox.ts'
import { idleMemory } from './memory.ts'
import { besidePeerjs } from './peerjs.ts'
import { relayBatched, relayLowLoad, relaySaturation } from './relay.ts'
import { streams } from './stream.ts'

const BENCHMARKS: readonly Benchmark[] = [
  relayLowLoad,
  relaySaturation,
  relayBatched,
  broadcastIdle,
  broadcastLoad,
  joinNewRoom,
  joinLiveRoom,
  idleMemory,
  ...mailboxes,
  ...dht,
  browserTimes,
  besidePeerjs,
  streams,
  handshake,
  balance,
]

const { values: options } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
})

const wanted = BENCHMARKS.filter(({ name }) => name.startsWith(options.only ?? ''))
if (wanted.length === 0) {
  process.stderr.write(
    `no benchmark "${options.only}"; there are ${BENCHMARKS.map(({ name }) => name).join(', ')}\n`,
  )
  process.exit(2)
}

const rows: Row[] = []
for (const benchmark of wanted) {
  const begunAtMs = performance.now()
  rows.push(...(await benchmark.run(options.quick ? QUICK : FULL)))
  process.stderr.write(`${benchmark.name}: ${((performance.now() - begunAtMs) / 1_000).toFixed(0)} s\n`)
}
process.stdout.write(options.json ? `${JSON.stringify(rows)}\n` : table(rows))
// What a generator leaves behind (sockets of servers that are gone) shall not hold the process.
process.exit(0)

function table(rows: readonly Row[]): string {
  const head = ['benchmark', 'unit', 'ours', 'bare', 'ratio', 'goal', '']
  const lines = rows.map(({ name, unit, ours, bare, ratio, goal, met }) => [
    name,
    unit,
    ours.toPrecision(3),
    bare.toPrecision(3),
    ratio.toFixed(2),
    goal === null ? '' : `≤ ${goal}`,
    met === null ? '' : met ? 'met' : 'MISSED',
  ])
  const all = [head, ...lines]
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]!.length)))
  return all
    .map(
      (line) =>
        `${line
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
