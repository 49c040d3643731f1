// Introductions, hosted (protocol/introductions/): asks peers on links whom they know of, verifies what they say, keeps the edges
// they told of with the identity, and tells whoever decides which edge is used. Loaded when a link first reaches a peer.

import { verifyRecord } from '../../protocol/crypto/dht/records.ts'
import { peerIdOf } from '../../protocol/crypto/identity.ts'
import type { SignedRecord, Verified } from '../../protocol/dht/contract.ts'
import { type Announcement, tryDecodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { readSigned } from '../../protocol/dht/records/signed.ts'
import type {
  Introduced,
  IntroductionsEffect,
  IntroductionsInput,
  ToldEdge,
} from '../../protocol/introductions/contract.ts'
import { IntroductionsMachine } from '../../protocol/introductions/machine.ts'
import { BOOTSTRAP_PEERS_MAX } from '../../protocol/limits/edges.ts'
import { PEERS_AWAITED_MS } from '../../protocol/limits/introductions.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { fromBase64url } from '../../protocol/wire/base64url.ts'
import { nowMs } from '../clock.ts'
import type { KnownPeer } from '../dht/api.ts'
import type { DhtOwner, DhtParts } from '../dht/contract.ts'
import { edgeUrl } from '../edge-url.ts'
import { ownEdges } from '../edges/own-edges.ts'
import { inTurn, keepToldEdges, readToldEdges } from '../edges/told-edges.ts'
import { Host } from '../host.ts'
import type { PeerId } from '../types.ts'

export class Introductions {
  readonly #parts: DhtParts
  readonly #owner: Pick<DhtOwner, 'tell' | 'dropped'>
  readonly #machine: IntroductionsMachine
  readonly #host: Host<IntroductionsInput, IntroductionsEffect>
  readonly #closing = new AbortController()
  /** Those who wait until nobody owes an answer. */
  readonly #waiting = new Set<() => void>()
  #keeping: Promise<unknown> = Promise.resolve()

  private constructor(
    parts: DhtParts,
    owner: Pick<DhtOwner, 'tell' | 'dropped'>,
    own: () => Verified<SignedRecord> | undefined,
  ) {
    this.#parts = parts
    this.#owner = owner
    this.#machine = new IntroductionsMachine({
      self: parts.identity.id,
      random: Math.random,
      own,
      ownEdges: () => ownEdges(parts.passes),
      readEdge: (text) => edgeUrl(text, this.#isSecure),
    })
    this.#host = new Host(this.#machine, (effect) => this.#perform(effect))
    // Those we have other ways to may be at another edge by now.
    parts.passes.troubled = () => this.#give({ kind: 'wanted' })
  }

  /** With what an earlier life was told. `own`: what we announced of ourselves, if we did. */
  static async open(
    parts: DhtParts,
    owner: Pick<DhtOwner, 'tell' | 'dropped'>,
    own: () => Verified<SignedRecord> | undefined,
  ): Promise<Introductions> {
    const introductions = new Introductions(parts, owner, own)
    const edges = await readToldEdges(parts.store, parts.network, introductions.#isSecure, nowMs())
    introductions.#give({ kind: 'restored', edges })
    return introductions
  }

  linked(peer: PeerId, isReached: boolean): void {
    this.#give({ kind: isReached ? 'linked' : 'unlinked', peer })
  }

  hear(peer: PeerId, bytes: Uint8Array): void {
    this.#give({ kind: 'heard', peer, bytes })
  }

  /** Asks those who may be asked now, and the edge; what came of it, and what was known, once they have answered or have been silent. */
  async peers(most: number, signal: AbortSignal): Promise<readonly KnownPeer[]> {
    const until = AbortSignal.any([signal, this.#closing.signal])
    const sampled = this.#sample(until)
    this.#give({ kind: 'wanted' })
    await sampled
    await this.#settled(until)
    signal.throwIfAborted()
    return this.#machine.sample(most, nowMs()).flatMap(knownPeer)
  }

  close(): void {
    this.#closing.abort()
    this.#host.stop()
  }

  /** Where our own edges are https, nobody's word leads to where one can be listened to. */
  get #isSecure(): boolean {
    return this.#parts.passes.base.protocol === 'https:'
  }

  #give(input: IntroductionsInput): void {
    this.#host.give(input)
    if (!this.#machine.isSettled) return
    for (const done of [...this.#waiting]) done()
  }

  #settled(until: AbortSignal): Promise<void> {
    if (this.#machine.isSettled || until.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        until.removeEventListener('abort', done)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, PEERS_AWAITED_MS)
      until.addEventListener('abort', done, { once: true })
      this.#waiting.add(done)
    })
  }

  /** Peers that the edge names. An edge that does not answer has nothing to say. */
  async #sample(until: AbortSignal): Promise<void> {
    const url = new URL('v1/bootstrap', this.#parts.passes.base)
    url.searchParams.set('network', this.#parts.network)
    url.searchParams.set('peers', '1')
    try {
      const signal = AbortSignal.any([until, AbortSignal.timeout(PEERS_AWAITED_MS)])
      const response = await fetch(url, { signal, headers: { Accept: 'application/json' } })
      const { peers } = (await response.json()) as { readonly peers?: unknown }
      const records = (Array.isArray(peers) ? peers : []).slice(0, BOOTSTRAP_PEERS_MAX).flatMap((peer) => {
        const { record } = (peer ?? {}) as { readonly record?: unknown }
        const bytes = typeof record === 'string' ? fromBase64url(record) : undefined
        return bytes === undefined ? [] : [bytes]
      })
      this.#give({ kind: 'sampled', records })
    } catch {
      // Away, or silent: peers say what they know.
    }
  }

  // ---- what the machine wants ------------------------------------------------------------------------------------

  #perform(effect: IntroductionsEffect): void {
    switch (effect.kind) {
      case 'send':
        return this.#owner.tell(effect.peer as PeerId, effect.bytes)
      case 'verify':
        return void this.#verify(effect.task, effect.bytes)
      case 'edges':
        return this.#told(effect.edges)
      case 'drop':
        return this.#owner.dropped(effect.reason)
    }
  }

  async #verify(task: number, bytes: Uint8Array): Promise<void> {
    const introduced = await this.#introduced(bytes)
    this.#give({ kind: 'verified', task, introduced })
  }

  async #introduced(bytes: Uint8Array): Promise<Introduced | 'expired' | undefined> {
    const { suite } = this.#parts
    const read = readSigned(bytes)
    if (read?.kind !== 'announcement') return undefined
    const record = await verifyRecord(suite, bytes, await peerIdOf(suite.hash, read.publicKey), nowMs())
    if (record === 'expired') return 'expired'
    const said = tryDecodeAnnouncement(read.value)
    if (typeof record === 'string' || record.kind !== 'announcement' || said === undefined) return undefined
    const { peer, sequence, digest, createdMs, ttlSeconds } = record
    const expiresAtMs = createdMs + ttlSeconds * 1_000
    const { region, edges = [] } = said
    return { peer: peerIdText(peer), region, edges, sequence, digest, expiresAtMs, bytes: bytes.slice() }
  }

  #told(edges: readonly ToldEdge[]): void {
    const { store, network, passes } = this.#parts
    this.#keeping = this.#keeping.then(() => keepToldEdges(store, network, edges))
    passes.learn?.(inTurn(edges, network))
  }
}

function knownPeer({ peer, bytes, sequence, expiresAtMs }: Introduced): KnownPeer[] {
  const said: Announcement | undefined = tryDecodeAnnouncement(readSigned(bytes)?.value ?? new Uint8Array())
  if (said === undefined) return []
  const { addresses, capabilities, rooms, mailbox, region, edges = [] } = said
  return [
    {
      peer: peer as PeerId,
      addresses,
      capabilities,
      rooms,
      mailbox,
      region,
      edges,
      sequence,
      expiresAt: expiresAtMs,
    },
  ]
}
