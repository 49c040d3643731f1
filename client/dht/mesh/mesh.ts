// The mesh, hosted: a node among the peers we have links with, who tell each other their places and then answer each other. It
// is a source of answers beside the edge, and all there is when the edge is away.

import { checkNode } from '../../../protocol/crypto/dht/node.ts'
import { verifyProvided } from '../../../protocol/crypto/dht/provided.ts'
import { verifyRecord } from '../../../protocol/crypto/dht/records.ts'
import type { Suite } from '../../../protocol/crypto/suite.ts'
import type {
  Checked,
  LookupResult,
  MeshEffect,
  MeshInput,
  Wanted,
} from '../../../protocol/dht/mesh/contract.ts'
import { MeshNode } from '../../../protocol/dht/mesh/machine.ts'
import type { NodeClaim } from '../../../protocol/dht/records/announcement.ts'
import { readProvidedKey } from '../../../protocol/dht/records/provided.ts'
import { MESH_LOOKUPS_MAX, MESH_PLACE_WAITS_MS, MESH_PROVIDED_MAX } from '../../../protocol/limits/mesh.ts'
import { parsePeerId } from '../../../protocol/peer-id.ts'
import { toBase64url } from '../../../protocol/wire/base64url.ts'
import type { DhtAnswer, DhtQuestion } from '../../../protocol/wire/dht-frames.ts'
import { SERVICE_MESH_HELLO } from '../../../protocol/wire/registry.ts'
import { Host } from '../../host.ts'
import type { SealedStore } from '../../identities/store.ts'
import type { DhtStatus, PeerId } from '../../types.ts'
import type { DhtSource } from '../contract.ts'
import { orAborted } from '../signals.ts'
import { checked, ofProvided, ofRecord } from './checking.ts'
import { Meetings, type MeetingsOwner, type MeetingsParts } from './meetings.ts'
import { encodeHello, ownPlace, type Place, tryDecodeHello } from './place.ts'

export interface MeshParts extends Omit<MeetingsParts, 'hash'> {
  readonly suite: Suite
  readonly store: Pick<SealedStore, 'get' | 'set'>
  /** Without direct connections nobody is met for the mesh's sake. */
  readonly relayOnly: boolean
  readonly direct: unknown
}

export interface MeshOwner extends MeetingsOwner {
  /** A service message. What cannot be sent is lost: the machine asks another way. */
  tell(peer: PeerId, bytes: Uint8Array): void
}

/** Neighbours and peers, both ways. */
class Neighbours {
  readonly #numbers = new Map<PeerId, number>()
  readonly #peers = new Map<number, PeerId>()
  #last = 0

  add(peer: PeerId): number {
    const number = ++this.#last
    this.#numbers.set(peer, number)
    this.#peers.set(number, peer)
    return number
  }

  numberOf(peer: PeerId): number | undefined {
    return this.#numbers.get(peer)
  }

  peerOf(number: number): PeerId | undefined {
    return this.#peers.get(number)
  }

  delete(peer: PeerId): number | undefined {
    const number = this.#numbers.get(peer)
    this.#numbers.delete(peer)
    if (number !== undefined) this.#peers.delete(number)
    return number
  }
}

export class Mesh implements DhtSource {
  readonly #parts: MeshParts
  readonly #owner: MeshOwner
  readonly #over = new AbortController()
  readonly #neighbours = new Neighbours()
  readonly #lookups = new Map<number, (result: LookupResult) => void>()
  #lookup = 0
  #place: Place | undefined
  #begun: Promise<void> | undefined
  #machine: MeshNode | undefined
  #host: Host<MeshInput, MeshEffect> | undefined
  #meetings: Meetings | undefined

  constructor(parts: MeshParts, owner: MeshOwner) {
    this.#parts = parts
    this.#owner = owner
  }

  begin(): Promise<void> {
    this.#begun = this.#begin()
    return this.#begun
  }

  /** Our place, as others may be told of it; undefined where it is not to be had in a moment. */
  async claim(): Promise<NodeClaim | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const longEnough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MESH_PLACE_WAITS_MS)
    })
    await Promise.race([this.#begun?.catch(() => {}), longEnough])
    clearTimeout(timer)
    return this.#place?.claim
  }

  /** Works for a place if none is kept, takes it, and greets whoever is there. */
  async #begin(): Promise<void> {
    const { suite, identity, store } = this.#parts
    const place = await ownPlace({ hash: suite.hash, peer: identity.bytes, store }, this.#over.signal)
    if (this.#over.signal.aborted) return
    this.#place = place
    this.#machine = new MeshNode({ self: place.node, random: Math.random })
    this.#host = new Host(this.#machine, (effect) => this.#perform(effect))
    const { relayOnly, direct } = this.#parts
    if (direct !== undefined && !relayOnly)
      this.#meetings = new Meetings({ ...this.#parts, hash: suite.hash }, this.#owner, place)
    for (const [peer, { isForMachinery }] of this.#owner.links.all) if (isForMachinery) this.reached(peer)
  }

  get status(): DhtStatus {
    const { neighbours = 0, held = 0 } = this.#machine ?? {}
    return { neighbours, held, neighbourhood: this.#meetings?.home }
  }

  close(): void {
    this.#over.abort()
    this.#host?.stop()
    this.#meetings?.close()
    for (const settle of this.#lookups.values()) settle(NOTHING)
    this.#lookups.clear()
  }

  // ---- links ---------------------------------------------------------------------------------------------------

  /** A link reaches the peer. */
  reached(peer: PeerId): void {
    if (this.#neighbours.numberOf(peer) === undefined) this.#greet(peer, true)
  }

  /** No link reaches it any more. */
  lost(peer: PeerId): void {
    const neighbour = this.#neighbours.delete(peer)
    if (neighbour === undefined) return
    this.#host?.give({ kind: 'unlinked', neighbour })
    this.#meetings?.give({ kind: 'unlinked', peer })
  }

  /** A service message of the mesh's. */
  hear(peer: PeerId, bytes: Uint8Array): void {
    if (bytes[0] === SERVICE_MESH_HELLO) return void this.#greeted(peer, bytes)
    const neighbour = this.#neighbours.numberOf(peer)
    if (neighbour === undefined) return this.#owner.dropped('unknown-peer')
    this.#host?.give({ kind: 'message', neighbour, bytes: bytes.slice() })
  }

  #greet(peer: PeerId, wantsAnswer: boolean): void {
    if (this.#place !== undefined)
      this.#owner.tell(peer, encodeHello({ wantsAnswer, claim: this.#place.claim }))
  }

  /** Its place was worked for, or it is no neighbour. */
  async #greeted(peer: PeerId, bytes: Uint8Array): Promise<void> {
    const hello = tryDecodeHello(bytes)
    if (hello === undefined) return this.#owner.dropped('malformed')
    const { hash } = this.#parts.suite
    const node = await checkNode(hash, parsePeerId(peer), hello.claim, Date.now())
    if (node === undefined) return this.#owner.dropped('unverified')
    if (this.#host === undefined || this.#over.signal.aborted) return
    // It may have gone while its place was checked; when it comes back, both greet anew.
    if (this.#owner.links.all.get(peer)?.isForMachinery !== true) return this.#owner.dropped('unknown-peer')
    if (hello.wantsAnswer) this.#greet(peer, false)
    // Said anew: it has begun anew, with another life of its link or in another week.
    this.lost(peer)
    const neighbour = this.#neighbours.add(peer)
    this.#host.give({ kind: 'linked', neighbour, node, roundTripMs: undefined })
    this.#meetings?.give({ kind: 'linked', peer, node })
  }

  // ---- questions -----------------------------------------------------------------------------------------------

  /** Undefined: there is nobody to ask, or too much is being asked. */
  async ask(question: DhtQuestion, signal: AbortSignal, thorough = false): Promise<DhtAnswer | undefined> {
    if (this.status.neighbours === 0 || this.#lookups.size >= MESH_LOOKUPS_MAX) return undefined
    switch (question.kind) {
      case 'get':
        return recordOf(await this.#find('value', question.key, signal, thorough))
      case 'providers':
        return providersOf(await this.#find('providers', question.key, signal, thorough), question.limit)
      case 'put':
        return this.#put(question.key, question.record, signal)
      case 'provide':
        return this.#provide(question.announcement)
      case 'closest':
        return undefined // Places in the mesh are not PeerIds.
    }
  }

  #find(wanted: Wanted, key: Uint8Array, signal: AbortSignal, thorough: boolean): Promise<LookupResult> {
    return this.#lookedUp((lookup) => ({ kind: 'find', lookup, wanted, key, thorough }), signal)
  }

  async #lookedUp(begin: (lookup: number) => MeshInput, signal: AbortSignal): Promise<LookupResult> {
    const lookup = ++this.#lookup
    const done = new Promise<LookupResult>((resolve) => this.#lookups.set(lookup, resolve))
    this.#host?.give(begin(lookup))
    try {
      return await orAborted(done, signal)
    } finally {
      if (this.#lookups.delete(lookup)) this.#host?.give({ kind: 'cancel', lookup })
    }
  }

  /** Put now, and kept published for as long as we are here and it lasts. */
  async #put(key: Uint8Array, bytes: Uint8Array, signal: AbortSignal): Promise<DhtAnswer> {
    const nowMs = Date.now()
    const record = await verifyRecord(this.#parts.suite, bytes, key, nowMs)
    if (typeof record === 'string') return { kind: 'refused', reason: record, retryAfterMs: 0 }
    const item = ofRecord(record, nowMs)
    const { copies } = await this.#lookedUp(
      (lookup) => ({ kind: 'put', lookup, given: 'record', key, item }),
      signal,
    )
    if (copies === 0) return { kind: 'refused', reason: 'busy', retryAfterMs: 0 }
    this.#publish('record', key, item)
    return { kind: 'stored', expiresAtMs: item.expiresAtMs, isNew: true }
  }

  async #provide(announcement: Uint8Array): Promise<DhtAnswer> {
    const list = await verifyProvided(this.#parts.suite, announcement, Date.now())
    if (typeof list === 'string') return { kind: 'refused', reason: list, retryAfterMs: 0 }
    // Each key goes with the whole head: of many only the edge is told.
    if (list.keys.length > MESH_PROVIDED_MAX) return { kind: 'refused', reason: 'too-large', retryAfterMs: 0 }
    for (const provided of list.keys) this.#publish('provided', provided.key, ofProvided(list.head, provided))
    const { createdMs, ttlSeconds } = list.head
    return { kind: 'stored', expiresAtMs: createdMs + ttlSeconds * 1_000, isNew: true }
  }

  /** As many as the machine takes: what is more is at the edge, and where it was put once. */
  #publish(given: 'record' | 'provided', key: Uint8Array, item: Checked): void {
    try {
      this.#host?.give({ kind: 'publish', given, key, item })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }

  // ---- what the machine wants ------------------------------------------------------------------------------------

  #perform(effect: MeshEffect): void {
    switch (effect.kind) {
      case 'send': {
        const peer = this.#neighbours.peerOf(effect.neighbour)
        return peer === undefined ? undefined : this.#owner.tell(peer, effect.bytes)
      }
      case 'verify':
        return void this.#verify(effect)
      case 'done': {
        const settle = this.#lookups.get(effect.lookup)
        this.#lookups.delete(effect.lookup)
        return settle?.(effect.result)
      }
      case 'drop':
        return this.#owner.dropped(effect.reason)
      case 'wanted':
        return this.#meetings?.give({ kind: 'wanted', buckets: effect.buckets })
      case 'spare': {
        const peer = this.#neighbours.peerOf(effect.neighbour)
        return peer === undefined ? undefined : this.#meetings?.give({ kind: 'spare', peer })
      }
      case 'found':
        return // An answer counts when its lookup is over.
    }
  }

  async #verify({ task, given, key, bytes }: Extract<MeshEffect, { kind: 'verify' }>): Promise<void> {
    const item = await checked(this.#parts.suite, given, key, bytes, Date.now())
    this.#host?.give({ kind: 'verified', task, item })
  }
}

const NOTHING: LookupResult = { items: [], nodes: [], copies: 0, hops: 0, paths: 0 }

function recordOf({ items: [best] }: LookupResult): DhtAnswer {
  if (best === undefined) return { kind: 'nothing' }
  return { kind: 'record', bytes: best.bytes, expiresAtMs: best.expiresAtMs }
}

function providersOf({ items }: LookupResult, limit: number): DhtAnswer {
  const heads: Uint8Array[] = []
  const places = new Map<string, number>()
  const providers = items.slice(0, limit).flatMap(({ bytes, expiresAtMs, peer }) => {
    const read = readProvidedKey(bytes)
    if (read === undefined || peer === undefined) return []
    const name = toBase64url(read.head.root)
    const head = places.get(name) ?? heads.push(read.head.bytes) - 1
    places.set(name, head)
    return [{ peer, head, index: read.provided.index, path: read.provided.path, expiresAtMs }]
  })
  return { kind: 'providers', heads, providers }
}
