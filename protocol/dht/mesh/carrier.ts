// Carrying requests towards their keys, neighbour by neighbour, and the answers back: for others, and the paths of our own lookups.

import {
  MESH_DETOURS,
  MESH_HOP_MS,
  MESH_HOP_MS_MIN,
  MESH_HOPS_MAX,
  MESH_NEAR,
  MESH_NODES_MAX,
  MESH_SILENCE_MS,
  MESH_TRIES_MAX,
  MESH_VERIFYING_MAX,
} from '../../limits/mesh.ts'
import { randomU32 } from '../../machine.ts'
import type { MeshRefusal } from '../../wire/registry.ts'
import { compareDistance } from '../place.ts'
import { Carried, type Carry, type OwnPath, type PathAnswer } from './carried.ts'
import type { Checked, Given, Neighbour } from './contract.ts'
import type { Ground } from './ground.ts'
import type { Answer, Ask, AskKind } from './messages.ts'
import type { Entry } from './neighbours.ts'
import { Seen } from './seen.ts'

const ANSWERS: Readonly<Record<AskKind, readonly Answer['kind'][]>> = {
  findNode: ['nodes', 'refused'],
  findValue: ['record', 'nodes', 'refused'],
  getProviders: ['providers', 'nodes', 'refused'],
  store: ['stored', 'refused'],
  addProvider: ['stored', 'refused'],
}

export const isPut = (kind: AskKind) => kind === 'store' || kind === 'addProvider'
export const givenOf = (kind: AskKind): Given =>
  kind === 'store' || kind === 'findValue' ? 'record' : 'provided'

/** One link more; never more than can be said, whatever was told. */
export const oneMore = (hops: number) => Math.min(MESH_HOPS_MAX, hops + 1)

export class Carrier {
  readonly #ground: Ground
  readonly #seen = new Seen()
  readonly #carried = new Carried()
  /** Of what others want stored, or is passed back to them. */
  #verifying = 0
  #nextToken: number

  constructor(ground: Ground) {
    this.#ground = ground
    this.#nextToken = randomU32(ground.random)
  }

  get wakeAtMs(): number | undefined {
    return this.#carried.wakeAtMs
  }

  // ---- our own --------------------------------------------------------------------------------------------------

  /** What comes back to us of it shall not go through us. */
  originates(lookup: bigint): void {
    this.#seen.add(lookup)
  }

  begin(ask: Ask, path: OwnPath): void {
    const deadlineMs = this.#ground.nowMs + ask.withinMs
    this.#onward({
      ask,
      for: path,
      deadlineMs,
      tried: [],
      deviated: 0,
      copies: 0,
      flying: 0,
      checking: 0,
      over: false,
    })
  }

  forget(paths: ReadonlySet<OwnPath>): void {
    this.#carried.forget((carry) => !('entry' in carry.for) && paths.has(carry.for))
  }

  // ---- others' --------------------------------------------------------------------------------------------------

  asked(entry: Entry, ask: Ask): void {
    const { links, nowMs } = this.#ground
    const refuse = (reason: MeshRefusal) =>
      this.#ground.send(entry, { kind: 'refused', token: ask.token, reason })
    if (!links.neighbours.mayAsk(entry, nowMs)) {
      this.#ground.drop('rate-limited', entry.neighbour)
      return refuse('busy')
    }
    // Whoever has it says so, whatever else it carried: nobody can be kept from that by having it carry something first.
    if (this.#answersItself(entry, ask)) return
    if (!this.#carried.mayCarry(entry)) return refuse('busy')
    if (!this.#seen.add(ask.lookup)) return refuse('served')
    const carry: Carry = {
      ask,
      for: { entry, token: ask.token },
      deadlineMs: nowMs + ask.withinMs,
      tried: [],
      deviated: 0,
      copies: 0,
      flying: 0,
      checking: 0,
      over: false,
    }
    if (!isPut(ask.kind) || links.neighbours.nearerThanUs(ask.key) >= MESH_NEAR) return this.#onward(carry)
    if (this.#verifying >= MESH_VERIFYING_MAX) return refuse('busy')
    this.#verifying++
    this.#ground.verify(givenOf(ask.kind), ask.key, ask.bytes, (item) => this.#kept(carry, entry, item))
  }

  #answersItself(entry: Entry, { kind, key, token }: Ask): boolean {
    const { held, nowMs } = this.#ground
    if (kind === 'findValue') {
      const record = held.record(key, nowMs)
      if (record !== undefined)
        this.#ground.send(entry, { kind: 'record', token, hops: 0, bytes: record.bytes })
      return record !== undefined
    }
    if (kind !== 'getProviders') return false
    const provided = held.providers(key, nowMs).map(({ bytes }) => bytes)
    if (provided.length > 0) this.#ground.send(entry, { kind: 'providers', token, hops: 0, provided })
    return provided.length > 0
  }

  /** What is near is kept before it goes on; so what does not verify goes no further. */
  #kept(carry: Carry, entry: Entry, item: Checked | undefined): void {
    const { kind, key, token } = carry.ask
    this.#verifying--
    if (item === undefined) {
      this.#ground.lie(entry, 'unverified')
      this.#ground.send(entry, { kind: 'refused', token, reason: 'invalid' })
      return
    }
    if (this.#ground.held.put(givenOf(kind), key, item, this.#ground.nowMs)) carry.copies = 1
    this.#onward(carry)
  }

  // ---- on, and back ---------------------------------------------------------------------------------------------

  /** To the next neighbour; to nobody where this path ends. */
  #onward(carry: Carry): void {
    const { ask, tried } = carry
    const { links, nowMs } = this.#ground
    const withinMs = Math.floor(carry.deadlineMs - nowMs - MESH_HOP_MS)
    if (withinMs < MESH_HOP_MS_MIN) return this.#ends(carry, 'late')
    if (ask.hops === 0 || tried.length >= MESH_TRIES_MAX) return this.#ends(carry)
    const next = links.neighbours.next(ask.key, isExcluded(carry))
    const isOwn = !('entry' in carry.for)
    // The first step of a path of ours may lead away: each begins at another neighbour.
    const isAway = !isOwn && next !== undefined && compareDistance(next.node, this.#ground.self, ask.key) >= 0
    const detours = ask.detours - Math.max(carry.deviated, isAway ? 1 : 0)
    if (next === undefined || detours < 0) return this.#ends(carry)
    // Whoever is around the key and refuses has carried it for another path: there is nothing more to look for here.
    if (isAway && tried.length > 0 && !isPut(ask.kind)) return this.#ends(carry)
    const token = this.#token()
    tried.push(next.neighbour)
    if (!('entry' in carry.for)) carry.for.used.add(next.neighbour)
    const moreAtMs =
      isOwn || isPut(ask.kind) || detours === 0 ? undefined : nowMs + ask.hops * MESH_SILENCE_MS
    this.#carried.wait(token, carry, next, moreAtMs)
    this.#ground.send(next, { ...ask, token, hops: ask.hops - 1, detours, withinMs })
  }

  /** Another way, because this one is silent, led to a lie, or to nothing where that is to be doubted. Each costs a detour, so that their number is bounded. */
  #deviates(carry: Carry): void {
    if (carry.over) return
    carry.deviated++
    this.#onward(carry)
  }

  answered(entry: Entry, answer: Answer): void {
    const carry = this.#carried.take(answer.token, entry.neighbour)
    if (carry === undefined) return this.#ground.lie(entry, 'unexpected')
    if (carry === 'late') {
      this.#ground.links.neighbours.answered(entry)
      return this.#ground.drop('stale', entry.neighbour)
    }
    if (!ANSWERS[carry.ask.kind].includes(answer.kind)) {
      this.#ground.lie(entry, 'unexpected')
      return this.#onward(carry)
    }
    if (answer.kind === 'refused') return this.#onward(carry)
    this.#ground.links.neighbours.answered(entry)
    if (!('entry' in carry.for)) {
      this.#closes(carry)
      return carry.for.answered(answer, entry)
    }
    const isNothing = answer.kind === 'nodes' && carry.ask.kind !== 'findNode'
    if (isNothing && carry.ask.detours - carry.deviated > MESH_DETOURS) return this.#deviates(carry)
    if (answer.kind === 'record') return this.#checks(carry, entry, answer)
    this.#passes(carry, answer)
  }

  /**
   * A lie goes one link and no further, and is blamed on whoever told it. A value near us is kept,
   * now that it is known; not what has versions, since whoever put it tells those who hold it of a newer one, and not us. */
  #checks(carry: Carry, entry: Entry, answer: Answer & { readonly kind: 'record' }): void {
    const { key } = carry.ask
    const { held, links } = this.#ground
    if (this.#verifying >= MESH_VERIFYING_MAX) return this.#onward(carry)
    this.#verifying++
    carry.checking++
    this.#ground.verify('record', key, answer.bytes, (item) => {
      this.#verifying--
      carry.checking--
      if (item === undefined) {
        this.#ground.lie(entry, 'unverified')
        return this.#deviates(carry)
      }
      const isNear = links.neighbours.nearerThanUs(key) < MESH_NEAR
      if (isNear && item.final) held.put('record', key, item, this.#ground.nowMs)
      this.#passes(carry, answer)
    })
  }

  /** Back to whom it came from. */
  #passes(carry: Carry, answer: PathAnswer): void {
    if (carry.over || !('entry' in carry.for)) return
    this.#closes(carry)
    const { entry: to, token } = carry.for
    const hops = oneMore(answer.hops)
    if (answer.kind !== 'stored') return this.#ground.send(to, { ...answer, token, hops })
    // A chain cannot have left more copies than it has links.
    const copies = carry.copies + Math.min(answer.copies, carry.ask.hops)
    this.#ground.send(to, { kind: 'stored', token, hops, copies })
  }

  /** It was answered: whoever else has it need not. */
  #closes(carry: Carry): void {
    carry.over = true
    if (carry.flying > 0) this.#carried.forget((other) => other === carry)
  }

  /** Nobody else is asked; where nobody is left who may answer, this is our answer. */
  #ends(carry: Carry, why?: 'late'): void {
    if (carry.over || carry.flying > 0 || carry.checking > 0) return
    carry.over = true
    const { ask } = carry
    if (!('entry' in carry.for)) return carry.for.ended()
    const { entry, token } = carry.for
    if (why !== undefined && carry.copies === 0)
      return this.#ground.send(entry, { kind: 'refused', token, reason: why })
    if (isPut(ask.kind))
      return this.#ground.send(entry, { kind: 'stored', token, hops: 0, copies: carry.copies })
    const { neighbours } = this.#ground.links
    const nodes = ask.kind === 'findNode' ? neighbours.nodesNear(ask.key, MESH_NODES_MAX) : []
    this.#ground.send(entry, { kind: 'nodes', token, hops: 0, nodes })
  }

  // ---- time and links -------------------------------------------------------------------------------------------

  wakes(): void {
    const { links, nowMs } = this.#ground
    for (const { kind, carry, to } of this.#carried.takeDue(nowMs)) {
      links.lapsed(to, nowMs)
      if (kind === 'over') this.#ends(carry, 'late')
      else this.#deviates(carry)
    }
  }

  unlinked(neighbour: Neighbour): void {
    this.#carried.forget((carry) => 'entry' in carry.for && carry.for.entry.neighbour === neighbour)
    for (const carry of this.#carried.takeSentTo(neighbour)) this.#onward(carry)
  }

  #token(): number {
    do this.#nextToken = (this.#nextToken + 1) >>> 0
    while (!this.#carried.isFree(this.#nextToken))
    return this.#nextToken
  }
}

/** Not back to whom it came from, nor twice the same way. */
function isExcluded(carry: Carry): (entry: Entry) => boolean {
  const { tried } = carry
  if (!('entry' in carry.for)) {
    const { used } = carry.for
    return ({ neighbour }) => used.has(neighbour)
  }
  const from = carry.for.entry.neighbour
  return ({ neighbour }) => neighbour === from || tried.includes(neighbour)
}
