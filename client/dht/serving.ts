// Gives peers the blocks they ask for, of those that are kept here. A block that is kept is for whoever knows its hash. A reader
// who is slow is waited for, with one block in hand.

import type { DropReason } from '../../protocol/drops.ts'
import { type BlockName, encodeBlockHead, encodeMissing, WantReader } from '../../protocol/exchange/frames.ts'
import { SERVED_MAX, SERVED_OF_PEER_MAX } from '../../protocol/limits/content.ts'
import type { PeerId, WaypostStream } from '../types.ts'

interface Served {
  readonly peer: PeerId
  isIdle: boolean
}

export class Serving {
  readonly #find: (name: BlockName) => Promise<Uint8Array | undefined>
  readonly #dropped: (reason: DropReason) => void
  /** The one that was used longest ago first. */
  readonly #streams = new Map<WaypostStream, Served>()

  constructor(
    find: (name: BlockName) => Promise<Uint8Array | undefined>,
    dropped: (reason: DropReason) => void,
  ) {
    this.#find = find
    this.#dropped = dropped
  }

  take(stream: WaypostStream): void {
    const ofPeer = [...this.#streams.values()].filter(({ peer }) => peer === stream.peer).length
    if (ofPeer >= SERVED_OF_PEER_MAX || !this.#makesRoom()) {
      this.#dropped('rate-limited')
      return stream.reset()
    }
    const served = { peer: stream.peer, isIdle: true }
    this.#streams.set(stream, served)
    // Whatever ends it, the other end is told by the stream itself.
    void this.#serve(stream, served)
      .catch(() => stream.reset())
      .finally(() => this.#streams.delete(stream))
  }

  /** Who asks for nothing must not keep out who does. */
  #makesRoom(): boolean {
    if (this.#streams.size < SERVED_MAX) return true
    for (const [stream, { isIdle }] of this.#streams) {
      if (!isIdle) continue
      this.#streams.delete(stream)
      stream.reset()
      return true
    }
    return false
  }

  async #serve(stream: WaypostStream, served: Served): Promise<void> {
    const { readable, writable } = stream
    const [reader, writer] = [readable.getReader(), writable.getWriter()]
    writer.closed.catch(() => {}) // The next write says the same.
    const wants = new WantReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return writer.close()
      const frames = wants.push(value)
      if (typeof frames === 'string') {
        this.#dropped(frames)
        throw new TypeError(`a frame that is ${frames}`)
      }
      served.isIdle = false
      for (const name of frames) await this.#answer(writer, await this.#find(name))
      served.isIdle = true
      if (this.#streams.delete(stream)) this.#streams.set(stream, served)
    }
  }

  async #answer(
    writer: WritableStreamDefaultWriter<Uint8Array>,
    bytes: Uint8Array | undefined,
  ): Promise<void> {
    if (bytes === undefined) return writer.write(encodeMissing())
    writer.write(encodeBlockHead(bytes.length)).catch(() => {}) // The next one fails as well.
    await writer.write(bytes)
  }
}
