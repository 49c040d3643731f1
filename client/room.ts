// A room, as applications see it.

import { BROADCAST_BYTES_MAX } from '../protocol/crypto/broadcast/padding.ts'
import { WaypostError } from '../protocol/errors.ts'
import { METADATA_BYTES_MAX } from '../protocol/limits/room.ts'
import { type Data, encodeData } from '../protocol/wire/data.ts'
import type { Events } from './events.ts'
import type { RoomHost } from './room-host.ts'
import type { CloseReason, Peer, PeerId, RoomEvents, RoomState } from './types.ts'

/** What a room needs of the Waypost it belongs to. */
export interface RoomParts {
  readonly name: string
  readonly host: RoomHost
  readonly broadcast: (payload: Uint8Array) => void
  readonly peers: ReadonlyMap<PeerId, Peer>
  readonly events: Events<RoomEvents>
  readonly state: () => RoomState
  readonly closeReason: () => CloseReason | undefined
  readonly leave: () => void
}

export const ROOM_EVENTS = ['join', 'leave', 'update', 'message', 'state'] as const

export class Room {
  readonly name: string
  /** Everybody else who is here now. Live. */
  readonly peers: ReadonlyMap<PeerId, Peer>
  readonly #parts: RoomParts

  /** Rooms come from `waypost.join()`. */
  constructor(parts: RoomParts) {
    this.name = parts.name
    this.peers = parts.peers
    this.#parts = parts
  }

  get state(): RoomState {
    return this.#parts.state()
  }

  /** Why it is closed; undefined while it is not. */
  get closeReason(): CloseReason | undefined {
    return this.#parts.closeReason()
  }

  /** Gives back a function that stops listening. */
  on<Name extends keyof RoomEvents>(name: Name, handler: (event: RoomEvents[Name]) => unknown): () => void {
    return this.#parts.events.on(name, handler)
  }

  /**
   * To everybody who is here, at most once each, and readable by nobody else: not by the edge, nor by who comes later or
   * has left. While the room reconnects, broadcasts wait. Throws a WaypostError:
   * `too-large`, `queue-full`, or `closed`.
   */
  broadcast(data: Data): void {
    this.#refuseClosed()
    const payload = encodeData(data)
    if (payload.length > BROADCAST_BYTES_MAX) {
      throw new WaypostError('too-large', `a broadcast holds at most ${BROADCAST_BYTES_MAX - 1} bytes`)
    }
    this.#parts.broadcast(payload)
  }

  /** Says something else of ourselves to everybody: at most 1 KiB. */
  setMetadata(metadata: Data): void {
    this.#refuseClosed()
    this.#parts.host.give({ kind: 'describe', metadata: encodeMetadata(metadata) })
  }

  /** Leaves. The others see it at once. */
  close(): void {
    this.#parts.leave()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #refuseClosed(): void {
    if (this.state === 'closed') throw new WaypostError('closed', `the room '${this.name}' is closed`)
  }
}

export function encodeMetadata(metadata: Data | undefined): Uint8Array {
  if (metadata === undefined) return new Uint8Array()
  const bytes = encodeData(metadata)
  if (bytes.length > METADATA_BYTES_MAX) {
    throw new WaypostError('too-large', `metadata holds at most ${METADATA_BYTES_MAX - 1} bytes`)
  }
  return bytes
}
