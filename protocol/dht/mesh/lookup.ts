// One lookup of our own: how many paths it has and may have, what they brought, and when that is enough.

import {
  MESH_COPIES,
  MESH_COPIES_DOUBTED,
  MESH_LOOKUP_MS,
  MESH_NODES_MAX,
  MESH_PATHS_AFTER_NOTHING,
  MESH_QUORUM,
} from '../../limits/mesh.ts'
import { toBase64url } from '../../wire/base64url.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { Key } from '../contract.ts'
import { compareVersions } from '../records/compare.ts'
import type { Checked, LookupResult, Neighbour } from './contract.ts'
import type { AskKind } from './messages.ts'
import { byDistance, type NodeId } from './node.ts'

export interface LookupPlan {
  /** The host's name for it; undefined: the host is told nothing. */
  readonly host: number | undefined
  readonly number: bigint
  readonly kind: AskKind
  readonly key: Key
  /** What is to be stored. */
  readonly bytes: Uint8Array
  readonly detours: number
  readonly paths: number
  readonly pathsMax: number
}

export class Lookup {
  readonly plan: LookupPlan
  readonly deadlineMs: number
  /** Neighbours a path began at, or tried to. */
  readonly used = new Set<Neighbour>()
  /** No neighbour is left to begin at. */
  exhausted = false
  #active = 0
  #begun = 0
  #allowed: number
  #verifying = 0
  /** Paths that brought what was verified. */
  #agreed = 0
  #moreAtMs: number
  #graceAtMs: number | undefined
  #best: Checked | undefined
  readonly #providers = new Map<string, Checked>()
  readonly #nodes = new Map<string, NodeId>()
  #copies = 0
  /** Of a put: how it is known whether it can be found. */
  #readBack: 'not yet' | 'under way' | 'over' = 'not yet'
  #hops = 0
  #hopsOfFirst: number | undefined

  constructor(plan: LookupPlan, nowMs: number, patienceMs: number) {
    this.plan = plan
    this.deadlineMs = nowMs + MESH_LOOKUP_MS
    this.#allowed = plan.paths
    this.#moreAtMs = nowMs + patienceMs
  }

  /** For `wake`: when it wants to be looked at though nothing came. */
  get wakeAtMs(): number {
    const more = this.#mayBeginMore ? this.#moreAtMs : this.deadlineMs
    return Math.min(this.deadlineMs, more, this.#graceAtMs ?? more)
  }

  /** A path is to be begun now. */
  get wantsPath(): boolean {
    if (!this.#mayBeginMore || this.#active >= this.#allowed || this.#readBack === 'under way') return false
    return this.#agreed === 0 || this.#agreed + this.#active + this.#verifying < MESH_QUORUM
  }

  get isPut(): boolean {
    return this.plan.kind === 'store' || this.plan.kind === 'addProvider'
  }

  /** What was put is over, and nobody knows yet whether it is there. */
  get wantsReadBack(): boolean {
    return this.isPut && this.#readBack === 'not yet' && this.#mayBeginMore
  }

  readsBack(): void {
    this.#readBack = 'under way'
  }

  /** `isThere`: or nobody is left to ask. Otherwise some of what was told is not believed, so that further paths begin. */
  wasReadBack(isThere: boolean): void {
    this.#readBack = isThere ? 'over' : 'not yet'
    if (!isThere) this.#copies = Math.min(this.#copies, MESH_COPIES) - MESH_COPIES_DOUBTED
  }

  get #mayBeginMore(): boolean {
    return !this.exhausted && this.#begun < this.plan.pathsMax
  }

  pathBegins(): void {
    this.#active++
    this.#begun++
  }

  pathEnds(hops: number): void {
    this.#active--
    this.#hops = Math.max(this.#hops, hops)
  }

  /** A path brought nothing. */
  pathIsFruitless(): void {
    this.#allowed += MESH_PATHS_AFTER_NOTHING
  }

  /** There was nobody to begin it at. */
  pathFails(): void {
    this.#active--
    this.#begun--
    this.exhausted = true
  }

  /** Paths have been silent for so long: one more beside them. */
  waited(nowMs: number, patienceMs: number): void {
    if (nowMs < this.#moreAtMs) return
    this.#allowed++
    this.#moreAtMs = nowMs + patienceMs
  }

  isOver(nowMs: number): boolean {
    if (nowMs >= this.deadlineMs || (this.#graceAtMs !== undefined && nowMs >= this.#graceAtMs)) return true
    if (this.#readBack === 'under way') return false
    if (this.#active === 0 && this.#verifying === 0 && !this.wantsPath) return true
    if (this.isPut) return this.#copies >= MESH_COPIES
    return this.#best?.final === true || this.#agreed >= MESH_QUORUM
  }

  knows(bytes: Uint8Array): boolean {
    if (this.#best !== undefined && equalBytes(this.#best.bytes, bytes)) return true
    for (const item of this.#providers.values()) if (equalBytes(item.bytes, bytes)) return true
    return false
  }

  verifies(): void {
    this.#verifying++
  }

  verified(): void {
    this.#verifying--
  }

  /** A path brought something good: what else there is to come shall come soon. */
  agrees(hops: number, nowMs: number, patienceMs: number): void {
    this.#agreed++
    this.#hopsOfFirst ??= hops
    this.#graceAtMs ??= nowMs + patienceMs
  }

  /** Whether it is news. */
  brings(item: Checked): boolean {
    if (this.plan.kind === 'getProviders') {
      const name = toBase64url(item.peer ?? item.digest)
      if (this.#providers.has(name)) return false
      this.#providers.set(name, item)
      return true
    }
    if (this.#best !== undefined && compareVersions(item, this.#best) <= 0) return false
    this.#best = item
    return true
  }

  namesNodes(nodes: readonly NodeId[]): void {
    for (const node of nodes) this.#nodes.set(toBase64url(node), node.slice())
  }

  keeps(copies: number): void {
    this.#copies += copies
  }

  get result(): LookupResult {
    const items = this.#best === undefined ? [...this.#providers.values()] : [this.#best]
    const nodes = [...this.#nodes.values()].sort(byDistance(this.plan.key)).slice(0, MESH_NODES_MAX)
    const hops = this.#hopsOfFirst ?? this.#hops
    return { items, nodes, copies: this.#copies, hops, paths: this.#begun }
  }
}
