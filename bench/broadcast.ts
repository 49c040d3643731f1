// Broadcast: one room of 100, 200 bytes to all others. What counts is the delivery: the message in is a hundredth of it.

import { encode } from '../protocol/wire/codec.ts'
import {
  type Benchmark,
  type Effort,
  inTurns,
  QUICK,
  row,
  SIDES,
  type Side,
  sleep,
  together,
} from './benchmark.ts'
import { crowd, type Member } from './crowd.ts'
import { cpuSeconds } from './process-cost.ts'
import { type Server, withServers } from './server.ts'

const ROOM_SIZE = 100
const FRAME_BYTES = 200
const IDLE_RATE_PER_SECOND = 50
/** Under load, so many members speak, each as soon as all have heard what it said before. */
const SPEAKERS = 25
const WARM_UP_MS = 500
const SETTLE_MS = 300

class Audience {
  readonly #server: Server
  readonly #members: readonly Member[]
  readonly #missing = new Array<number>(ROOM_SIZE).fill(0)
  #heard = 0
  #again = false

  constructor(server: Server, members: readonly Member[]) {
    this.#server = server
    this.#members = members
    for (const member of members) member.onFrame = (frame) => this.#hear(frame)
  }

  /** Lone broadcasts, far enough apart that the room rests in between. */
  async idle({ roundMs }: Effort): Promise<number> {
    return this.#measured(async () => {
      const pauseMs = 1_000 / IDLE_RATE_PER_SECOND
      for (const end = performance.now() + roundMs; performance.now() < end; ) {
        this.#speak(Math.floor(Math.random() * ROOM_SIZE))
        await sleep(pauseMs)
      }
    })
  }

  async load({ roundMs }: Effort): Promise<number> {
    this.#again = true
    for (let speaker = 0; speaker < SPEAKERS; speaker++) this.#speak(speaker)
    await sleep(WARM_UP_MS)
    const cost = await this.#measured(() => sleep(roundMs))
    this.#again = false
    await sleep(SETTLE_MS)
    return cost
  }

  /** CPU seconds of the server for a million deliveries. */
  async #measured(work: () => Promise<void>): Promise<number> {
    this.#heard = 0
    const before = cpuSeconds(this.#server.pid)
    await work()
    return ((cpuSeconds(this.#server.pid) - before) / this.#heard) * 1e6
  }

  #speak(speaker: number): void {
    const payload = new Uint8Array(FRAME_BYTES - 5)
    new DataView(payload.buffer).setUint32(0, speaker)
    this.#missing[speaker] = ROOM_SIZE - 1
    this.#members[speaker]!.send(encode({ kind: 'broadcast', address: 0, payload }))
  }

  #hear(frame: Uint8Array): void {
    this.#heard++
    const speaker = new DataView(frame.buffer, frame.byteOffset).getUint32(5)
    if (--this.#missing[speaker]! === 0 && this.#again) this.#speak(speaker)
  }
}

function broadcast(name: string, goal: number, order: typeof inTurns, round: 'idle' | 'load'): Benchmark {
  return {
    name,
    run: (effort) =>
      withServers(async (servers) => {
        const gather = async (side: Side) =>
          new Audience(servers[side], (await crowd(servers[side], 1, ROOM_SIZE))[0]!)
        const audiences = { ours: await gather('ours'), bare: await gather('bare') }
        for (const side of SIDES) await audiences[side].load(QUICK)
        const figures = await order(effort.rounds, (side) => audiences[side][round](effort))
        return [row(name, 'CPU-s/1M deliveries', figures, goal)]
      }),
  }
}

export const broadcastIdle = broadcast('broadcast/idle', 1.05, together, 'idle')
export const broadcastLoad = broadcast('broadcast/load', 0.5, inTurns, 'load')
