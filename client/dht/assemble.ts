// Makes content of its blocks, a level at a time and the first bytes first, within bounds whatever the blocks say: each has
// been verified, and may still say nonsense.

import { WaypostError } from '../../protocol/errors.ts'
import { blockText } from '../../protocol/exchange/frames.ts'
import {
  CONTENT_BLOCKS_MAX,
  CONTENT_BYTES_MAX,
  EXCHANGE_WANTS_MAX,
  TREE_DEPTH_MAX,
} from '../../protocol/limits/content.ts'
import { type Address, RAW } from './cids.ts'
import type { Block, ReadNode } from './dag.ts'

export interface Assembly {
  /** Verified. */
  readonly block: (address: Address) => Promise<Uint8Array>
  readonly readNode: (bytes: Uint8Array) => ReadNode
  readonly progressed: (bytes: number, total: number) => void
  /** Told of each block, once; views of what is given back where they are leaves. */
  readonly took: (block: Block) => void
}

interface Part {
  readonly address: Address
  readonly at: number
  /** Undefined: of the root, which alone says how long it is. */
  readonly bytes: number | undefined
  readonly depth: number
}

interface Placed {
  readonly at: number
  readonly bytes: number
}

export async function assemble(
  root: Address,
  assembly: Assembly,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const making = new Making(assembly)
  await making.part({ address: root, at: 0, bytes: undefined, depth: 0 })
  await making.rest(signal)
  return making.content
}

class Making {
  readonly #assembly: Assembly
  /** The last is next: of a tree, that whose bytes come first. */
  readonly #parts: Part[] = []
  /** Leaves that are in their place: content repeats itself, and is fetched once. */
  readonly #leaves = new Map<string, Placed>()
  #blocks = 0
  #done = 0
  content = new Uint8Array()

  constructor(assembly: Assembly) {
    this.#assembly = assembly
  }

  /** As many at once as are wanted at once: whatever a part brings is begun as soon as there is room. */
  rest(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let underWay = 0
      let failed = false
      const fail = (problem: unknown) => {
        failed = true
        reject(problem)
      }
      const go = () => {
        if (signal.aborted) return fail(signal.reason)
        while (!failed && underWay < EXCHANGE_WANTS_MAX) {
          const part = this.#parts.pop()
          if (part === undefined) break
          underWay++
          this.part(part).then(() => {
            underWay--
            go()
          }, fail)
        }
        if (underWay === 0) resolve()
      }
      go()
    })
  }

  async part(part: Part): Promise<void> {
    const { address, at, bytes, depth } = part
    if (++this.#blocks > CONTENT_BLOCKS_MAX) throw tooLarge(`of more than ${CONTENT_BLOCKS_MAX} blocks`)
    if (depth > TREE_DEPTH_MAX) throw inconsistent('deeper than any file')
    const placed = this.#leaves.get(blockText(address.block))
    if (address.codec === RAW && placed !== undefined && placed.bytes === bytes) {
      this.content.copyWithin(at, placed.at, placed.at + placed.bytes)
      return this.#progress(placed.bytes)
    }
    const block = await this.#assembly.block(address)
    const node = address.codec === RAW ? leaf(block) : this.#assembly.readNode(block)
    if (bytes === undefined) this.#make(node.bytes)
    else if (node.bytes !== bytes) throw inconsistent('not as long as its parent says')
    this.content.set(node.data, at)
    if (address.codec === RAW) this.#leaves.set(blockText(address.block), { at, bytes: node.bytes })
    this.#assembly.took({
      address,
      bytes: address.codec === RAW ? this.content.subarray(at, at + node.bytes) : block,
    })
    this.#add(node, at + node.data.length, depth + 1)
    this.#progress(node.data.length)
  }

  #make(bytes: number): void {
    if (bytes > CONTENT_BYTES_MAX)
      throw tooLarge(`of ${bytes} bytes, and at most ${CONTENT_BYTES_MAX} are fetched`)
    this.content = new Uint8Array(bytes)
  }

  #add({ children }: ReadNode, from: number, depth: number): void {
    const parts: Part[] = []
    let at = from
    for (const { address, bytes } of children) {
      parts.push({ address, at, bytes, depth })
      at += bytes
    }
    this.#parts.push(...parts.reverse())
  }

  #progress(bytes: number): void {
    this.#done += bytes
    if (bytes > 0) this.#assembly.progressed(this.#done, this.content.length)
  }
}

function leaf(data: Uint8Array): ReadNode {
  return { data, children: [], bytes: data.length }
}

function tooLarge(what: string): WaypostError {
  return new WaypostError('too-large', `what this CID names is a file ${what}`)
}

function inconsistent(what: string): WaypostError {
  return new WaypostError('unsupported', `what this CID names is a tree with a part that is ${what}`)
}
