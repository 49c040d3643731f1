// The edge as a node of the simulation: rooms by name, each the room machine unchanged in its in-memory host.

import { DEFAULT_ROOM_CONFIG, type RoomConfig } from '../../protocol/room/config.ts'
import type { JoinFrame } from '../../protocol/wire/frames.ts'
import { KEEP_ALIVE_PING, KEEP_ALIVE_PONG } from '../../protocol/wire/registry.ts'
import { Line, type LineEnd, type Network } from './network.ts'
import { RoomHost, type RoomSocketPort } from './room-host.ts'

export const EDGE = 'edge'

export class EdgeNode {
  readonly network: Network
  readonly #config: RoomConfig
  readonly #rooms = new Map<string, RoomHost>()
  readonly #lines = new Map<RoomSocketPort, Line>()
  #up = true

  constructor(network: Network, config: Partial<RoomConfig> = {}) {
    this.network = network
    this.#config = { ...DEFAULT_ROOM_CONFIG, ...config }
  }

  room(name: string): RoomHost {
    const known = this.#rooms.get(name) ?? new RoomHost(this.#config)
    this.#rooms.set(name, known)
    return known
  }

  /** An upgrade request: two round trips later (TCP, TLS) it is here, if it can be. */
  connect(from: string, room: string, join: JoinFrame): { line: Line; end: LineEnd } {
    const { world } = this.network
    const line = new Line(this.network, from, EDGE)
    const arrivesMs = 5 * this.network.delayMs(from, EDGE)
    world.after(arrivesMs, () => {
      // Whoever died meanwhile never finished its side of it.
      if (line.silent) return
      if (this.#up && this.network.reaches(from, EDGE)) this.#accept(line, room, join)
      else line.breaks()
    })
    return { line, end: line.a }
  }

  /** Every object loses its memory between two events: nobody may notice. */
  evicts(): void {
    for (const room of this.#rooms.values()) room.evict()
  }

  /** Every process dies; the edge is back after that time, and knows nobody. */
  restarts(downMs: number): void {
    this.#up = false
    for (const room of this.#rooms.values()) {
      for (const socket of room.crash()) {
        this.#lines.get(socket)?.breaks()
        this.#lines.delete(socket)
      }
    }
    this.network.world.after(downMs, () => {
      this.#up = true
    })
  }

  #accept(line: Line, name: string, join: JoinFrame): void {
    const { world } = this.network
    const room = this.room(name)
    const end = line.b
    const socket: RoomSocketPort = {
      send: (message) => end.send(message),
      close: (code, reason) => end.close(code, reason),
    }
    this.#lines.set(socket, line)
    end.events = {
      message: (data) => {
        if (data === KEEP_ALIVE_PING) {
          room.ping(socket, world.nowMs)
          end.send(KEEP_ALIVE_PONG)
        } else if (typeof data === 'string') room.text(socket, data, world.nowMs)
        else room.message(socket, data, world.nowMs)
      },
      closed: (_code, _reason, clean) => {
        this.#lines.delete(socket)
        room.gone(socket, clean, world.nowMs)
      },
    }
    room.connect(socket, join, world.nowMs)
  }
}
