// The keys of a link as a page hosts them: what a peer, or whoever carries, can make them do, and what stays in memory.

import { afterEach, describe, expect, it, vi } from 'vitest'
import { EpochKeys } from '../../protocol/crypto/records/epoch.ts'
import { OLD_EPOCH_MS } from '../../protocol/crypto/records/receiving.ts'
import { STEP_MS } from '../../protocol/crypto/records/sending.ts'
import { OPENING_BYTES_MAX, OPENING_OVERHEAD_BYTES } from '../../protocol/limits/keying.ts'
import { type End, frame, meet, securePair } from './secure-pair.ts'

const open: End[] = []

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  for (const { link } of open.splice(0)) link.close()
})

async function connected(): Promise<{ alice: End; bob: End; way: number }> {
  const ends = await securePair()
  open.push(...ends)
  const [alice, bob] = ends
  const way = meet(ends)
  alice.link.want()
  await expect.poll(() => [alice.up, bob.up]).toEqual([1, 1])
  return { alice, bob, way }
}

describe('the keys of a link', () => {
  it('carry what is said, both ways', async () => {
    const { alice, bob } = await connected()
    expect(alice.link.transmit('relay', 'control', [frame('hello')])).toBe(true)
    expect(bob.link.transmit('relay', 'control', [frame('yes')])).toBe(true)
    await expect.poll(() => [alice.frames, bob.frames]).toEqual([['yes'], ['hello']])
  })

  it('hold so many records that wait to be opened, and go on when the flood is over', async () => {
    const { alice, bob, way } = await connected()
    const rubbish = new Uint8Array(24)
    const fit = Math.floor(OPENING_BYTES_MAX / (rubbish.length + OPENING_OVERHEAD_BYTES))
    for (let i = 0; i < fit + 100; i++) bob.link.received(way, 'control', rubbish)
    // A word of the handshake's may still be among those that wait.
    expect(bob.drops.length - 100).toBeOneOf([0, 1, 2])
    expect(new Set(bob.drops)).toEqual(new Set(['over-window']))
    await expect.poll(() => bob.drops.length).toBe(fit + 100)
    alice.link.transmit('relay', 'control', [frame('after all')])
    await expect.poll(() => bob.frames).toEqual(['after all'])
  })

  it('of a step that is over are erased in time, though nothing comes any more', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
    const { alice, bob } = await connected()
    alice.link.transmit('relay', 'control', [frame('one')])
    await expect.poll(() => bob.frames.length).toBe(1)
    await vi.advanceTimersByTimeAsync(STEP_MS)
    alice.link.transmit('relay', 'control', [frame('two')])
    await expect.poll(() => bob.frames.length).toBe(2)
    // Alice's own are erased as she steps; what is left are those Bob keeps for what may be under way.
    const erased = vi.spyOn(EpochKeys.prototype, 'erase')
    await vi.advanceTimersByTimeAsync(OLD_EPOCH_MS - 2_000)
    expect(erased).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(3_000)
    await expect.poll(() => erased.mock.calls.length).toBe(1)
  })

  it('are not made for who is told to be somebody else', async () => {
    const [alice] = await securePair()
    const [, stranger] = await securePair()
    open.push(alice, stranger)
    alice.carry = ({ way, channel, bytes }) => stranger.link.received(way, channel, bytes)
    stranger.carry = ({ way, channel, bytes }) => alice.link.received(way, channel, bytes)
    meet([alice, stranger])
    alice.link.want()
    await expect.poll(() => stranger.drops).toContain('dial-tag')
    expect([alice.up, stranger.up]).toEqual([0, 0])
  })
})
