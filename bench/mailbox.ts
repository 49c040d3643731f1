// Mailboxes: what a letter costs to put, durably, and to fetch and acknowledge; beside the plainest object, for which a
// letter is one request and one insert of the same bytes.

import { abreast, type Benchmark, inTurns, type Row, row, type Side, sleep } from './benchmark.ts'
import { type LoadedMailbox, openMailbox, type Put } from './mail-load.ts'
import { cpuSeconds } from './process-cost.ts'
import { type Server, withServers } from './server.ts'

const IN_FLIGHT = 32
const SPREAD = 50
/** Sockets keep to what one sender may: 32 senders put 3,000 letters at once, which is what they may save up. */
const SENDERS = 32
const LETTERS_PER_SECOND_OF_ROUND = 1_000
/** What the platform still does behind the last answer is part of the price. */
const SETTLE_MS = 200

type Way = 'socket' | 'http'

interface Figures {
  readonly put: Record<Way, number>
  readonly drain: Record<Way, number>
}

/** CPU seconds of the server for a million letters. */
async function perMillion(server: Server, letters: number, work: () => Promise<unknown>): Promise<number> {
  const before = cpuSeconds(server.pid)
  await work()
  await sleep(SETTLE_MS)
  return ((cpuSeconds(server.pid) - before) / letters) * 1e6
}

const putAll = (puts: readonly Put[]) => abreast(puts, IN_FLIGHT, (put) => put())

/** One after another of each mailbox. */
function interleaved(lists: readonly (readonly Put[])[]): Put[] {
  const longest = Math.max(...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat()
}

async function round(server: Server, mailboxes: readonly LoadedMailbox[], letters: number): Promise<Figures> {
  const each = Math.ceil(letters / mailboxes.length)
  const all = each * mailboxes.length
  const figures: Figures = { put: { socket: 0, http: 0 }, drain: { socket: 0, http: 0 } }
  for (const way of ['socket', 'http'] as const) {
    const puts = interleaved(mailboxes.map((mailbox) => mailbox.puts(each, way)))
    figures.put[way] = await perMillion(server, all, () => putAll(puts))
    figures.drain[way] = await perMillion(server, all, async () => {
      for (const mailbox of mailboxes) await mailbox.drain(each, way)
    })
  }
  return figures
}

function rowsOf(name: string, goal: number, { ours, bare }: Readonly<Record<Side, Figures[]>>): Row[] {
  const beside = (what: string, work: 'put' | 'drain', way: Way, bareWay: Way, limit: number | null = null) =>
    row(
      `mailbox/${what}`,
      'CPU-s/1M letters',
      { ours: ours.map((each) => each[work][way]), bare: bare.map((each) => each[work][bareWay]) },
      limit,
    )
  return [
    beside(`put/${name}/socket`, 'put', 'socket', 'http', goal),
    beside(`put/${name}/http`, 'put', 'http', 'http'),
    beside(`put/${name}/socket-to-socket`, 'put', 'socket', 'socket'),
    beside(`take/${name}/socket`, 'drain', 'socket', 'http'),
    beside(`take/${name}/http`, 'drain', 'http', 'http'),
  ]
}

function mailbox(name: string, mailboxes: number, goal: number): Benchmark {
  const open = (server: Server) =>
    Promise.all(Array.from({ length: mailboxes }, () => openMailbox(server, Math.ceil(SENDERS / mailboxes))))
  return {
    name: `mailbox/put/${name}`,
    run: ({ rounds, roundMs }) =>
      withServers(async (servers) => {
        const letters = Math.ceil((LETTERS_PER_SECOND_OF_ROUND * roundMs) / 1_000)
        const opened = { ours: await open(servers.ours), bare: await open(servers.bare) }
        const measure = (side: Side) => round(servers[side], opened[side], letters)
        // What has run for hours has long been compiled.
        for (const side of ['ours', 'bare'] as const) await measure(side)
        return rowsOf(name, goal, await inTurns(rounds, measure))
      }),
  }
}

export const mailboxOne = mailbox('one', 1, 0.13)
export const mailboxSpread = mailbox('spread', SPREAD, 0.45)
