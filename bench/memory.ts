// What an idle socket holds: members join rooms and fall silent, the objects hibernate, and what the server's memory
// grew by is shared among them. A server grows only once, so each round has new ones.

import { type Benchmark, row, SIDES, type Side, sleep } from './benchmark.ts'
import { crowd } from './crowd.ts'
import { residentKilobytes } from './process-cost.ts'
import { type Server, withServers } from './server.ts'

const ROOMS = 20
const ROOM_SIZE = 100
/** workerd lets an object sleep after ten idle seconds. */
const ASLEEP_MS = 13_000
const ROUNDS_MAX = 3

async function grow(server: Server): Promise<() => number> {
  // The Worker and one object are loaded by then: what follows is sockets and their rooms.
  await crowd(server, 1, 1, { named: 'warm-up' })
  const before = residentKilobytes(server.pid)
  await crowd(server, ROOMS, ROOM_SIZE, { greeted: true })
  return () => (residentKilobytes(server.pid) - before) / (ROOMS * ROOM_SIZE)
}

export const idleMemory: Benchmark = {
  name: 'idle/memory',
  run: async ({ rounds }) => {
    const figures: Record<Side, number[]> = { ours: [], bare: [] }
    for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round++) {
      await withServers(async (servers) => {
        const grown = { ours: await grow(servers.ours), bare: await grow(servers.bare) }
        await sleep(ASLEEP_MS)
        for (const side of SIDES) figures[side].push(grown[side]())
      })
    }
    return [row('idle/memory', 'KB a socket', figures, 1.2)]
  },
}
