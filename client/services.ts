// Service messages of the links: brought to the room they are for.

import type { DropReason } from '../protocol/drops.ts'
import type { JoinedRoom } from './joined-room.ts'
import type { PeerId } from './types.ts'

export class Services {
  readonly #rooms: ReadonlyMap<string, JoinedRoom>
  readonly #roomOf: (bytes: Uint8Array) => string | undefined
  readonly #dropped: (reason: DropReason) => void
  /** One after another: which room a message is for takes a moment to say, and their order counts. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(
    rooms: ReadonlyMap<string, JoinedRoom>,
    roomOf: (bytes: Uint8Array) => string | undefined,
    dropped: (reason: DropReason) => void,
  ) {
    this.#rooms = rooms
    this.#roomOf = roomOf
    this.#dropped = dropped
  }

  /** `consumed` is called when the link may let in as much again. */
  hear(from: PeerId, bytes: Uint8Array, consumed: () => void): void {
    this.#turn = this.#turn.then(async () => {
      const tag = this.#roomOf(bytes)
      for (const room of this.#rooms.values()) {
        if ((await room.tag()) !== tag) continue
        void room.heardService(from, bytes).then(consumed)
        return
      }
      this.#dropped('wrong-room') // Of a room we have left, perhaps.
      consumed()
    })
  }
}
