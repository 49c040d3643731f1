// Our own lookups: begun, given paths, and done; and what we keep published, which is put by lookups nobody is told of.

import {
  MESH_COPIES_OF_PATH,
  MESH_DETOURS,
  MESH_DETOURS_THOROUGH,
  MESH_HOPS_MAX,
  MESH_LOOKUPS_MAX,
  MESH_NEAR,
  MESH_NODES_MAX,
  MESH_PATH_MS,
  MESH_PATHS,
  MESH_PATHS_MAX,
  MESH_PUBLISHING_MAX,
  MESH_STORE_DETOURS,
  MESH_STORE_PATHS,
} from '../../limits/mesh.ts'
import { randomU32 } from '../../machine.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { Key } from '../contract.ts'
import type { OwnPath, PathAnswer } from './carried.ts'
import { type Carrier, givenOf, isPut, oneMore } from './carrier.ts'
import type { Checked, Given, MeshConfig } from './contract.ts'
import type { Ground } from './ground.ts'
import { Lookup } from './lookup.ts'
import type { AskKind } from './messages.ts'
import type { Entry } from './neighbours.ts'
import { NODE_BYTES } from './node.ts'
import { Patience } from './patience.ts'
import { Published } from './published.ts'

/** What one path brought: several things may be verified, and it agrees once. */
interface Brought {
  readonly hops: number
  agreed: boolean
}

const PUTS = { record: 'store', provided: 'addProvider' } as const
const NOTHING = new Uint8Array()

export class Searches {
  readonly #ground: Ground
  readonly #carrier: Carrier
  readonly #config: Pick<MeshConfig, 'paths' | 'pathsMax'>
  readonly #patience = new Patience()
  readonly #published = new Published()
  /** Each with those of its paths that are under way. */
  readonly #lookups = new Map<Lookup, Set<OwnPath>>()
  /** How many of them nobody is told of. */
  #publishing = 0

  constructor(ground: Ground, carrier: Carrier, config: Pick<MeshConfig, 'paths' | 'pathsMax'>) {
    this.#ground = ground
    this.#carrier = carrier
    this.#config = config
  }

  get wakeAtMs(): number | undefined {
    let first = this.#published.wakeAtMs
    for (const { wakeAtMs } of this.#lookups.keys())
      if (first === undefined || wakeAtMs < first) first = wakeAtMs
    return first
  }

  find(host: number, kind: AskKind, key: Key, isThorough: boolean): void {
    const detours = isThorough ? MESH_DETOURS_THOROUGH : MESH_DETOURS
    const lookup = this.#begin(host, kind, key, NOTHING, detours)
    const { held, links, nowMs } = this.#ground
    if (kind === 'findNode') return lookup.namesNodes(links.neighbours.nodesNear(key, MESH_NODES_MAX))
    const record = kind === 'findValue' ? held.record(key, nowMs) : undefined
    const here = kind === 'getProviders' ? held.providers(key, nowMs) : record === undefined ? [] : [record]
    for (const item of here) this.#brings(lookup, item)
    if (here.length > 0) lookup.agrees(0, nowMs, this.#patienceMs)
  }

  put(host: number | undefined, given: Given, key: Key, item: Checked): void {
    const lookup = this.#begin(host, PUTS[given], key, item.bytes, MESH_STORE_DETOURS)
    const { held, links, nowMs } = this.#ground
    const isNear = links.neighbours.nearerThanUs(key) < MESH_NEAR
    if (isNear && held.put(given, key, item, nowMs)) lookup.keeps(1)
  }

  publish(given: Given, key: Key, item: Checked): void {
    this.#published.add({ given, key: key.slice(), item }, this.#ground.nowMs)
  }

  retract(key: Key): void {
    this.#published.remove(key)
  }

  cancel(host: number): void {
    for (const lookup of this.#lookups.keys()) if (lookup.plan.host === host) this.#forgets(lookup)
  }

  wakes(): void {
    const { nowMs, random } = this.#ground
    while (this.#publishing < MESH_PUBLISHING_MAX) {
      const due = this.#published.takeDue(nowMs, random())
      if (due === undefined) return
      this.put(undefined, due.given, due.key, due.item)
    }
    this.#published.postpone(nowMs)
  }

  /** Whatever happened: lookups have the paths they want, and those that are over are done. */
  settle(): void {
    const { nowMs } = this.#ground
    for (const lookup of this.#lookups.keys()) {
      lookup.waited(nowMs, this.#patienceMs)
      while (!lookup.isOver(nowMs) && lookup.wantsPath) this.#beginsPath(lookup)
      if (!lookup.isOver(nowMs)) continue
      if (nowMs < lookup.deadlineMs && lookup.wantsReadBack) this.#readsBack(lookup)
      if (!lookup.isOver(nowMs)) continue
      this.#forgets(lookup)
      const { host } = lookup.plan
      if (host !== undefined) this.#ground.do({ kind: 'done', lookup: host, result: lookup.result })
    }
  }

  #begin(host: number | undefined, kind: AskKind, key: Key, bytes: Uint8Array, detours: number): Lookup {
    if (key.length !== NODE_BYTES) throw new RangeError(`key has ${key.length} bytes, not ${NODE_BYTES}`)
    if (host !== undefined && this.#lookups.size - this.#publishing >= MESH_LOOKUPS_MAX)
      throw new RangeError(`more than ${MESH_LOOKUPS_MAX} lookups`)
    if (host === undefined) this.#publishing++
    const { nowMs } = this.#ground
    const finding = {
      paths: this.#config.paths ?? MESH_PATHS,
      pathsMax: this.#config.pathsMax ?? MESH_PATHS_MAX,
    }
    const storing = { paths: MESH_STORE_PATHS, pathsMax: MESH_PATHS_MAX }
    const plan = {
      host,
      number: this.#number(),
      kind,
      key: key.slice(),
      bytes,
      detours,
      ...(isPut(kind) ? storing : finding),
    }
    const lookup = new Lookup(plan, nowMs, this.#patienceMs)
    this.#lookups.set(lookup, new Set())
    return lookup
  }

  #beginsPath(lookup: Lookup): void {
    const { kind, key, bytes, number, detours } = lookup.plan
    const beganAtMs = this.#ground.nowMs
    const usedBefore = lookup.used.size
    const paths = this.#lookups.get(lookup)
    const path: OwnPath = {
      used: lookup.used,
      answered: (answer, from) => {
        paths?.delete(path)
        this.#patience.measured(this.#ground.nowMs - beganAtMs)
        this.#pathAnswered(lookup, from, answer)
      },
      ended: () => {
        paths?.delete(path)
        if (lookup.used.size === usedBefore) lookup.pathFails()
        else lookup.pathEnds(0)
      },
    }
    lookup.pathBegins()
    paths?.add(path)
    this.#asks(kind, key, bytes, number, detours, lookup.deadlineMs, path)
  }

  /**
   * One path that looks for what was put, by a neighbour that has not seen it: whoever only says that it stored it is found out, or else
   * does no harm.
   */
  #readsBack(lookup: Lookup): void {
    const { kind, key, bytes } = lookup.plan
    const usedBefore = lookup.used.size
    const paths = this.#lookups.get(lookup)
    const isOver = (isThere: boolean) => {
      paths?.delete(path)
      lookup.wasReadBack(isThere)
    }
    const path: OwnPath = {
      used: lookup.used,
      answered: (answer) => {
        const told =
          answer.kind === 'record' ? [answer.bytes] : answer.kind === 'providers' ? answer.provided : []
        isOver(told.some((one) => equalBytes(one, bytes)))
      },
      ended: () => isOver(lookup.used.size === usedBefore),
    }
    lookup.readsBack()
    paths?.add(path)
    const asks = kind === 'store' ? 'findValue' : 'getProviders'
    this.#asks(asks, key, NOTHING, this.#number(), MESH_DETOURS, lookup.deadlineMs, path)
  }

  #asks(
    kind: AskKind,
    key: Key,
    bytes: Uint8Array,
    lookup: bigint,
    detours: number,
    deadlineMs: number,
    path: OwnPath,
  ): void {
    // As somebody would have asked us who has everything left.
    const withinMs = Math.min(MESH_PATH_MS, deadlineMs - this.#ground.nowMs)
    this.#carrier.begin({ kind, token: 0, lookup, hops: MESH_HOPS_MAX, detours, withinMs, key, bytes }, path)
  }

  /** Of a new lookup, that is not to come back through us. */
  #number(): bigint {
    const { random } = this.#ground
    const number = (BigInt(randomU32(random)) << 32n) | BigInt(randomU32(random))
    this.#carrier.originates(number)
    return number
  }

  #pathAnswered(lookup: Lookup, from: Entry, answer: PathAnswer): void {
    const { kind, key } = lookup.plan
    const hops = oneMore(answer.hops)
    lookup.pathEnds(hops)
    if (answer.kind === 'stored') return lookup.keeps(Math.min(answer.copies, MESH_COPIES_OF_PATH))
    if (answer.kind === 'nodes') {
      lookup.namesNodes(answer.nodes)
      if (kind === 'findNode') lookup.agrees(hops, this.#ground.nowMs, this.#patienceMs)
      else lookup.pathIsFruitless()
      return
    }
    const brought: Brought = { hops, agreed: false }
    for (const bytes of answer.kind === 'record' ? [answer.bytes] : answer.provided) {
      if (lookup.knows(bytes)) this.#agrees(lookup, brought)
      else {
        lookup.verifies()
        this.#ground.verify(givenOf(kind), key, bytes, (item) => this.#found(lookup, from, brought, item))
      }
    }
  }

  #found(lookup: Lookup, from: Entry, brought: Brought, item: Checked | undefined): void {
    if (!this.#lookups.has(lookup)) return
    lookup.verified()
    if (item === undefined) return this.#ground.lie(from, 'unverified')
    this.#brings(lookup, item)
    this.#agrees(lookup, brought)
  }

  #brings(lookup: Lookup, item: Checked): void {
    const { host } = lookup.plan
    if (lookup.brings(item) && host !== undefined) this.#ground.do({ kind: 'found', lookup: host, item })
  }

  #agrees(lookup: Lookup, brought: Brought): void {
    if (!brought.agreed) lookup.agrees(brought.hops, this.#ground.nowMs, this.#patienceMs)
    brought.agreed = true
  }

  #forgets(lookup: Lookup): void {
    const paths = this.#lookups.get(lookup)
    this.#lookups.delete(lookup)
    if (lookup.plan.host === undefined) this.#publishing--
    if (paths !== undefined && paths.size > 0) this.#carrier.forget(paths)
  }

  get #patienceMs(): number {
    return this.#patience.ms(this.#ground.links.neighbours.medianRoundTripMs)
  }
}
