// Fifty thousand hostile frames, always the same ones, against a room in which honest members talk; or many more of them, with
// `npm run test:fuzz`. Hostile members may be refused and thrown out; the honest ones' words arrive complete, in order and
// undisturbed.

import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it, vi } from 'vitest'
import type { SignalingRoom } from '../../durable-objects/signaling-room.ts'
import type { DropReason } from '../../protocol/drops.ts'
import { READ_REPORT_BYTES } from '../../protocol/limits/room.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import { Random } from '../sim/random.ts'
import { Hostile } from './hostile.ts'
import { deployedWith, roomObject, UNLIMITED } from './rooms.ts'
import { newPeer, RoomSocket } from './socket.ts'

const SEED = 'waypost 2026-11'
const ATTACKERS = 4
const ROUND = 500
/** How many times as many as `npm test` sends. */
const TIMES = Number((env as unknown as { FUZZ_TIMES?: string }).FUZZ_TIMES ?? 1)
/** For each time. */
const TIMEOUT_MS = 180_000

/** An honest member: it reads what it is sent, says so as clients do, and keeps what honest members told it. */
class Honest {
  readonly socket: RoomSocket
  readonly said: Uint8Array[] = []
  #reported = 0

  constructor(socket: RoomSocket) {
    this.socket = socket
  }

  /** Takes what has come; nothing is kept of what hostile members sent. */
  reads(from: number): void {
    const { frames, bytesRead } = this.socket
    for (const frame of frames)
      if ((frame.kind === 'relay' || frame.kind === 'broadcast') && frame.address === from)
        this.said.push(frame.payload)
    frames.length = 0
    if (bytesRead - this.#reported < READ_REPORT_BYTES) return
    this.socket.send({ kind: 'drained', bytes: bytesRead - this.#reported })
    this.#reported = bytesRead
  }
}

/** `comesBack`: how often, of a hundred rounds, an attacker joins anew though nobody threw it out. */
async function attack(
  room: string,
  messages: number,
  comesBack: number,
  afterRound: () => void = () => {},
): Promise<Attack> {
  const rounds = messages / (ATTACKERS * ROUND)
  const random = new Random(`${SEED} ${room}`)
  const watch = await watched(room)
  const sockets: RoomSocket[] = []
  for (let i = 0; i < 3; i++) {
    const socket = await RoomSocket.join(room, newPeer())
    await socket.welcomed()
    sockets.push(socket)
  }
  const [alice, bob, carol] = sockets.map((socket) => new Honest(socket)) as [Honest, Honest, Honest]
  const from = alice.socket.view.address!
  const attackers = Array.from({ length: ATTACKERS }, (_, i) => new Hostile(room, random.fork(i)))
  for (const attacker of attackers) for (const { view } of sockets) attacker.targets.push(view.address!)
  for (let round = 0; round < rounds; round++) {
    const attacks = attackers.map((attacker) => attacker.attacks(ROUND, comesBack / 100))
    alice.socket.send({ kind: 'relay', address: bob.socket.view.address!, payload: utf8(`to bob ${round}`) })
    alice.socket.send({ kind: 'broadcast', address: 0, payload: utf8(`to all ${round}`) })
    await Promise.all(attacks)
    for (const { socket } of [alice, bob, carol]) {
      socket.sendBytes('ping')
      await socket.settled()
    }
    for (const honest of [alice, bob, carol]) honest.reads(from)
    afterRound()
  }
  const numbers = Array.from({ length: rounds }, (_, round) => round)
  expect(bob.said).toEqual(numbers.flatMap((n) => [utf8(`to bob ${n}`), utf8(`to all ${n}`)]))
  expect(carol.said).toEqual(numbers.map((n) => utf8(`to all ${n}`)))
  for (const socket of sockets) expect(socket.closed).toBeUndefined()
  expect(watch.thrown).toEqual([])
  return { attackers, handled: watch.handled, drops: await dropsOf(room) }
}

interface Attack {
  readonly attackers: readonly Hostile[]
  readonly handled: number
  readonly drops: Partial<Record<DropReason, number>>
}

interface Watch {
  readonly thrown: unknown[]
  handled: number
}

/** What the object throws while it handles messages. The platform only logs it; here it is a failure. */
async function watched(room: string): Promise<Watch> {
  const watch: Watch = { thrown: [], handled: 0 }
  await runInDurableObject(roomObject(room), (object) => {
    const handlers = object as unknown as Record<string, (...args: unknown[]) => unknown>
    for (const name of ['webSocketMessage', 'webSocketClose', 'webSocketError', 'fetch']) {
      const handle = handlers[name]!.bind(object)
      handlers[name] = (...args) => {
        watch.handled++
        try {
          return handle(...args)
        } catch (error) {
          watch.thrown.push(error)
          throw error
        }
      }
    }
  })
  return watch
}

/** The room's own count, since it was made: had its object died in between, it would begin anew. */
function dropsOf(room: string): Promise<Attack['drops']> {
  return runInDurableObject(roomObject(room), (object) => (object as SignalingRoom).probe().drops)
}

it(
  'a room without limits to speak of bears everything that bytes can be',
  async () => {
    await deployedWith(UNLIMITED, async () => {
      const { attackers, handled, drops } = await attack('unlimited', 20_000 * TIMES, 10)
      // But for what those send who are put on the blacklist for it on their way.
      expect(handled).toBeGreaterThan(15_000 * TIMES)
      expect(attackers.reduce((sum, { frames }) => sum + frames, 0)).toBeGreaterThan(50_000 * TIMES)
      for (const reason of ['malformed', 'unexpected', 'too-large', 'no-such-member'] as const)
        expect(drops[reason]).toBeGreaterThan(100)
    })
  },
  TIMEOUT_MS * TIMES,
)

/** What passes for time in the room between two rounds, so that it does not matter how fast the machine is: a few tokens. */
const ROUND_MS = 100

it(
  'a room with limits throws the hostile out, again and again',
  async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const { attackers, drops } = await attack('strict', 10_000 * TIMES, 0, () =>
        vi.setSystemTime(Date.now() + ROUND_MS),
      )
      expect(drops['rate-limited']).toBeGreaterThan(1_000)
      for (const { closed } of attackers) expect(closed).toBeGreaterThan(0)
    } finally {
      vi.useRealTimers()
    }
  },
  TIMEOUT_MS * TIMES,
)
