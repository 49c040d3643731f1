// Giving blocks to whoever asks: within bounds of each peer and of all, the idle before the busy, and nothing for bad frames.

import { describe, expect, it } from 'vitest'
import { Serving } from '../../client/dht/serving.ts'
import type { PeerId, WaypostStream } from '../../client/index.ts'
import { SHA2_256 } from '../../protocol/dht/contract.ts'
import { AnswerReader, type BlockAnswer, encodeWant } from '../../protocol/exchange/frames.ts'
import { SERVED_MAX, SERVED_OF_PEER_MAX } from '../../protocol/limits/content.ts'

const digest = (n: number) => new Uint8Array(32).fill(n)
const want = (n: number) => encodeWant({ code: SHA2_256, digest: digest(n) })

/** Both ends of a stream, over the platform's own. */
function pair(peer: string) {
  const [there, back] = [
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(undefined, { highWaterMark: 100 }),
    new TransformStream<Uint8Array, Uint8Array>(),
  ]
  const end = { resets: 0, writer: there.writable.getWriter(), reader: back.readable.getReader() }
  const stream: WaypostStream = {
    peer: peer as PeerId,
    label: 'waypost/blocks',
    readable: there.readable,
    writable: back.writable,
    reset: () => {
      end.resets++
      // As a stream does: both halves fail.
      end.writer.abort('reset').catch(() => {})
    },
  }
  return { stream, end }
}

function serving(find: (first: number) => Promise<Uint8Array | undefined>) {
  const drops: string[] = []
  const all = new Serving(
    ({ digest: [first] }) => find(first as number),
    (reason) => drops.push(reason),
  )
  return { drops, all }
}

type End = ReturnType<typeof pair>['end']

async function answers({ reader }: End, count: number): Promise<readonly BlockAnswer[]> {
  const [frames, from] = [[] as BlockAnswer[], new AnswerReader()]
  while (frames.length < count) {
    const { value } = await reader.read()
    const read = from.push(value as Uint8Array)
    if (typeof read === 'string') throw new Error(read)
    frames.push(...read)
  }
  return frames
}

describe('serving', () => {
  it('answers in the order of the questions, and says what is not there', async () => {
    const { drops, all } = serving(async (n) => (n === 2 ? undefined : new Uint8Array(n)))
    const { stream, end } = pair('a')
    all.take(stream)
    for (const n of [1, 2, 3]) void end.writer.write(want(n))
    expect(await answers(end, 3)).toEqual([
      { kind: 'block', bytes: new Uint8Array(1) },
      { kind: 'missing' },
      { kind: 'block', bytes: new Uint8Array(3) },
    ])
    await end.writer.close()
    expect((await end.reader.read()).done).toBe(true)
    expect(drops).toEqual([])
  })

  it('ends with who sends what is no want', async () => {
    const { drops, all } = serving(async () => undefined)
    const { stream, end } = pair('a')
    all.take(stream)
    void end.writer.write(Uint8Array.of(9)).catch(() => {})
    await expect.poll(() => end.resets).toBe(1)
    expect(drops).toEqual(['malformed'])
  })

  it('gives one peer so many streams and no more', () => {
    const { drops, all } = serving(async () => undefined)
    const ends = Array.from({ length: SERVED_OF_PEER_MAX + 1 }, () => pair('a'))
    for (const { stream } of ends) all.take(stream)
    expect(ends.map(({ end }) => end.resets)).toEqual([...Array(SERVED_OF_PEER_MAX).fill(0), 1])
    expect(drops).toEqual(['rate-limited'])
  })

  it('lets go of who was idle longest when there are too many, and of nobody who waits for a block', async () => {
    // The first two have asked for what takes long to find; the third was answered, the fourth never asked.
    const { drops, all } = serving((n) => (n === 1 ? new Promise(() => {}) : Promise.resolve(undefined)))
    const ends = Array.from({ length: SERVED_MAX }, (_, i) => pair(`peer ${i}`))
    for (const { stream } of ends) all.take(stream)
    for (const at of [0, 1]) await ends[at]?.end.writer.write(want(1))
    const third = ends[2]?.end as End
    void third.writer.write(want(2))
    await answers(third, 1)
    all.take(pair('another').stream)
    await expect.poll(() => ends.findIndex(({ end }) => end.resets > 0)).toBe(3)
    expect(ends.filter(({ end }) => end.resets > 0)).toHaveLength(1)
    expect(drops).toEqual([])
  })
})
