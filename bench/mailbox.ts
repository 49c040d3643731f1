// Mailboxes: what a letter costs to put, durably, and to fetch and acknowledge; beside the plainest object, for which a
// letter is one request and one insert of the same bytes.

import { abreast, type Benchmark, inTurns, type Row, row, SIDES, type Side, sleep } from './benchmark.ts'
import {
  envelope,
  type LoadedMailbox,
  MESSAGE_LETTERS,
  openMailbox,
  type Put,
  type Way,
} from './mail-load.ts'
import { cpuSeconds } from './process-cost.ts'
import { hasRedis, Redis } from './redis.ts'
import { type Server, serve, withServers } from './server.ts'

/** Letters under way. */
const IN_FLIGHT = 32
const SPREAD = 50
const LETTERS_PER_SECOND_OF_ROUND = 1_000
/** What the platform still does behind the last answer is part of the price. */
const SETTLE_MS = 200

/** A load, and what it is to reach: how many mailboxes, and how many senders' sockets to each. */
interface Load {
  readonly name: string
  readonly mailboxes: number
  readonly senders: number
  readonly way: Way
  /** The plainest object is asked by a request for each letter, unless it is to be seen what the socket alone saves. */
  readonly bareWay: 'http' | 'socket'
  readonly goal: number | null
}

const one: Load = { name: 'one', mailboxes: 1, senders: 1, way: 'socket', bareWay: 'http', goal: 0.13 }
const spread: Load = { ...one, name: 'spread', mailboxes: SPREAD, goal: 0.45 }
const LOADS: readonly Load[] = [
  one,
  { ...one, name: 'one/to-socket', bareWay: 'socket', goal: null },
  { ...one, name: 'one/batched-8', way: 'batched', goal: null },
  { ...one, name: 'one/32-senders', senders: IN_FLIGHT, goal: null },
  { ...one, name: 'one/http', senders: 0, way: 'http', goal: null },
  spread,
  { ...spread, name: 'spread/to-socket', bareWay: 'socket', goal: null },
]

interface Figures {
  readonly put: number
  readonly take: number
}

/** CPU seconds of the server for a million letters. */
async function perMillion(
  server: { readonly pid: number },
  letters: number,
  work: () => Promise<unknown>,
): Promise<number> {
  const before = cpuSeconds(server.pid)
  await work()
  await sleep(SETTLE_MS)
  return ((cpuSeconds(server.pid) - before) / letters) * 1e6
}

/** One after another of each mailbox. */
function interleaved(lists: readonly (readonly Put[])[]): Put[] {
  const [first = []] = lists
  return first.flatMap((_, i) => lists.map((list) => list[i]!))
}

async function round(
  server: Server,
  mailboxes: readonly LoadedMailbox[],
  letters: number,
  way: Way,
): Promise<Figures> {
  // Whole messages to each.
  const each = Math.ceil(letters / mailboxes.length / MESSAGE_LETTERS) * MESSAGE_LETTERS
  const all = each * mailboxes.length
  const puts = interleaved(mailboxes.map((mailbox) => mailbox.puts(each, way)))
  const abreastMost = way === 'batched' ? IN_FLIGHT / MESSAGE_LETTERS : IN_FLIGHT
  const put = await perMillion(server, all, () => abreast(puts, abreastMost, (each) => each()))
  const take = await perMillion(server, all, async () => {
    for (const mailbox of mailboxes) await mailbox.drain(each, way)
  })
  return { put, take }
}

function rowsOf({ name, goal }: Load, { ours, bare }: Readonly<Record<Side, Figures[]>>): Row[] {
  const of = (pick: (figures: Figures) => number) => ({ ours: ours.map(pick), bare: bare.map(pick) })
  const unit = 'CPU-s/1M letters'
  return [
    row(
      `mailbox/put/${name}`,
      unit,
      of(({ put }) => put),
      goal,
    ),
    row(
      `mailbox/take/${name}`,
      unit,
      of(({ take }) => take),
    ),
  ]
}

function mailbox(load: Load): Benchmark {
  const open = (server: Server) =>
    Promise.all(Array.from({ length: load.mailboxes }, () => openMailbox(server, load.senders)))
  return {
    name: `mailbox/${load.name}`,
    run: ({ rounds, roundMs }) =>
      withServers(async (servers) => {
        const letters = Math.ceil((LETTERS_PER_SECOND_OF_ROUND * roundMs) / 1_000)
        const opened = { ours: await open(servers.ours), bare: await open(servers.bare) }
        const ways = { ours: load.way, bare: load.bareWay }
        const measure = (side: Side) => round(servers[side], opened[side], letters, ways[side])
        // What has run for hours has long been compiled.
        for (const side of SIDES) await measure(side)
        return rowsOf(load, await inTurns(rounds, measure))
      }),
  }
}

/** In the place of the bare object: what 32 connections put, one letter each at a time. */
const besideRedis: Benchmark = {
  name: 'mailbox/beside-redis',
  async run({ rounds, roundMs }) {
    if (!hasRedis()) {
      process.stderr.write('mailbox/beside-redis: there is no redis-server here, so it is left out\n')
      return []
    }
    const server = await serve('ours')
    const redis = await Redis.start(IN_FLIGHT)
    try {
      const letters = Math.ceil((LETTERS_PER_SECOND_OF_ROUND * roundMs) / 1_000)
      const ours = [await openMailbox(server, one.senders)]
      const measure = async (side: Side): Promise<number> => {
        if (side === 'ours') return (await round(server, ours, letters, one.way)).put
        const puts = redis.puts(Array.from({ length: letters }, envelope))
        const cost = await perMillion(redis, letters, () => abreast(puts, IN_FLIGHT, (put) => put()))
        await redis.empty()
        return cost
      }
      for (const side of SIDES) await measure(side)
      return [row('mailbox/put/beside-redis', 'CPU-s/1M letters', await inTurns(rounds, measure))]
    } finally {
      redis.stop()
      await server.stop()
    }
  },
}

export const mailboxes: readonly Benchmark[] = [...LOADS.map(mailbox), besideRedis]
