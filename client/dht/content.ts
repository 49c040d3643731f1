// Content: what is no larger than a record is a value at the edge; what is larger is cut, kept here and provided, and fetched from
// those who provide it, block by block.

import { signProvided } from '../../protocol/crypto/dht/provided.ts'
import { makeValue } from '../../protocol/crypto/dht/values.ts'
import type { Identity } from '../../protocol/crypto/identity.ts'
import type { Suite } from '../../protocol/crypto/suite.ts'
import { readValue } from '../../protocol/dht/records/value.ts'
import type { DropReason } from '../../protocol/drops.ts'
import { WaypostError } from '../../protocol/errors.ts'
import type { BlockName } from '../../protocol/exchange/frames.ts'
import { EXCHANGE_CONTENTS_MAX, EXCHANGE_PEERS_MAX, KEPT_BYTES_MAX } from '../../protocol/limits/content.ts'
import {
  DHT_TTL_SECONDS_LEAST,
  DHT_TTL_SECONDS_MOST,
  DHT_VALUE_BYTES_MAX,
} from '../../protocol/limits/dht.ts'
import { Queue } from '../../protocol/queue.ts'
import type { PeerId, WaypostStream } from '../types.ts'
import type { ContentProgress } from './api.ts'
import type { Asking } from './asking.ts'
import { assemble } from './assemble.ts'
import { type Address, RAW, sha256Cid } from './cids.ts'
import type { Block, Tree } from './dag.ts'
import { BLOCKS_LABEL, Fetching } from './fetching.ts'
import { type Kept, noRoom } from './kept.ts'
import { type Renewals, renewAtMs } from './renewals.ts'
import { Serving } from './serving.ts'
import { orAborted } from './signals.ts'
import type { Visits } from './visits.ts'

export interface ContentParts {
  readonly suite: Suite
  readonly identity: Identity
  readonly id: PeerId
  readonly asking: Asking
  readonly renewals: Renewals
  readonly kept: () => Promise<Kept>
  readonly open: (peer: PeerId, label: string) => WaypostStream
  readonly visits: Visits
  /** Where we are, as providers say it. */
  readonly region: () => string
  readonly dropped: (reason: DropReason) => void
}

type Tell = (progress: ContentProgress) => void

export class Contents {
  readonly #parts: ContentParts
  /** What peers ask us for. */
  readonly serving: Serving
  /** When what is kept is to be provided again. */
  #renewal = Number.POSITIVE_INFINITY
  /** Those who fetch, and those who wait until fewer do. */
  #fetchings = 0
  readonly #turns = new Queue<() => void>()

  constructor(parts: ContentParts) {
    this.#parts = parts
    const find = async (name: BlockName) => (await parts.kept()).get(name)
    this.serving = new Serving(find, parts.dropped)
  }

  /** Of an earlier life: what is kept is provided again. */
  async begin(): Promise<void> {
    const kept = await this.#parts.kept()
    if (kept.contents.length > 0) this.#renewAt(0)
  }

  // ---- putting -------------------------------------------------------------------------------------------------

  async put(bytes: Uint8Array, ttlMs: number, tell: Tell, signal: AbortSignal): Promise<string> {
    const total = bytes.length
    if (total <= DHT_VALUE_BYTES_MAX) {
      const ttlSeconds = secondsOf('value', ttlMs)
      const { key, bytes: record } = await makeValue(this.#parts.suite.hash, { value: bytes, ttlSeconds })
      await this.#parts.asking.put(key, record, signal)
      tell({ bytes: total, total })
      return sha256Cid(RAW, key).toString()
    }
    if (total > KEPT_BYTES_MAX)
      throw new WaypostError('too-large', `at most ${KEPT_BYTES_MAX} bytes of content are kept`)
    const { cut } = await import('./dag.ts')
    const tree = await cut(this.#parts.suite.hash, bytes, (done) => tell({ bytes: done, total }), signal)
    await this.#keep(tree, Date.now() + ttlMs, signal)
    return tree.root.cid.toString()
  }

  async forget(root: Address): Promise<void> {
    await (await this.#parts.kept()).forget(root)
  }

  async #keep(tree: Tree, untilMs: number, signal: AbortSignal): Promise<void> {
    const kept = await this.#parts.kept()
    await kept.keep(tree, untilMs, signal)
    const startMs = Date.now()
    const expiresAt = await this.provide([tree.root], untilMs - startMs, signal)
    this.#renewAt(Math.min(untilMs, renewAtMs(startMs, expiresAt)))
  }

  #renewAt(atMs: number): void {
    this.#renewal = Math.min(this.#renewal, atMs)
    this.#parts.renewals.set('contents', this.#renewal, () => this.#renewed())
  }

  /** All that is kept is provided together, a day at a time; what is over is kept no more. Resolves to when it is again. */
  async #renewed(): Promise<number | undefined> {
    const kept = await this.#parts.kept()
    const startMs = Date.now()
    for (const { root, untilMs } of kept.contents) if (untilMs <= startMs) await kept.forget(root)
    this.#renewal = Number.POSITIVE_INFINITY
    const untilMs = kept.contents.map((content) => content.untilMs)
    if (untilMs.length === 0) return undefined
    const roots = kept.contents.map(({ root }) => root)
    const ttlMs = Math.max(...untilMs) - startMs
    const expiresAt = await this.provide(roots, ttlMs, new AbortController().signal)
    this.#renewal = Math.min(renewAtMs(startMs, expiresAt), ...untilMs)
    return this.#renewal
  }

  /** By one signature. Resolves to when it is over. */
  async provide(all: readonly Address[], ttlMs: number, signal: AbortSignal): Promise<number> {
    const { identity, asking, region } = this.#parts
    const ttlSeconds = secondsOf('provided', ttlMs)
    const keys = all.map(({ block }) => block.digest)
    return asking.provide(
      await signProvided(identity, keys, { ttlSeconds, region: region(), createdMs: Date.now() }),
      signal,
    )
  }

  // ---- getting -------------------------------------------------------------------------------------------------

  async get(
    root: Address,
    provide: boolean,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const kept = await this.#parts.kept()
    const value = kept.has(root) || root.codec !== RAW ? undefined : await this.#value(root, signal)
    if (value !== undefined) {
      tell({ bytes: value.length, total: value.length })
      if (provide) await this.#keepForOthers(root, [{ address: root, bytes: value }], signal)
      return value
    }
    const { readNode } = await import('./dag.ts')
    const blocks: Block[] = []
    let fetching: Promise<Fetching> | undefined
    const block = async ({ block: name }: Address) => {
      const here = await kept.get(name)
      if (here !== undefined) return here
      fetching ??= this.#fetching(root, signal)
      return orAborted(
        fetching.then((open) => open.block(name)),
        signal,
      )
    }
    let reason: unknown = new WaypostError('closed', 'nothing more is wanted')
    try {
      const content = await assemble(
        root,
        {
          block,
          readNode,
          progressed: (bytes, total) => {
            if (provide && !kept.has(root) && !kept.hasRoom(total)) throw noRoom()
            tell({ bytes, total })
          },
          took: (taken) => provide && blocks.push(taken),
        },
        signal,
      )
      if (provide) await this.#keepForOthers(root, blocks, signal)
      return content
    } catch (problem) {
      reason = problem
      throw problem
    } finally {
      void fetching
        ?.then(
          (open) => open.close(reason),
          () => {},
        )
        .finally(() => this.#nextTurn())
    }
  }

  async #keepForOthers(root: Address, blocks: readonly Block[], signal: AbortSignal): Promise<void> {
    const untilMs = Date.now() + DHT_TTL_SECONDS_MOST.value * 1_000
    await this.#keep({ root, blocks }, untilMs, signal)
  }

  /** Of the edge, where it has it; a CID of raw bytes does not say how many they are. */
  async #value({ block }: Address, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const found = await this.#parts.asking.record(block.digest, 'value', signal)
    const value = found?.record.kind === 'value' ? readValue(found.record.bytes) : undefined
    return value?.code === block.code ? value.value.slice() : undefined
  }

  async #fetching(root: Address, signal: AbortSignal): Promise<Fetching> {
    if (++this.#fetchings > EXCHANGE_CONTENTS_MAX)
      await new Promise<void>((resolve) => this.#turns.push(resolve))
    signal.throwIfAborted()
    const { asking, suite, id, open, visits, dropped } = this.#parts
    const providers = await asking.providers(root.block.digest, EXCHANGE_PEERS_MAX, signal)
    const others = providers.map(({ peer }) => peer).filter((peer) => peer !== id)
    if (others.length === 0) throw new WaypostError('not-found', `nobody provides ${root.cid}`)
    const visit = visits.begin(signal)
    return new Fetching(
      {
        hash: suite.hash,
        open: (peer) => open(peer, BLOCKS_LABEL),
        more: () => visit.meet(others.filter((peer) => !visits.isReachable(peer))),
        closed: () => visit.end(),
        dropped,
      },
      others.filter((peer) => visits.isReachable(peer)),
    )
  }

  #nextTurn(): void {
    this.#fetchings--
    this.#turns.shift()?.()
  }
}

/** Whole seconds, within what may be said. */
export function secondsOf(kind: keyof typeof DHT_TTL_SECONDS_MOST, ms: number): number {
  return Math.min(DHT_TTL_SECONDS_MOST[kind], Math.max(DHT_TTL_SECONDS_LEAST, Math.ceil(ms / 1_000)))
}
