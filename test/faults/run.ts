// `npm run test:kills [-- --kills 200 --cuts 0 --seed 1]`: letters under way while the edge is killed, as often as one likes;
// with `--edges [--clients 200]`, one of two edges under so many clients; with `--people`, clients that send each other mail, and are killed themselves; with `--dht`, shards that split, and with `--records 1000000` as well, so many values kept in shards and fetched; with `--flood [--hostile 1500]`, people who use an edge while others flood it, who do so much a second. Apart from `npm test`, which does it a dozen
// times, since two hundred kills take some minutes.

import { parseArgs } from 'node:util'
import { keepMany } from './dht-fill.ts'
import { killShards } from './dht-kills.ts'
import { killEdges } from './edge-kills.ts'
import { floodAsAProgram } from './flood/program.ts'
import { killPeople } from './mail-kills.ts'
import { killAgainAndAgain } from './mailbox-kills.ts'

const number = (text: string) => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new RangeError(`not a whole number: ${text}`)
  return value
}
const { values } = parseArgs({
  options: {
    kills: { type: 'string' },
    cuts: { type: 'string', default: '0' },
    people: { type: 'boolean', default: false },
    dht: { type: 'boolean', default: false },
    edges: { type: 'boolean', default: false },
    clients: { type: 'string', default: '200' },
    records: { type: 'string' },
    flood: { type: 'boolean', default: false },
    hostile: { type: 'string', default: '1500' },
    seed: { type: 'string', default: '20261121' },
  },
})

const print = (line: string) => process.stdout.write(`${line}\n`)
const [kills, cutsPerKill, seed] = [
  number(values.kills ?? (values.edges ? '1' : '200')),
  number(values.cuts),
  number(values.seed),
]
const startedMs = performance.now()
async function run() {
  if (values.edges) return killEdges({ clients: number(values.clients), kills, print })
  if (values.flood) return floodAsAProgram(number(values.hostile), print)
  if (values.dht && values.records !== undefined) return keepMany({ records: number(values.records), print })
  if (values.dht) return killShards({ kills, seed, print })
  if (values.people) return killPeople({ kills, edgeShare: 0.25, cutShare: 0.5, seed, print })
  return killAgainAndAgain({ kills, cutsPerKill, seed, print })
}

const { faults, counts } = await run()
for (const [what, count] of Object.entries(counts)) print(`${what.padEnd(24)} ${count}`)
print(`${'seconds'.padEnd(24)} ${Math.round((performance.now() - startedMs) / 1_000)}`)
for (const fault of faults) print(`fault: ${fault}`)
process.exit(faults.length === 0 ? 0 : 1)
