// Content cut into blocks: the same CIDs as IPFS tools give, and every tree read back, or refused for what it is.

import { encode as encodeNode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { importBytes } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { assemble } from '../../client/dht/assemble.ts'
import { type Address, addressOf, DAG_PB, RAW, sha256Cid } from '../../client/dht/cids.ts'
import { type Block, cut, readNode } from '../../client/dht/dag.ts'
import { WaypostError } from '../../client/index.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { blockText } from '../../protocol/exchange/frames.ts'
import { BLOCK_CHUNK_BYTES, CONTENT_BYTES_MAX, NODE_LINKS } from '../../protocol/limits/content.ts'
import { noise } from './contents.ts'

const hash = nativeHash(crypto.subtle as unknown as Subtle)
const never = new AbortController().signal

const ours = (bytes: Uint8Array) => cut(hash, bytes, () => {}, never)

class Shelf {
  readonly blocks = new Map<string, Uint8Array>()
  asked = 0

  put(blocks: readonly Block[]): this {
    for (const { address, bytes } of blocks) this.blocks.set(blockText(address.block), bytes)
    return this
  }

  async node(codec: number, bytes: Uint8Array): Promise<Address> {
    const address = addressOf('test', sha256Cid(codec, await hash.sha256(bytes)))
    this.put([{ address, bytes }])
    return address
  }

  read(root: Address, signal = never, progressed: (bytes: number, total: number) => void = () => {}) {
    const block = async ({ block }: Address) => {
      this.asked++
      const bytes = this.blocks.get(blockText(block))
      if (bytes === undefined) throw new Error('not there')
      return bytes
    }
    return assemble(root, { block, readNode, progressed, took: () => {} }, signal)
  }
}

/** As another implementation does it. */
async function theirs(bytes: Uint8Array): Promise<{ cid: CID; blocks: Map<string, Uint8Array> }> {
  const blocks = new Map<string, Uint8Array>()
  const blockstore = {
    put: async (cid: CID, content: Uint8Array) => {
      blocks.set(blockText(addressOf('test', cid).block), content)
      return cid
    },
  }
  const { cid } = await importBytes(bytes, blockstore as never, {
    cidVersion: 1,
    rawLeaves: true,
    reduceSingleLeafToSelf: true,
    chunker: fixedSize({ chunkSize: BLOCK_CHUNK_BYTES }),
    layout: balanced({ maxChildrenPerNode: NODE_LINKS }),
  })
  return { cid: CID.parse(cid.toString()), blocks }
}

const K = BLOCK_CHUNK_BYTES

describe('cutting', () => {
  it.each([
    ['a byte', 1],
    ['a chunk', K],
    ['a chunk and a byte', K + 1],
    ['two chunks', 2 * K],
    ['a full node', NODE_LINKS * K],
    ['a full node and a byte', NODE_LINKS * K + 1],
    ['three nodes', 2 * NODE_LINKS * K + 7],
  ])('gives %s the CID and the blocks that others give it', async (_, length) => {
    const bytes = noise(length)
    const [mine, other] = [await ours(bytes), await theirs(bytes)]
    expect(mine.root.cid.toString()).toBe(other.cid.toString())
    // Their names are their digests.
    expect([...new Shelf().put(mine.blocks).blocks.keys()].sort()).toEqual([...other.blocks.keys()].sort())
    const read = await new Shelf().put(mine.blocks).read(mine.root)
    expect(Buffer.compare(read, bytes)).toBe(0)
  })

  it('gives nothing the CID that it has everywhere', async () => {
    const { root } = await ours(new Uint8Array())
    expect(root.cid.toString()).toBe('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
  })

  it('ends when it is told to', async () => {
    const stop = new AbortController()
    const told: number[] = []
    const cutting = cut(
      hash,
      noise(4 * K),
      (done) => told.push(done) === 2 && stop.abort('enough'),
      stop.signal,
    )
    await expect(cutting).rejects.toBe('enough')
    expect(told).toEqual([K, 2 * K])
  })
})

describe('reading', () => {
  const file = (parts: readonly (readonly [Address, number])[], data?: Uint8Array) =>
    encodeNode({
      Data: new UnixFS({
        type: 'file',
        ...(data && { data }),
        blockSizes: parts.map(([, size]) => BigInt(size)),
      }).marshal(),
      Links: parts.map(([{ cid }, size]) => ({ Name: '', Tsize: size, Hash: cid })),
    })

  it('follows trees of other layouts: bytes in nodes, leaves that are nodes, a part twice', async () => {
    const shelf = new Shelf()
    const leaf = await shelf.node(RAW, Uint8Array.of(1, 2, 3))
    const old = await shelf.node(DAG_PB, file([], Uint8Array.of(4, 5)))
    const inner = await shelf.node(
      DAG_PB,
      file(
        [
          [leaf, 3],
          [old, 2],
        ],
        Uint8Array.of(9),
      ),
    )
    const root = await shelf.node(
      DAG_PB,
      file([
        [leaf, 3],
        [inner, 6],
        [leaf, 3],
      ]),
    )
    expect([...(await shelf.read(root))]).toEqual([1, 2, 3, 9, 1, 2, 3, 4, 5, 1, 2, 3])
  })

  it('fetches what repeats itself once', async () => {
    const { root, blocks } = await ours(new Uint8Array(40 * K))
    const shelf = new Shelf().put(blocks)
    expect((await shelf.read(root)).length).toBe(40 * K)
    // As many as are asked for before the first has come.
    expect(shelf.asked).toBeLessThanOrEqual(1 + 32)
  })

  const failing = async (make: (shelf: Shelf) => Promise<Address>) => {
    const shelf = new Shelf()
    const root = await make(shelf)
    return shelf.read(root).then(
      () => 'none',
      (error: unknown) => (error instanceof WaypostError ? error.code : error),
    )
  }

  it.each<[string, string, (shelf: Shelf) => Promise<Address>]>([
    ['what is no node', 'unsupported', (shelf) => shelf.node(DAG_PB, Uint8Array.of(255, 1, 2))],
    ['a node without data', 'unsupported', (shelf) => shelf.node(DAG_PB, encodeNode({ Links: [] }))],
    [
      'a directory',
      'unsupported',
      (shelf) =>
        shelf.node(DAG_PB, encodeNode({ Data: new UnixFS({ type: 'directory' }).marshal(), Links: [] })),
    ],
    [
      'a leaf that is longer than its parent says',
      'unsupported',
      async (shelf) => shelf.node(DAG_PB, file([[await shelf.node(RAW, Uint8Array.of(1, 2)), 1]])),
    ],
    [
      'a link to nothing',
      'unsupported',
      async (shelf) => shelf.node(DAG_PB, file([[await shelf.node(RAW, new Uint8Array()), 0]])),
    ],
    [
      'sizes that are not those of the links',
      'unsupported',
      async (shelf) => {
        const { cid } = await shelf.node(RAW, Uint8Array.of(1))
        const Data = new UnixFS({ type: 'file', blockSizes: [1n, 1n] }).marshal()
        return shelf.node(DAG_PB, encodeNode({ Data, Links: [{ Name: '', Tsize: 1, Hash: cid }] }))
      },
    ],
    [
      'more than is ever held',
      'too-large',
      async (shelf) =>
        shelf.node(DAG_PB, file([[await shelf.node(RAW, Uint8Array.of(1)), CONTENT_BYTES_MAX + 1]])),
    ],
    [
      'a tree that goes on and on',
      'unsupported',
      async (shelf) => {
        let address = await shelf.node(RAW, Uint8Array.of(1))
        for (let depth = 0; depth < 20; depth++) address = await shelf.node(DAG_PB, file([[address, 1]]))
        return address
      },
    ],
  ])('refuses %s', async (_, code, make) => {
    expect(await failing(make)).toBe(code)
  })

  it('ends when it is told to, and says how far it is', async () => {
    const bytes = noise(100 * K)
    const { root, blocks } = await ours(bytes)
    const shelf = new Shelf().put(blocks)
    const stop = new AbortController()
    const told: (readonly [number, number])[] = []
    const reading = shelf.read(root, stop.signal, (done, total) => {
      told.push([done, total])
      if (told.length === 10) stop.abort('enough')
    })
    await expect(reading).rejects.toBe('enough')
    expect(told.slice(0, 2)).toEqual([
      [K, 100 * K],
      [2 * K, 100 * K],
    ])
    expect(shelf.asked).toBeLessThan(60)
  })
})
