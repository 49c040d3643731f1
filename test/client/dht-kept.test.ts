// What a client keeps for others: within its bounds, whole or not at all, and said again before it is over.

import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Address, RAW, sha256Cid, tryAddress } from '../../client/dht/cids.ts'
import type { Block, Tree } from '../../client/dht/dag.ts'
import { Kept } from '../../client/dht/kept.ts'
import { Renewals, renewAtMs } from '../../client/dht/renewals.ts'
import { Seen } from '../../client/dht/seen.ts'
import { memoryVault, type Vault } from '../../client/identities/vault.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { KEPT_BYTES_MAX, KEPT_COMMIT_BYTES, SEEN_OF_PAGE_MAX } from '../../protocol/limits/content.ts'

const hash = nativeHash(crypto.subtle as unknown as Subtle)
const never = new AbortController().signal
const NOW_MS = 1_000_000
const LATER_MS = 2_000_000

async function block(seed: number, length = 1_000): Promise<Block> {
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint32(0, seed)
  return { address: tryAddress(sha256Cid(RAW, await hash.sha256(bytes))) as Address, bytes }
}

/** The last block is its root: whoever keeps does not look into them. */
async function tree(...seeds: readonly number[]): Promise<Tree> {
  const blocks = await Promise.all(seeds.map((seed) => block(seed)))
  return { root: (blocks.at(-1) as Block).address, blocks }
}

const namesIn = async (vault: Vault, prefix: string) => (await vault.entries(prefix)).map(([name]) => name)
const has = async (kept: Kept, { address }: Block) => (await kept.get(address.block)) !== undefined

describe('content', () => {
  it('is kept until its time is over, whoever opens the vault', async () => {
    const vault = await memoryVault()
    const kept = await Kept.open(vault, 'net', NOW_MS)
    const content = await tree(1, 2, 3)
    await kept.keep(content, LATER_MS, never)
    for (const { address, bytes } of content.blocks) expect(await kept.get(address.block)).toEqual(bytes)
    const again = await Kept.open(vault, 'net', LATER_MS - 1)
    expect(again.contents).toEqual(kept.contents)
    expect(await again.get(content.root.block)).toBeDefined()
    expect((await Kept.open(vault, 'other', NOW_MS)).contents).toEqual([])
    expect((await Kept.open(vault, 'net', LATER_MS)).contents).toEqual([])
    expect(await vault.entries('')).toEqual([])
  })

  it('shares blocks with others, which stay as long as one needs them', async () => {
    const vault = await memoryVault()
    const kept = await Kept.open(vault, 'net', NOW_MS)
    const [one, two] = [await tree(1, 2, 3), await tree(2, 3, 4)]
    await kept.keep(one, LATER_MS, never)
    await kept.keep(two, LATER_MS, never)
    expect(await namesIn(vault, 'dht/block/')).toHaveLength(4)
    await kept.forget(one.root)
    expect(await Promise.all(one.blocks.map((each) => has(kept, each)))).toEqual([false, true, true])
    await kept.forget(two.root)
    expect(await vault.entries('')).toEqual([])
    await kept.forget(two.root)
  })

  it('kept again is kept for longer, not twice', async () => {
    const kept = await Kept.open(await memoryVault(), 'net', NOW_MS)
    const content = await tree(1, 2)
    await kept.keep(content, LATER_MS, never)
    await kept.keep(content, LATER_MS + 5, never)
    await kept.keep(content, LATER_MS - 5, never)
    expect(kept.contents.map(({ untilMs }) => untilMs)).toEqual([LATER_MS + 5])
  })

  it('that is too much is refused before any of it is written, and room is made by forgetting', async () => {
    const vault = await memoryVault()
    const kept = await Kept.open(vault, 'net', NOW_MS)
    const large = async (from: number, count: number): Promise<Tree> => {
      const blocks = await Promise.all(Array.from({ length: count }, (_, i) => block(from + i, 2 ** 20)))
      return { root: (blocks.at(-1) as Block).address, blocks }
    }
    const half = await large(0, KEPT_BYTES_MAX / 2 ** 21)
    await kept.keep(half, LATER_MS, never)
    const more = await large(1_000, KEPT_BYTES_MAX / 2 ** 21 + 1)
    await expect(kept.keep(more, LATER_MS, never)).rejects.toMatchObject({ code: 'too-large' })
    expect(kept.contents).toHaveLength(1)
    expect(await namesIn(vault, 'dht/block/')).toHaveLength(half.blocks.length)
    await kept.forget(half.root)
    await kept.keep(more, LATER_MS, never)
  })

  it('of which a part could not be written is gone, at once or when the vault is opened again', async () => {
    for (const isDead of [false, true]) {
      const vault = await memoryVault()
      const blocks = await Promise.all(Array.from({ length: 10 }, (_, i) => block(i, 2 ** 20)))
      const content = { root: (blocks[0] as Block).address, blocks }
      let commits = 0
      const failing: Vault = {
        entries: (prefix) => vault.entries(prefix),
        get: (name) => vault.get(name),
        damaged: 0,
        commit: async (changes) => {
          if (++commits > 2 && (isDead || commits === 3)) throw new Error('the disk is full')
          await vault.commit(changes)
        },
      }
      const kept = await Kept.open(failing, 'net', NOW_MS)
      await expect(kept.keep(content, LATER_MS, never)).rejects.toThrow('the disk is full')
      const left = await namesIn(vault, 'dht/block/')
      expect(left).toHaveLength(isDead ? KEPT_COMMIT_BYTES / 2 ** 20 : 0)
      expect((await Kept.open(vault, 'net', NOW_MS)).contents).toEqual([])
      expect(await vault.entries('')).toEqual([])
    }
  })
})

describe('sequences that were seen', () => {
  const key = (n: number) => {
    const bytes = new Uint8Array(32)
    new DataView(bytes.buffer).setUint32(28, n)
    return bytes
  }

  it('outlive the client, each the highest, and our own apart from others', async () => {
    const vault = await memoryVault()
    const seen = new Seen(async () => vault, 'net')
    await Promise.all([5n, 9n, 7n].map((sequence) => seen.note('seen', key(1), sequence)))
    await seen.note('own', key(1), 2n ** 64n - 1n)
    const again = new Seen(async () => vault, 'net')
    expect(await again.sequence('seen', key(1))).toBe(9n)
    expect(await again.sequence('own', key(1))).toBe(2n ** 64n - 1n)
    expect(await again.sequence('seen', key(2))).toBeUndefined()
    expect(await new Seen(async () => vault, 'other').sequence('seen', key(1))).toBeUndefined()
  })

  it('are bounded: the one used longest ago goes', async () => {
    const vault = await memoryVault()
    const seen = new Seen(async () => vault, 'net')
    for (let n = 0; n < SEEN_OF_PAGE_MAX; n++) await seen.note('seen', key(n), 1n)
    await seen.note('seen', key(0), 1n)
    await seen.note('seen', key(SEEN_OF_PAGE_MAX), 1n)
    expect(await seen.sequence('seen', key(0))).toBe(1n)
    expect(await seen.sequence('seen', key(1))).toBeUndefined()
  })
})

describe('what is to be said again', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is, in the last quarter of its time; what failed a minute later; what is deleted no more', async () => {
    vi.useFakeTimers()
    const startMs = Date.now()
    const said: string[] = []
    const renewals = new Renewals()
    const day = 24 * 3_600_000
    const atMs = renewAtMs(startMs, startMs + day)
    expect(atMs - startMs).toBe((3 * day) / 4 + 1_000)
    let fails = true
    renewals.set('a', atMs, async () => {
      said.push(`a ${Date.now() - startMs}`)
      if (fails) throw new Error('no network')
      return Date.now() + day
    })
    renewals.set('b', atMs - 1, async () => void said.push('b'))
    renewals.set('c', atMs, async () => void said.push('c'))
    renewals.delete('c')
    await vi.advanceTimersByTimeAsync(atMs - startMs)
    expect(said).toEqual(['b', `a ${atMs - startMs}`])
    fails = false
    await vi.advanceTimersByTimeAsync(60_000)
    expect(said.slice(2)).toEqual([`a ${atMs - startMs + 60_000}`])
    await vi.advanceTimersByTimeAsync(day)
    expect(said).toHaveLength(4)
    renewals.close()
    await vi.advanceTimersByTimeAsync(2 * day)
    expect(said).toHaveLength(4)
  })
})
