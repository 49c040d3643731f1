// The DHT: what a value of 1 KiB costs to get and to put, by requests and over home sockets; what a key costs that everybody
// reads, and how often its shard hears of it; and what saying of 1,024 keys at once that one has them costs. Beside the
// plainest object, for which each is one request and one row of SQLite.

import {
  abreast,
  type Benchmark,
  inTurns,
  median,
  type Row,
  row,
  SIDES,
  type Side,
  sleep,
} from './benchmark.ts'
import { type Act, type Entry, newEntries, openTable, type Table, type Way } from './dht-load.ts'
import { cpuSeconds } from './process-cost.ts'
import { type Server, withServers } from './server.ts'

const KEYS = 100_000
const KEYS_OF_A_LOOK = 5_000
/** Questions under way. */
const IN_FLIGHT = 64
const CLIENTS = 8
const TOGETHER = 16
const PROVIDED_KEYS = 1_024
/** So that all of it is done in six minutes; half a second of CPU is told to a fiftieth. */
const OPERATIONS_PER_SECOND_OF_ROUND = 1_000
const HOT_READS_PER_SECOND_OF_ROUND = 6_667
/** What the platform still does behind the last answer is part of the price. */
const SETTLE_MS = 200

/** Of one key in the hot load. */
type Work = 'get' | 'put' | 'hot'

interface Load {
  readonly work: Work
  readonly name: string
  readonly way: Way
  /** Questions of one message. */
  readonly together: number
  readonly goal: number | null
}

const LOADS: readonly Load[] = [
  { work: 'get', name: 'get/http', way: 'http', together: 1, goal: null },
  { work: 'get', name: 'get/socket', way: 'socket', together: 1, goal: 0.25 },
  { work: 'get', name: 'get/socket/batched-16', way: 'socket', together: TOGETHER, goal: null },
  { work: 'put', name: 'put/http', way: 'http', together: 1, goal: null },
  { work: 'put', name: 'put/socket', way: 'socket', together: 1, goal: null },
  { work: 'put', name: 'put/socket/batched-16', way: 'socket', together: TOGETHER, goal: null },
  { work: 'hot', name: 'hot/http', way: 'http', together: 1, goal: null },
  { work: 'hot', name: 'hot/socket', way: 'socket', together: 1, goal: 0.18 },
  { work: 'hot', name: 'hot/socket/batched-16', way: 'socket', together: TOGETHER, goal: null },
]

type Tables = Readonly<Record<Side, Table>>

const someOf = (entries: readonly Entry[], count: number) =>
  Array.from({ length: count }, () => entries[Math.floor(Math.random() * entries.length)] as Entry)

/** CPU seconds of the server for a million of what was done. */
async function perMillion(
  server: Server,
  operations: number,
  acts: readonly Act[],
  most: number,
): Promise<number> {
  const before = cpuSeconds(server.pid)
  await abreast(acts, most, (act) => act())
  await sleep(SETTLE_MS)
  return ((cpuSeconds(server.pid) - before) / operations) * 1e6
}

async function filled(servers: Readonly<Record<Side, Server>>, way: Way, entries: readonly Entry[]) {
  const tables: Tables = {
    ours: await openTable(servers.ours, way, CLIENTS),
    bare: await openTable(servers.bare, way, CLIENTS),
  }
  await Promise.all(SIDES.map((side) => abreast(tables[side].fill(entries), CLIENTS / 2, (act) => act())))
  return tables
}

function acts(table: Table, { work, together }: Load, entries: readonly Entry[], count: number): Act[] {
  if (work === 'put') return table.puts(newEntries(count), together)
  return table.gets(work === 'get' ? someOf(entries, count) : someOf(entries.slice(0, 1), count), together)
}

function loaded(load: Load): Benchmark {
  const { name, work, way, together, goal } = load
  return {
    name: `dht/${name}`,
    run: ({ rounds, roundMs }) =>
      withServers(async (servers) => {
        const isLook = rounds === 1
        const entries = newEntries(work === 'get' ? (isLook ? KEYS_OF_A_LOOK : KEYS) : TOGETHER)
        const tables = await filled(servers, way, entries)
        const reached: Record<Side, number[]> = { ours: [], bare: [] }
        const measure = async (side: Side): Promise<number> => {
          const before = await tables[side].reached()
          const count = countOf(load, side, roundMs)
          // The bare side is asked one thing at a time by each, and as many are under way.
          const most = side === 'ours' ? IN_FLIGHT / together : IN_FLIGHT
          const all = acts(tables[side], load, entries, count)
          const cost = await perMillion(servers[side], count, all, Math.max(most, CLIENTS))
          reached[side].push((await tables[side].reached()) - before)
          return cost
        }
        // What has run for hours has long been compiled.
        for (const side of SIDES) await measure(side)
        const rows = [row(`dht/${name}`, 'CPU-s/1M', await inTurns(rounds, measure), goal)]
        // Of as many reads as ours were: the bare side was asked less often.
        const [ours, bare] = SIDES.map((side) => countOf(load, side, roundMs)) as [number, number]
        const all = { ours: [sumOf(reached.ours)], bare: [(sumOf(reached.bare) * ours) / bare] }
        return work === 'hot' ? [...rows, row(`dht/${name}/reached`, 'reads at the object', all)] : rows
      }),
  }
}

/** In a round. Reads that cost next to nothing are many, or their cost could not be told. */
function countOf({ work }: Load, side: Side, roundMs: number): number {
  const isCheap = work === 'hot' && side === 'ours'
  const rate = isCheap ? HOT_READS_PER_SECOND_OF_ROUND : OPERATIONS_PER_SECOND_OF_ROUND
  return Math.ceil((rate * roundMs) / 1_000 / TOGETHER) * TOGETHER
}

const sumOf = (counts: readonly number[]) => counts.reduce((sum, each) => sum + each, 0)

/** By one request each, one after the other: the bare side gets a row for each key, unsigned. */
const provide: Benchmark = {
  name: 'dht/provide/1024',
  run: ({ rounds, roundMs }) =>
    withServers(async (servers): Promise<Row[]> => {
      const tables = await filled(servers, 'http', newEntries(TOGETHER))
      const calls = Math.ceil(roundMs / 300)
      const wallMs: Record<Side, number[]> = { ours: [], bare: [] }
      const measure = async (side: Side): Promise<number> => {
        const acts: Act[] = []
        for (let i = 0; i < calls; i++) {
          const keys = newEntries(PROVIDED_KEYS).map(({ key }) => key)
          acts.push(await tables[side].provides(keys))
        }
        const timed = acts.map((act) => async () => {
          const begunAtMs = performance.now()
          await act()
          wallMs[side].push(performance.now() - begunAtMs)
        })
        return (await perMillion(servers[side], calls, timed, 1)) / 1_000
      }
      for (const side of SIDES) await measure(side)
      const costs = await inTurns(rounds, measure)
      const wall = { ours: [median(wallMs.ours)], bare: [median(wallMs.bare)] }
      return [row('dht/provide/1024', 'CPU ms', costs), row('dht/provide/1024/wall', 'ms', wall)]
    }),
}

export const dht: readonly Benchmark[] = [...LOADS.map(loaded), provide]
