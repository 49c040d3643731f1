// Conversations as lists of steps, for tests that hold one against another: the same words, in rooms treated differently.

import { addressOf } from '../../protocol/wire/address.ts'
import { encode } from '../../protocol/wire/codec.ts'
import type { Frame } from '../../protocol/wire/frames.ts'
import { allSettled, RoomSocket } from './socket.ts'

export type Step =
  | { readonly does: 'join'; readonly who: number; readonly says: number }
  | { readonly does: 'resume'; readonly who: number; readonly says: number }
  | { readonly does: 'close'; readonly who: number; readonly code: number | undefined }
  | { readonly does: 'send'; readonly who: number; readonly frames: readonly FrameStep[] }
  | { readonly does: 'bytes'; readonly who: number; readonly bytes: readonly number[] }
  | { readonly does: 'text'; readonly who: number }

export type FrameStep =
  | { readonly says: 'relay' | 'signal'; readonly to: number; readonly bytes: number }
  | { readonly says: 'broadcast' | 'metadata'; readonly bytes: number }
  | { readonly says: 'sweep' | 'drained' }

export const PEOPLE = 4

/** Peers and sessions are numbered, so that two runs of a conversation are the same to the byte. */
function peerOf(who: number): Uint8Array {
  return new Uint8Array(32).fill(who + 1)
}
function sessionOf(who: number, count: number): Uint8Array {
  return new Uint8Array(8).fill(count).fill(who + 1, 1)
}

export class Conversation {
  readonly room: string
  /** Everything that each socket there ever was has been told, and how it ended. */
  readonly sockets: RoomSocket[] = []
  readonly #present: (RoomSocket | undefined)[] = Array(PEOPLE).fill(undefined)
  readonly #sessions: number[] = Array(PEOPLE).fill(0)
  readonly #addresses: number[] = Array.from({ length: PEOPLE }, (_, i) => addressOf(i, sessionOf(i, 1)))

  constructor(room: string) {
    this.room = room
  }

  /** Takes the step and waits until all of it has happened and everybody was told. False: there was nobody to take it. */
  async take(step: Step): Promise<boolean> {
    if (step.does === 'join' || step.does === 'resume')
      await this.#join(step.who, step.does === 'join', step.says)
    else {
      const socket = this.#present[step.who]
      if (socket === undefined) return false
      await this.#says(socket, step)
    }
    // First whoever did something, then all others: what it caused has then reached each of them.
    await this.#present[step.who]?.settled()
    await allSettled(this.#present.filter((member) => member !== undefined))
    return true
  }

  observed(): { readonly heard: string[]; readonly texts: string[]; readonly closed: unknown }[] {
    return this.sockets.map((socket) => ({
      heard: socket.heard(),
      texts: socket.texts,
      closed: socket.closed,
    }))
  }

  async #join(who: number, afresh: boolean, says: number): Promise<void> {
    if (afresh || this.#sessions[who] === 0) this.#sessions[who] = this.#sessions[who]! + 1
    const session = sessionOf(who, this.#sessions[who]!)
    const before = this.#present[who]
    const socket = await RoomSocket.join(this.room, peerOf(who), {
      session,
      metadata: new Uint8Array(says).fill(says),
    })
    this.sockets.push(socket)
    this.#present[who] = socket
    this.#addresses[who] = (await socket.welcomed()).address
    await before?.closing()
  }

  async #says(socket: RoomSocket, step: Exclude<Step, { does: 'join' | 'resume' }>): Promise<void> {
    switch (step.does) {
      case 'bytes':
        return socket.sendBytes(Uint8Array.from(step.bytes))
      case 'text':
        return socket.sendBytes('not a ping')
      case 'close':
        socket.close(step.code)
        await socket.closing()
        this.#present[step.who] = undefined
        return
      case 'send': {
        const [first, ...more] = step.frames.map((frame) => this.#frameOf(frame))
        if (first === undefined) return
        socket.send(more.length === 0 ? first : { kind: 'batch', frames: [first, ...more].map(encode) })
      }
    }
  }

  #frameOf(step: FrameStep): Frame {
    switch (step.says) {
      case 'relay':
      case 'signal':
        return {
          kind: step.says,
          address: this.#addresses[step.to]!,
          payload: new Uint8Array(step.bytes).fill(step.to),
        }
      case 'broadcast':
        return { kind: 'broadcast', address: 0, payload: new Uint8Array(step.bytes).fill(7) }
      case 'metadata':
        return { kind: 'metadata', address: 0, metadata: new Uint8Array(step.bytes).fill(step.bytes) }
      case 'sweep':
        return { kind: 'sweep' }
      case 'drained':
        return { kind: 'drained', bytes: 1_000 }
    }
  }
}
