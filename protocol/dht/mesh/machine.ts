// A node of the mesh: finds, keeps and carries. See README.md beside this.
//
// Invariants
// 1. A request goes on to one neighbour at a time, whose place is proven; and a node carries a lookup once.
// 2. Of a request that is not answered nothing is left after its time; a lookup of our own is done exactly once.
// 3. Nothing is kept, and nothing is called found, that was not verified.
// 4. What neighbours make it hold is bounded: by their number, by requests of each, by what is verified at once, by what is held.

import type { DropReason } from '../../drops.ts'
import {
  MESH_DETOURS,
  MESH_HOP_MS,
  MESH_HOP_MS_MIN,
  MESH_HOPS_MAX,
  MESH_LOOKUPS_MAX,
  MESH_NEAR,
  MESH_NODES_MAX,
  MESH_PATH_MS,
  MESH_PATHS,
  MESH_PATHS_MAX,
  MESH_STORE_DETOURS,
  MESH_STORE_PATHS,
  MESH_TRIES_MAX,
  MESH_VERIFYING_MAX,
} from '../../limits.ts'
import { type Random, randomU32 } from '../../machine.ts'
import type { MeshRefusal } from '../../wire/registry.ts'
import type { Key } from '../contract.ts'
import { Carried, type Carry } from './carried.ts'
import type { Checked, Given, MeshConfig, MeshEffect, MeshInput, MeshMachine, Neighbour } from './contract.ts'
import { Held } from './held.ts'
import { Links } from './links.ts'
import { Lookup } from './lookup.ts'
import {
  type Answer,
  type Ask,
  type AskKind,
  encodeMesh,
  isAsk,
  type MeshMessage,
  tryDecodeMesh,
} from './messages.ts'
import type { Entry } from './neighbours.ts'
import { isNearer, NODE_BYTES, type NodeId } from './node.ts'
import { Patience } from './patience.ts'
import { Published } from './published.ts'
import { Seen } from './seen.ts'

/** Of what a path brought: several things may be verified, and it agrees once. */
interface Brought {
  readonly hops: number
  agreed: boolean
}

type Task =
  | { readonly kind: 'keep'; readonly carry: Carry; readonly from: Entry }
  | { readonly kind: 'find'; readonly lookup: Lookup; readonly from: Entry; readonly brought: Brought }

const FINDS = { nodes: 'findNode', value: 'findValue', providers: 'getProviders' } as const
const PUTS = { record: 'store', provided: 'addProvider' } as const
const ANSWERS: Readonly<Record<AskKind, readonly Answer['kind'][]>> = {
  findNode: ['nodes', 'refused'],
  findValue: ['record', 'nodes', 'refused'],
  getProviders: ['providers', 'nodes', 'refused'],
  store: ['stored', 'refused'],
  addProvider: ['stored', 'refused'],
}
const NOTHING = new Uint8Array()

const isPut = (kind: AskKind) => kind === 'store' || kind === 'addProvider'
const givenOf = (kind: AskKind): Given => (kind === 'store' || kind === 'findValue' ? 'record' : 'provided')
const oneMore = (hops: number) => Math.min(MESH_HOPS_MAX, hops + 1)

export class MeshNode implements MeshMachine {
  readonly #self: NodeId
  readonly #random: Random
  readonly #paths: number | undefined
  readonly #pathsMax: number
  readonly #links: Links
  readonly #held: Held
  readonly #seen = new Seen()
  readonly #carried = new Carried()
  readonly #patience = new Patience()
  readonly #published = new Published()
  readonly #lookups = new Set<Lookup>()
  readonly #tasks = new Map<number, Task>()
  /** Tasks that are others'. */
  #keeping = 0
  #nextTask = 1
  #nextToken: number
  #nowMs = 0
  #effects: MeshEffect[] = []

  constructor({ self, random, paths, pathsMax }: MeshConfig) {
    if (self.length !== NODE_BYTES) throw new RangeError(`self has ${self.length} bytes, not ${NODE_BYTES}`)
    this.#self = self
    this.#random = random
    this.#paths = paths
    this.#pathsMax = pathsMax ?? MESH_PATHS_MAX
    this.#links = new Links(self, random, (effect) => this.#effects.push(effect))
    this.#held = new Held(self)
    this.#nextToken = randomU32(random)
  }

  get heldRecords(): number {
    return this.#held.records
  }

  get neighbours(): number {
    return this.#links.neighbours.size
  }

  get wakeAtMs(): number | undefined {
    const times = [this.#links.wakeAtMs, this.#carried.wakeAtMs, this.#published.wakeAtMs]
    for (const { wakeAtMs } of this.#lookups) times.push(wakeAtMs)
    const due = times.filter((time) => time !== undefined)
    return due.length === 0 ? undefined : Math.min(...due)
  }

  receive(input: MeshInput, nowMs: number): readonly MeshEffect[] {
    this.#effects = []
    this.#nowMs = nowMs
    this.#receive(input)
    this.#settle()
    return this.#effects
  }

  #receive(input: MeshInput): void {
    switch (input.kind) {
      case 'linked':
        return this.#links.linked(input, this.#nowMs)
      case 'unlinked':
        return this.#unlinked(input.neighbour)
      case 'message':
        return this.#message(input.neighbour, input.bytes)
      case 'find':
        return this.#begin(input.lookup, FINDS[input.wanted], input.key)
      case 'put':
        return this.#begin(input.lookup, PUTS[input.given], input.key, input.item)
      case 'cancel':
        for (const lookup of this.#lookups) if (lookup.plan.host === input.lookup) this.#forgets(lookup)
        return
      case 'publish':
        return this.#published.add(input, this.#nowMs)
      case 'retract':
        return this.#published.remove(input.key)
      case 'verified':
        return this.#verified(input.task, input.item)
      case 'wake':
        return this.#wakes()
    }
  }

  // ---- links ----------------------------------------------------------------------------------------------------

  #unlinked(neighbour: Neighbour): void {
    this.#links.unlinked(neighbour, this.#nowMs)
    this.#carried.takeFrom(neighbour)
    for (const carry of this.#carried.takeSentTo(neighbour)) this.#onward(carry)
  }

  #wakes(): void {
    this.#links.wakes(this.#nowMs)
    for (const carry of this.#carried.takeOverdue(this.#nowMs)) {
      if (carry.asked !== undefined) this.#links.lapsed(carry.asked, this.#nowMs)
      this.#ends(carry, 'late')
    }
    for (;;) {
      const due = this.#published.takeDue(this.#nowMs, this.#random())
      if (due === undefined) return
      if (this.#lookups.size < MESH_LOOKUPS_MAX) this.#begin(undefined, PUTS[due.given], due.key, due.item)
    }
  }

  #message(neighbour: Neighbour, bytes: Uint8Array): void {
    const entry = this.#links.neighbours.get(neighbour)
    if (entry === undefined) return this.#drop('unknown-peer', neighbour)
    if (!this.#links.neighbours.hears(entry, bytes.length, this.#nowMs))
      return this.#drop('rate-limited', neighbour)
    const message = tryDecodeMesh(bytes)
    if (message === undefined) return this.#lie(entry, 'malformed')
    if (isAsk(message)) return this.#asked(entry, message)
    switch (message.kind) {
      case 'ping':
        return this.#send(entry, { kind: 'pong', token: message.token })
      case 'pong':
        if (!this.#links.pong(entry, message.token, this.#nowMs)) this.#drop('stale', neighbour)
        return
      default:
        return this.#answered(entry, message)
    }
  }

  // ---- carrying -------------------------------------------------------------------------------------------------

  #asked(entry: Entry, ask: Ask): void {
    const refuse = (reason: MeshRefusal) => this.#send(entry, { kind: 'refused', token: ask.token, reason })
    if (!this.#links.neighbours.mayAsk(entry, this.#nowMs)) {
      this.#drop('rate-limited', entry.neighbour)
      return refuse('busy')
    }
    // Whoever has it says so, whatever else it carried: nobody can be kept from that by having it carry something first.
    if (this.#answersItself(entry, ask)) return
    if (!this.#carried.mayCarry(entry)) return refuse('busy')
    if (!this.#seen.add(ask.lookup)) return refuse('served')
    const carry: Carry = {
      ask,
      for: { entry, token: ask.token },
      deadlineMs: this.#nowMs + ask.withinMs,
      beganAtMs: this.#nowMs,
      tried: [],
      copies: 0,
      asked: undefined,
    }
    if (!isPut(ask.kind) || this.#links.neighbours.nearerThanUs(ask.key) >= MESH_NEAR)
      return this.#onward(carry)
    if (this.#keeping >= MESH_VERIFYING_MAX) return refuse('busy')
    this.#keeping++
    this.#verify({ kind: 'keep', carry, from: entry }, ask, ask.bytes)
  }

  #answersItself(entry: Entry, { kind, key, token }: Ask): boolean {
    if (kind === 'findValue') {
      const record = this.#held.record(key, this.#nowMs)
      if (record !== undefined) this.#send(entry, { kind: 'record', token, hops: 0, bytes: record.bytes })
      return record !== undefined
    }
    if (kind !== 'getProviders') return false
    const provided = this.#held.providers(key, this.#nowMs).map(({ bytes }) => bytes)
    if (provided.length > 0) this.#send(entry, { kind: 'providers', token, hops: 0, provided })
    return provided.length > 0
  }

  /** To the next neighbour, or to the end of this path. */
  #onward(carry: Carry): void {
    const { ask, tried } = carry
    const withinMs = Math.floor(carry.deadlineMs - this.#nowMs - MESH_HOP_MS)
    if (withinMs < MESH_HOP_MS_MIN) return this.#ends(carry, 'late')
    if (ask.hops === 0 || tried.length >= MESH_TRIES_MAX) return this.#ends(carry, undefined)
    const own = 'lookup' in carry.for ? carry.for.lookup : undefined
    const from = 'entry' in carry.for ? carry.for.entry.neighbour : undefined
    const next = this.#links.neighbours.next(
      ask.key,
      ({ neighbour }) => neighbour === from || tried.includes(neighbour) || own?.used.has(neighbour) === true,
    )
    // The first step of a path of ours may lead away: all paths begin at different neighbours.
    const isDetour = own === undefined && next !== undefined && !isNearer(next.node, this.#self, ask.key)
    if (next === undefined || (isDetour && ask.detours === 0)) {
      if (own !== undefined) own.exhausted = true
      return this.#ends(carry, undefined)
    }
    const token = this.#token()
    tried.push(next.neighbour)
    own?.used.add(next.neighbour)
    carry.asked = next
    this.#carried.wait(token, carry)
    const detours = isDetour ? ask.detours - 1 : ask.detours
    this.#send(next, { ...ask, token, hops: ask.hops - 1, detours, withinMs })
  }

  #answered(entry: Entry, answer: Answer): void {
    const carry = this.#carried.take(answer.token, entry.neighbour)
    if (carry === undefined) return this.#lie(entry, 'unexpected')
    if (carry === 'late') return this.#drop('stale', entry.neighbour)
    if (!ANSWERS[carry.ask.kind].includes(answer.kind)) {
      this.#lie(entry, 'unexpected')
      return this.#onward(carry)
    }
    if (answer.kind === 'refused') return this.#onward(carry)
    this.#links.neighbours.answered(entry)
    if ('lookup' in carry.for) return this.#pathAnswered(carry.for.lookup, carry, entry, answer)
    const { entry: to, token } = carry.for
    if (answer.kind !== 'stored') return this.#send(to, { ...answer, token, hops: oneMore(answer.hops) })
    this.#send(to, {
      kind: 'stored',
      token,
      hops: oneMore(answer.hops),
      copies: this.#copiesOf(carry, answer.copies),
    })
  }

  /** A chain cannot have left more copies than it has links. */
  #copiesOf({ ask, copies }: Carry, told: number): number {
    return copies + Math.min(told, ask.hops)
  }

  /** The path goes no further. */
  #ends(carry: Carry, why: 'late' | undefined): void {
    const { ask } = carry
    if ('lookup' in carry.for) return carry.for.lookup.pathEnds(0)
    const { entry, token } = carry.for
    if (isPut(ask.kind) && carry.copies > 0) {
      return this.#send(entry, { kind: 'stored', token, hops: 0, copies: carry.copies })
    }
    if (why !== undefined) return this.#send(entry, { kind: 'refused', token, reason: why })
    if (isPut(ask.kind)) return this.#send(entry, { kind: 'stored', token, hops: 0, copies: 0 })
    const nodes = ask.kind === 'findNode' ? this.#links.neighbours.nodesNear(ask.key, MESH_NODES_MAX) : []
    this.#send(entry, { kind: 'nodes', token, hops: 0, nodes })
  }

  #kept({ carry, from }: Task & { readonly kind: 'keep' }, item: Checked | undefined): void {
    const { ask } = carry
    this.#keeping--
    if (item === undefined) {
      this.#lie(from, 'unverified')
      if ('entry' in carry.for)
        this.#send(from, { kind: 'refused', token: carry.for.token, reason: 'invalid' })
      return
    }
    if (this.#held.put(givenOf(ask.kind), ask.key, item, this.#nowMs)) carry.copies = 1
    this.#onward(carry)
  }

  // ---- lookups of our own ---------------------------------------------------------------------------------------

  #begin(host: number | undefined, kind: AskKind, key: Key, item?: Checked): void {
    if (key.length !== NODE_BYTES) throw new RangeError(`key has ${key.length} bytes, not ${NODE_BYTES}`)
    if (this.#lookups.size >= MESH_LOOKUPS_MAX) throw new RangeError(`more than ${MESH_LOOKUPS_MAX} lookups`)
    const number = (BigInt(randomU32(this.#random)) << 32n) | BigInt(randomU32(this.#random))
    this.#seen.add(number)
    const paths = this.#paths ?? (isPut(kind) ? MESH_STORE_PATHS : MESH_PATHS)
    const bytes = item?.bytes ?? NOTHING
    const plan = { host, number, kind, key, bytes, paths, pathsMax: this.#pathsMax, nodesMax: MESH_NODES_MAX }
    const lookup = new Lookup(plan, this.#nowMs, this.#patienceMs)
    this.#lookups.add(lookup)
    const { neighbours } = this.#links
    if (item !== undefined) {
      const isOurs = neighbours.nearerThanUs(key) < MESH_NEAR
      if (isOurs && this.#held.put(givenOf(kind), key, item, this.#nowMs)) lookup.keeps(1)
    } else if (kind === 'findNode') lookup.namesNodes(neighbours.nodesNear(key, MESH_NODES_MAX))
    else this.#looksHere(lookup)
  }

  #looksHere(lookup: Lookup): void {
    const { kind, key } = lookup.plan
    const record = kind === 'findValue' ? this.#held.record(key, this.#nowMs) : undefined
    const items =
      record !== undefined ? [record] : kind === 'getProviders' ? this.#held.providers(key, this.#nowMs) : []
    for (const item of items) this.#brings(lookup, item)
    if (items.length > 0) lookup.agrees(0, this.#nowMs, this.#patienceMs)
  }

  #begins(lookup: Lookup): void {
    const { kind, key, bytes, number } = lookup.plan
    const detours = isPut(kind) ? MESH_STORE_DETOURS : MESH_DETOURS
    // As somebody would have asked us who has all its hops left.
    const ask: Ask = { kind, token: 0, lookup: number, hops: MESH_HOPS_MAX, detours, withinMs: 0, key, bytes }
    const deadlineMs = Math.min(lookup.deadlineMs, this.#nowMs + MESH_PATH_MS)
    lookup.pathBegins()
    const beganAtMs = this.#nowMs
    this.#onward({ ask, for: { lookup }, deadlineMs, beganAtMs, tried: [], copies: 0, asked: undefined })
  }

  #pathAnswered(
    lookup: Lookup,
    { beganAtMs, ask }: Carry,
    from: Entry,
    answer: Exclude<Answer, { kind: 'refused' }>,
  ): void {
    const hops = oneMore(answer.hops)
    lookup.pathEnds(hops)
    this.#patience.measured(this.#nowMs - beganAtMs)
    if (answer.kind === 'stored') return lookup.keeps(Math.min(answer.copies, ask.hops))
    if (answer.kind === 'nodes') {
      lookup.namesNodes(answer.nodes)
      if (ask.kind === 'findNode') lookup.agrees(hops, this.#nowMs, this.#patienceMs)
      return
    }
    const brought = { hops, agreed: false }
    for (const bytes of answer.kind === 'record' ? [answer.bytes] : answer.provided) {
      if (lookup.knows(bytes)) this.#agrees(lookup, brought)
      else {
        lookup.verifies()
        this.#verify({ kind: 'find', lookup, from, brought }, lookup.plan, bytes)
      }
    }
  }

  #found({ lookup, from, brought }: Task & { readonly kind: 'find' }, item: Checked | undefined): void {
    if (!this.#lookups.has(lookup)) return
    lookup.verified()
    if (item === undefined) return this.#lie(from, 'unverified')
    this.#brings(lookup, item)
    this.#agrees(lookup, brought)
  }

  #brings(lookup: Lookup, item: Checked): void {
    const { host } = lookup.plan
    if (lookup.brings(item) && host !== undefined) this.#effects.push({ kind: 'found', lookup: host, item })
  }

  #agrees(lookup: Lookup, brought: Brought): void {
    if (!brought.agreed) lookup.agrees(brought.hops, this.#nowMs, this.#patienceMs)
    brought.agreed = true
  }

  #forgets(lookup: Lookup): void {
    this.#lookups.delete(lookup)
    this.#carried.takeOf(lookup)
  }

  /** Whatever happened: lookups have the paths they want, and those that are over are done. */
  #settle(): void {
    for (const lookup of this.#lookups) {
      lookup.waited(this.#nowMs, this.#patienceMs)
      while (!lookup.isOver(this.#nowMs) && lookup.wantsPath) this.#begins(lookup)
      if (!lookup.isOver(this.#nowMs)) continue
      this.#forgets(lookup)
      const { host } = lookup.plan
      if (host !== undefined) this.#effects.push({ kind: 'done', lookup: host, result: lookup.result })
    }
  }

  // ---- tools ----------------------------------------------------------------------------------------------------

  get #patienceMs(): number {
    return this.#patience.ms(this.#links.neighbours.medianRoundTripMs)
  }

  #verify(task: Task, of: { readonly kind: AskKind; readonly key: Key }, bytes: Uint8Array): void {
    const number = this.#nextTask++
    this.#tasks.set(number, task)
    this.#effects.push({ kind: 'verify', task: number, given: givenOf(of.kind), key: of.key, bytes })
  }

  #verified(number: number, item: Checked | undefined): void {
    const task = this.#tasks.get(number)
    if (task === undefined) throw new RangeError(`no task ${number} is under way`)
    this.#tasks.delete(number)
    if (task.kind === 'keep') this.#kept(task, item)
    else this.#found(task, item)
  }

  #token(): number {
    do this.#nextToken = (this.#nextToken + 1) >>> 0
    while (!this.#carried.isFree(this.#nextToken))
    return this.#nextToken
  }

  /** To whoever is still there. */
  #send({ neighbour }: Entry, message: MeshMessage): void {
    if (this.#links.neighbours.get(neighbour) === undefined) return
    this.#effects.push({ kind: 'send', neighbour, bytes: encodeMesh(message) })
  }

  #lie(entry: Entry, reason: DropReason): void {
    this.#links.neighbours.faulted(entry)
    this.#drop(reason, entry.neighbour)
  }

  #drop(reason: DropReason, neighbour: Neighbour): void {
    this.#effects.push({ kind: 'drop', reason, neighbour })
  }
}
