// Targeted relay: 200 clients in rooms of 8, frames of 1.2 KB from one member to another through the room. Low load
// shows what a lone frame costs, saturation what gathering saves, batches what a client that gathers saves.

import { messagesOf } from '../protocol/wire/batch.ts'
import { encode } from '../protocol/wire/codec.ts'
import { PAYLOAD_AT } from '../protocol/wire/registry.ts'
import {
  type Benchmark,
  type Effort,
  inTurns,
  QUICK,
  quantile,
  type Row,
  row,
  SIDES,
  type Side,
  sleep,
  together,
} from './benchmark.ts'
import { crowd, type Member } from './crowd.ts'
import { cpuSeconds } from './process-cost.ts'
import { type Server, withServers } from './server.ts'
import type { Prepared } from './socket.ts'

const ROOMS = 25
const ROOM_SIZE = 8
const FRAME_BYTES = 1_200
/** In the payload, behind the time of sending. */
const SENDER_AT = 8
const LOW_RATE_PER_SECOND = 2_000
/** Frames each member has under way in the closed loop: what one link's window or a burst of candidates is. */
const IN_FLIGHT = 16
const BATCH_FRAMES = 16
/** Batching members have four messages under way. */
const BATCHED_IN_FLIGHT = 64
const WARM_UP_MS = 500
/** What is still under way when a round ends has arrived after this. */
const SETTLE_MS = 300

interface Figures {
  readonly cpuPerMillion: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const clock = new Float64Array(1)
const clockBytes = new Uint8Array(clock.buffer)

/** One member's message to another. Made once, since making it costs more than sending it; only its time changes. */
class RelayMessage {
  readonly #from: Member
  readonly #wire: Prepared
  readonly #timesAt: number[] = []

  constructor(from: Member, to: Member, sender: number, frames: number) {
    const payload = new Uint8Array(FRAME_BYTES - PAYLOAD_AT)
    new DataView(payload.buffer).setUint32(SENDER_AT, sender)
    const frame = encode({ kind: 'relay', address: to.address, payload })
    const [message] = messagesOf(new Array<Uint8Array>(frames).fill(frame))
    this.#from = from
    this.#wire = from.prepared(message!)
    for (let end = message!.length; end >= FRAME_BYTES; end -= FRAME_BYTES + 2) {
      this.#timesAt.push(end - FRAME_BYTES + PAYLOAD_AT)
    }
  }

  send(): void {
    clock[0] = performance.now()
    for (const at of this.#timesAt) this.#wire.patch(at, clockBytes)
    this.#from.sendPrepared(this.#wire)
  }
}

/** The members of a server, and what they have heard since it was last asked. */
class Traffic {
  readonly server: Server
  readonly rooms: readonly (readonly Member[])[]
  heard = 0
  latenciesMs: number[] = []
  readonly #messages = new Map<string, RelayMessage>()
  #running = false
  /** Called with the index of the sender when a frame of its arrived. */
  #arrived: (sender: number) => void = () => {}

  constructor(server: Server, rooms: readonly (readonly Member[])[]) {
    this.server = server
    this.rooms = rooms
    for (const member of rooms.flat()) member.onFrame = (frame) => this.#hear(frame)
  }

  /** Frames at random moments of the given rate, each from anyone to anyone. */
  async open(ratePerSecond: number, ms: number): Promise<void> {
    const end = performance.now() + ms
    let next = performance.now()
    while (performance.now() < end) {
      for (; next <= performance.now(); next += (-Math.log(1 - Math.random()) * 1_000) / ratePerSecond) {
        this.#send(Math.floor(Math.random() * ROOMS * ROOM_SIZE), 1)
      }
      await sleep(0)
    }
  }

  /** Each member sends its next message when one of its has arrived. */
  begin(framesInMessage: number, inFlight: number): void {
    const missing = new Array<number>(ROOMS * ROOM_SIZE).fill(framesInMessage)
    this.#running = true
    this.#arrived = (sender) => {
      missing[sender]!--
      if (missing[sender]! > 0 || !this.#running) return
      missing[sender]! += framesInMessage
      this.#send(sender, framesInMessage)
    }
    for (let sender = 0; sender < ROOMS * ROOM_SIZE; sender++) {
      for (let sent = 0; sent < inFlight; sent += framesInMessage) this.#send(sender, framesInMessage)
    }
  }

  async end(): Promise<void> {
    this.#running = false
    await sleep(SETTLE_MS)
    this.#arrived = () => {}
  }

  /** What the server spends on the frames heard while the work goes on. */
  async measured(work: () => Promise<void>): Promise<Figures> {
    this.heard = 0
    this.latenciesMs = []
    const before = cpuSeconds(this.server.pid)
    await work()
    const spent = cpuSeconds(this.server.pid) - before
    return {
      cpuPerMillion: (spent / this.heard) * 1e6,
      p50Ms: quantile(this.latenciesMs, 0.5),
      p99Ms: quantile(this.latenciesMs, 0.99),
    }
  }

  #send(sender: number, frames: number): void {
    const room = this.rooms[Math.floor(sender / ROOM_SIZE)]!
    const from = sender % ROOM_SIZE
    const to = (from + 1 + Math.floor(Math.random() * (ROOM_SIZE - 1))) % ROOM_SIZE
    const key = `${sender}>${to}:${frames}`
    let message = this.#messages.get(key)
    if (message === undefined) {
      message = new RelayMessage(room[from]!, room[to]!, sender, frames)
      this.#messages.set(key, message)
    }
    message.send()
  }

  #hear(frame: Uint8Array): void {
    const view = new DataView(frame.buffer, frame.byteOffset + PAYLOAD_AT)
    this.heard++
    this.latenciesMs.push(performance.now() - view.getFloat64(0, true))
    this.#arrived(view.getUint32(SENDER_AT))
  }
}

type Round = (traffic: Traffic, effort: Effort) => Promise<Figures>

async function lowLoad(traffic: Traffic, { roundMs }: Effort): Promise<Figures> {
  await traffic.open(LOW_RATE_PER_SECOND, WARM_UP_MS)
  const figures = await traffic.measured(() => traffic.open(LOW_RATE_PER_SECOND, roundMs))
  await sleep(SETTLE_MS)
  return figures
}

function closedLoop(framesInMessage: number, inFlight: number): Round {
  return async (traffic, { roundMs }) => {
    traffic.begin(framesInMessage, inFlight)
    await sleep(WARM_UP_MS)
    const figures = await traffic.measured(() => sleep(roundMs))
    await traffic.end()
    return figures
  }
}

function relay(
  name: string,
  goal: number,
  order: typeof inTurns,
  rounds: Readonly<Record<Side, Round>>,
): Benchmark {
  return {
    name,
    run: (effort) =>
      withServers(async (servers) => {
        const traffic = {
          ours: new Traffic(servers.ours, await crowd(servers.ours, ROOMS, ROOM_SIZE)),
          bare: new Traffic(servers.bare, await crowd(servers.bare, ROOMS, ROOM_SIZE)),
        }
        // Rooms that have been busy before: what runs for hours has long been compiled.
        for (const side of SIDES) await unbatched(traffic[side], QUICK)
        const figures = await order(effort.rounds, (side) => rounds[side](traffic[side], effort))
        return rowsOf(name, goal, figures)
      }),
  }
}

function rowsOf(name: string, goal: number, figures: Readonly<Record<Side, Figures[]>>): Row[] {
  const of = (pick: (figures: Figures) => number) => ({
    ours: figures.ours.map(pick),
    bare: figures.bare.map(pick),
  })
  return [
    row(
      name,
      'CPU-s/1M messages',
      of(({ cpuPerMillion }) => cpuPerMillion),
      goal,
    ),
    row(
      `${name}/p50`,
      'ms',
      of(({ p50Ms }) => p50Ms),
    ),
    row(
      `${name}/p99`,
      'ms',
      of(({ p99Ms }) => p99Ms),
    ),
  ]
}

const unbatched = closedLoop(1, IN_FLIGHT)

export const relayLowLoad = relay('relay/low-load', 1.15, together, { ours: lowLoad, bare: lowLoad })
export const relaySaturation = relay('relay/saturation', 0.6, inTurns, { ours: unbatched, bare: unbatched })
/** The bare object relays the same frames one by one: it is what a client that does not gather would cost there. */
export const relayBatched = relay('relay/batched-16', 0.35, inTurns, {
  ours: closedLoop(BATCH_FRAMES, BATCHED_IN_FLIGHT),
  bare: closedLoop(1, BATCHED_IN_FLIGHT),
})
