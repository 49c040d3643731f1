// Joins: from the upgrade request to the welcome and the roster (the bare object: to the open socket). A new room's
// first join makes the object; a live room's join is told to everyone who is there, which is part of its price.

import { abreast, type Benchmark, inTurns, row, sleep } from './benchmark.ts'
import { enter, type Member } from './crowd.ts'
import { cpuSeconds } from './process-cost.ts'
import { type Server, withServers } from './server.ts'

const ROOM_SIZE = 8
const ABREAST = 8
const ROOMS_PER_SECOND_OF_ROUND = 200
const SETTLE_MS = 300

let made = 0

/** New rooms with one member each, so many at a time; gives back who joined. */
async function open(server: Server, rooms: readonly string[]): Promise<Member[]> {
  return abreast(rooms, ABREAST, (room) => enter(server, room, 0))
}

async function fill(server: Server, rooms: readonly string[]): Promise<Member[]> {
  const joined = await abreast(rooms, ABREAST, async (room) => {
    const members: Member[] = []
    for (let slot = 1; slot < ROOM_SIZE; slot++) members.push(await enter(server, room, slot))
    return members
  })
  return joined.flat()
}

const names = (count: number) => Array.from({ length: count }, () => `join-${made++}`)

/** CPU seconds of the server for a million joins. */
async function measured(server: Server, work: () => Promise<Member[]>): Promise<number> {
  const before = cpuSeconds(server.pid)
  const joined = await work()
  await sleep(SETTLE_MS)
  const cost = ((cpuSeconds(server.pid) - before) / joined.length) * 1e6
  for (const member of joined) member.leave()
  return cost
}

async function intoNew(server: Server, count: number): Promise<number> {
  const cost = await measured(server, () => open(server, names(count)))
  await sleep(SETTLE_MS)
  return cost
}

async function intoLive(server: Server, count: number): Promise<number> {
  const rooms = names(Math.ceil(count / (ROOM_SIZE - 1)))
  const hosts = await open(server, rooms)
  const cost = await measured(server, () => fill(server, rooms))
  for (const host of hosts) host.leave()
  await sleep(SETTLE_MS)
  return cost
}

function join(
  name: string,
  goal: number,
  ours: (server: Server, count: number) => Promise<number>,
): Benchmark {
  return {
    name,
    run: ({ rounds, roundMs }) =>
      withServers(async (servers) => {
        const count = Math.ceil((ROOMS_PER_SECOND_OF_ROUND * roundMs) / 1_000)
        // What both do the first time (compiling, above all) is not the price of a join.
        for (const server of [servers.ours, servers.bare]) await intoLive(server, count)
        const figures = await inTurns(rounds, (side) =>
          side === 'ours' ? ours(servers.ours, count) : intoNew(servers.bare, count),
        )
        return [row(name, 'CPU-s/1M joins', figures, goal)]
      }),
  }
}

export const joinNewRoom = join('join/new-room', 1.2, intoNew)
/** Beside a bare join into a new room: what a member costs who comes to where others are. */
export const joinLiveRoom = join('join/live-room', 0.6, intoLive)
