// Content larger than a block: a balanced tree of UnixFS nodes over raw leaves, cut and laid out as `ipfs add --cid-version=1
// --raw-leaves` does it, so that the same bytes have the same CID everywhere. Read are trees of other layouts too. Loaded
// when the first such content is met, as it brings the codecs with it.

import { createLink, createNode, decode, encode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import type { Hash } from '../../protocol/crypto/suite.ts'
import { WaypostError } from '../../protocol/errors.ts'
import { BLOCK_CHUNK_BYTES, NODE_LINKS, NODE_LINKS_MAX } from '../../protocol/limits/content.ts'
import { type Address, DAG_PB, RAW, sha256Cid, tryAddress } from './cids.ts'

export interface Block {
  readonly address: Address
  readonly bytes: Uint8Array
}

export interface Tree {
  readonly root: Address
  /** Children before their parents. */
  readonly blocks: readonly Block[]
}

/** `progressed` is told how many bytes are cut. Leaves are views of what was given. */
export async function cut(
  hash: Hash,
  bytes: Uint8Array,
  progressed: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Tree> {
  const blocks: Block[] = []
  const block = async (codec: number, content: Uint8Array): Promise<Branch> => {
    const address = tryAddress(sha256Cid(codec, await hash.sha256(content))) as Address
    blocks.push({ address, bytes: content })
    return { address, contentBytes: content.length, treeBytes: content.length }
  }
  let level: Branch[] = []
  for (let at = 0; at === 0 || at < bytes.length; at += BLOCK_CHUNK_BYTES) {
    signal.throwIfAborted()
    level.push(await block(RAW, bytes.subarray(at, at + BLOCK_CHUNK_BYTES)))
    progressed(Math.min(bytes.length, at + BLOCK_CHUNK_BYTES))
  }
  while (level.length > 1) {
    const above: Branch[] = []
    for (let at = 0; at < level.length; at += NODE_LINKS) {
      const children = level.slice(at, at + NODE_LINKS)
      const { address, treeBytes } = await block(DAG_PB, nodeOver(children))
      above.push({
        address,
        contentBytes: sum(children.map(({ contentBytes }) => contentBytes)),
        treeBytes: treeBytes + sum(children.map((child) => child.treeBytes)),
      })
    }
    level = above
  }
  return { root: (level[0] as Branch).address, blocks }
}

interface Branch {
  readonly address: Address
  readonly contentBytes: number
  /** With all its nodes. */
  readonly treeBytes: number
}

function nodeOver(children: readonly Branch[]): Uint8Array {
  const blockSizes = children.map(({ contentBytes }) => BigInt(contentBytes))
  const links = children.map(({ address, treeBytes }) => createLink('', treeBytes, address.cid))
  return encode(createNode(new UnixFS({ type: 'file', blockSizes }).marshal(), links))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

export interface Child {
  readonly address: Address
  readonly bytes: number
}

/** What a node stands for: bytes of its own, and then those of its children. */
export interface ReadNode {
  readonly data: Uint8Array
  readonly children: readonly Child[]
  readonly bytes: number
}

/** Of a block that was verified. Throws `unsupported` for what is no part of a file. */
export function readNode(block: Uint8Array): ReadNode {
  const { fs, links } = decoded(block)
  if (fs.type !== 'file' && fs.type !== 'raw') throw unsupported(`a ${fs.type}, and no file`)
  if (links.length > NODE_LINKS_MAX) throw unsupported(`a node of ${links.length} links`)
  if (links.length !== fs.blockSizes.length)
    throw unsupported('a node whose sizes are not those of its links')
  const data = fs.data ?? new Uint8Array()
  const children = links.map(({ Hash }, i) => {
    const address = tryAddress(Hash)
    if (address === undefined) throw unsupported('a link by a hash that is not known')
    const bytes = Number(fs.blockSizes[i])
    // Nothing is nowhere needed in a file, and a tree of it would have no end.
    if (!Number.isSafeInteger(bytes) || bytes <= 0) throw unsupported('a link to nothing')
    return { address, bytes }
  })
  return { data, children, bytes: data.length + sum(children.map(({ bytes }) => bytes)) }
}

function decoded(block: Uint8Array) {
  try {
    const { Data, Links } = decode(block)
    if (Data !== undefined) return { fs: UnixFS.unmarshal(Data), links: Links }
  } catch (cause) {
    throw unsupported('no node of a file', cause)
  }
  throw unsupported('no node of a file')
}

function unsupported(what: string, cause?: unknown): WaypostError {
  return new WaypostError('unsupported', `what this CID names is ${what}`, { cause })
}
