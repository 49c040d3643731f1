// Blocks that are kept for others, in the identity's vault: as long as it where it is kept, else as long as the client. Of each
// content there is a record that lists its blocks; a block goes with the last content that lists it.
//
//   content  1 version ‖ 1 whole (0 while it is being written) ‖ 8 until ms ‖ 33 root block ‖ 1 codec ‖ (33 block ‖ 4 length) each

import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { HashCode } from '../../protocol/dht/contract.ts'
import { WaypostError } from '../../protocol/errors.ts'
import { type BlockName, blockText } from '../../protocol/exchange/frames.ts'
import {
  KEPT_BLOCKS_MAX,
  KEPT_BYTES_MAX,
  KEPT_COMMIT_BYTES,
  KEPT_CONTENTS_MAX,
} from '../../protocol/limits/content.ts'
import { Reader, WireError, Writer } from '../../protocol/wire/bytes.ts'
import type { Vault } from '../identities/vault.ts'
import { type Address, tryAddress } from './cids.ts'
import type { Block, Tree } from './dag.ts'

const VERSION = 1
const DIGEST_BYTES = 32

interface Listed {
  readonly name: BlockName
  readonly length: number
}

export interface Content {
  readonly root: Address
  readonly untilMs: number
  readonly blocks: readonly Listed[]
}

type Changes = Map<string, Uint8Array | undefined>

export class Kept {
  readonly #vault: Vault
  readonly #network: string
  readonly #contents = new Map<string, Content>()
  /** How many contents list it. */
  readonly #uses = new Map<string, number>()
  #bytes = 0
  #last: Promise<unknown> = Promise.resolve()

  private constructor(vault: Vault, network: string) {
    this.#vault = vault
    this.#network = network
  }

  /** What was being written when we died, or is over since, is erased. */
  static async open(vault: Vault, network: string, nowMs: number): Promise<Kept> {
    const kept = new Kept(vault, network)
    const over: Content[] = []
    for (const [, bytes] of await vault.entries(kept.#contentName(''))) {
      const read = unpack(bytes)
      if (read === undefined) continue
      kept.#list(read.content)
      if (!read.isWhole || read.content.untilMs <= nowMs) over.push(read.content)
    }
    for (const { root } of over) await kept.forget(root)
    return kept
  }

  get contents(): readonly Content[] {
    return [...this.#contents.values()]
  }

  has(root: Address): boolean {
    return this.#contents.has(root.cid.toString())
  }

  /** For so much more, as far as bytes go. */
  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= KEPT_BYTES_MAX
  }

  get(name: BlockName): Promise<Uint8Array | undefined> {
    const text = blockText(name)
    return this.#uses.has(text) ? this.#vault.get(this.#blockName(text)) : Promise.resolve(undefined)
  }

  /** Rejects with `too-large` before anything is written, and with `storage-failed`. Known already: until the later time. */
  keep(tree: Tree, untilMs: number, signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      signal.throwIfAborted()
      const known = this.#contents.get(tree.root.cid.toString())
      if (known !== undefined) return this.#prolong(known, Math.max(known.untilMs, untilMs))
      const distinct = new Map(tree.blocks.map((block) => [blockText(block.address.block), block]))
      const fresh = new Map([...distinct].filter(([text]) => !this.#uses.has(text)))
      this.#checkRoom([...fresh.values()])
      const blocks = [...distinct.values()].map(({ address, bytes }) => ({
        name: address.block,
        length: bytes.length,
      }))
      const content = { root: tree.root, untilMs, blocks }
      await this.#vault.commit(new Map([this.#entry(content, false)]))
      this.#list(content)
      try {
        await this.#write(fresh, signal)
        await this.#vault.commit(new Map([this.#entry(content, true)]))
      } catch (problem) {
        await this.#forget(content).catch(() => {}) // It is not whole: what is left goes when the vault is opened again.
        throw problem
      }
    })
  }

  forget(root: Address): Promise<void> {
    return this.#inTurn(async () => {
      const content = this.#contents.get(root.cid.toString())
      if (content !== undefined) await this.#forget(content)
    })
  }

  async #write(fresh: ReadonlyMap<string, Block>, signal: AbortSignal): Promise<void> {
    let changes: Changes = new Map()
    let bytes = 0
    for (const [text, block] of fresh) {
      signal.throwIfAborted()
      changes.set(this.#blockName(text), block.bytes)
      bytes += block.bytes.length
      if (bytes < KEPT_COMMIT_BYTES) continue
      await this.#vault.commit(changes)
      changes = new Map()
      bytes = 0
    }
    await this.#vault.commit(changes)
  }

  async #prolong(content: Content, untilMs: number): Promise<void> {
    const longer = { ...content, untilMs }
    await this.#vault.commit(new Map([this.#entry(longer, true)]))
    this.#contents.set(content.root.cid.toString(), longer)
  }

  async #forget(content: Content): Promise<void> {
    const changes: Changes = new Map([[this.#contentName(content.root.cid.toString()), undefined]])
    for (const { name } of content.blocks) {
      const text = blockText(name)
      if (this.#uses.get(text) === 1) changes.set(this.#blockName(text), undefined)
    }
    await this.#vault.commit(changes)
    this.#contents.delete(content.root.cid.toString())
    for (const { name, length } of content.blocks) {
      const text = blockText(name)
      const left = (this.#uses.get(text) ?? 1) - 1
      if (left > 0) this.#uses.set(text, left)
      else if (this.#uses.delete(text)) this.#bytes -= length
    }
  }

  #list(content: Content): void {
    this.#contents.set(content.root.cid.toString(), content)
    for (const { name, length } of content.blocks) {
      const text = blockText(name)
      const uses = this.#uses.get(text) ?? 0
      if (uses === 0) this.#bytes += length
      this.#uses.set(text, uses + 1)
    }
  }

  #checkRoom(fresh: readonly Block[]): void {
    if (!this.hasRoom(fresh.reduce((sum, block) => sum + block.bytes.length, 0))) throw noRoom()
    if (this.#uses.size + fresh.length > KEPT_BLOCKS_MAX || this.#contents.size >= KEPT_CONTENTS_MAX)
      throw tooLarge(
        `at most ${KEPT_CONTENTS_MAX} contents of ${KEPT_BLOCKS_MAX} blocks are kept at once; forget some`,
      )
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  #entry(content: Content, isWhole: boolean): [string, Uint8Array] {
    return [this.#contentName(content.root.cid.toString()), pack(content, isWhole)]
  }

  #contentName(root: string): string {
    return `dht/content/${this.#network}/${root}`
  }

  #blockName(text: string): string {
    return `dht/block/${this.#network}/${text}`
  }
}

function pack({ root, untilMs, blocks }: Content, isWhole: boolean): Uint8Array {
  const to = new Writer(64 + blocks.length * 40)
    .u8(VERSION)
    .u8(isWhole ? 1 : 0)
    .u64(Math.floor(untilMs))
  writeName(to, root.block).u8(root.codec)
  for (const { name, length } of blocks) writeName(to, name).u32(length)
  return to.done()
}

/** Only what this code wrote opens: what does not read is of another version, and left alone. */
function unpack(bytes: Uint8Array): { readonly content: Content; readonly isWhole: boolean } | undefined {
  try {
    const from = new Reader(bytes)
    if (from.u8() !== VERSION) return undefined
    const [isWhole, untilMs, name, codec] = [from.u8() === 1, from.u64(), readName(from), from.u8()]
    const root = tryAddress(CID.createV1(codec, create(name.code, name.digest)))
    if (root === undefined) return undefined
    const blocks: Listed[] = []
    while (from.remaining > 0) blocks.push({ name: readName(from), length: from.u32() })
    return { content: { root, untilMs, blocks }, isWhole }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function writeName(to: Writer, { code, digest }: BlockName): Writer {
  return to.u8(code).bytes(digest)
}

function readName(from: Reader): BlockName {
  return { code: from.u8() as HashCode, digest: from.bytes(DIGEST_BYTES).slice() }
}

/** To be said before it is fetched, too. */
export function noRoom(): WaypostError {
  return tooLarge(`at most ${KEPT_BYTES_MAX} bytes of content are kept at once; forget some`)
}

function tooLarge(message: string): WaypostError {
  return new WaypostError('too-large', message)
}
