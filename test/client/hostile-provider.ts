// A peer that says it provides content, and does as it likes with those who ask it for blocks. What it says is signed and
// true to the protocol; only its answers are its own.

import { vi } from 'vitest'
import type { Waypost, WaypostStream } from '../../client/index.ts'
import { Streams } from '../../client/streams.ts'
import { encodeBlockHead, WantReader } from '../../protocol/exchange/frames.ts'
import { client } from './clients.ts'

/** What it answers to a want, as bytes; nothing: it says nothing. */
export type Lie = (wants: number) => Uint8Array | undefined

export interface Liar {
  readonly waypost: Waypost
  /** Wants it was sent. */
  readonly asked: () => number
}

/** In the room, providing that CID. */
export async function liar(url: string, room: string, cid: string, lie: Lie): Promise<Liar> {
  let asked = 0
  const serves = async ({ readable, writable }: WaypostStream) => {
    const [wants, writer] = [new WantReader(), writable.getWriter()]
    for await (const bytes of readable) {
      const frames = wants.push(bytes)
      if (typeof frames === 'string') throw new Error(frames)
      for (const _ of frames) {
        const answer = lie(++asked)
        if (answer !== undefined) await writer.write(answer)
      }
    }
  }
  const waypost = await client(url)
  await waypost.join(room)
  const serve = Streams.prototype.serve
  // Its DHT is loaded by its first use, and asks for streams then: once, and of this client.
  const spy = vi.spyOn(Streams.prototype, 'serve').mockImplementationOnce(function (this: Streams, label) {
    serve.call(this, label, (stream) => void serves(stream).catch(() => {}))
  })
  await waypost.dht.provide(cid)
  spy.mockRestore()
  return { waypost, asked: () => asked }
}

/** A block of other bytes than those that were asked for. */
export function wrongBlock(length = 1_000): Uint8Array {
  return new Uint8Array([...encodeBlockHead(length), ...new Uint8Array(length).fill(7)])
}
