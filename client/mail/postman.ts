// The outbox's host: keeps what was written, seals it when its turn has come, and puts it into mailboxes. What to do when is
// decided in protocol/mail/outbox.ts; what is done is in the vault before it is in the world.

import type { Challenge } from '../../protocol/crypto/admission/challenge.ts'
import { accessMac, dayOf, mailResource } from '../../protocol/crypto/admission/mail.ts'
import { audienceOf } from '../../protocol/crypto/admission/names.ts'
import { stampPlace } from '../../protocol/crypto/admission/stamp.ts'
import { type Bundle, readBundle } from '../../protocol/crypto/mail/bundle.ts'
import { needsBundle, nextKind, seal } from '../../protocol/crypto/mail/correspondence.ts'
import { CHALLENGE_LIFETIME_MS } from '../../protocol/limits/admission.ts'
import { MAIL_RECEIPTS_MAX } from '../../protocol/limits/client-mail.ts'
import { encodeContent } from '../../protocol/mail/content.ts'
import {
  type OutboxEffect,
  type OutboxFailure,
  type OutboxInput,
  OutboxMachine,
} from '../../protocol/mail/outbox.ts'
import { type PeerId, parsePeerId, peerIdText } from '../../protocol/peer-id.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import { LETTER_ID_BYTES, type Proof } from '../../protocol/wire/mail-frames.ts'
import { setAlarm } from '../alarm.ts'
import { nowMs } from '../clock.ts'
import { Host } from '../host.ts'
import { makeStamp } from '../stamp.ts'
import type { MailEdge } from './edge.ts'
import { bytesOf, contentsOf, type Out, write } from './out.ts'
import { type Changes, OUT, type OutRecord, outName, packOut, unpackOut } from './records.ts'
import type { MailState } from './state.ts'

export interface PostmanListener {
  /** `isMessage`: not a letter that says receipts only. */
  mailed(id: string, to: PeerId, isMessage: boolean): void
  failed(id: string, to: PeerId, isMessage: boolean, why: OutboxFailure, cause: unknown): void
}

export interface PostmanEdges {
  /** Those that may be written to now, the best first; and whether these are all that there are. */
  readonly edges: () => { readonly edges: readonly MailEdge[]; readonly all: boolean }
  readonly network: string
}

interface Offered {
  readonly challenge: Challenge
  readonly gotAtMs: number
}

/** The outbox lives longer than the page, so its times are the wall's. */
const WALL = {
  nowMs: () => Date.now(),
  setAlarm: (atMs: number, ring: () => void) => setAlarm(nowMs() + Math.max(0, atMs - Date.now()), ring),
}

export class Postman {
  readonly #state: MailState
  readonly #edges: PostmanEdges['edges']
  readonly #network: string
  readonly #listener: PostmanListener
  readonly #machine = new OutboxMachine(Math.random)
  readonly #host: Host<OutboxInput, OutboxEffect>
  readonly #outs = new Map<string, Out>()
  /** By edge, then by mailbox. */
  readonly #offered = new WeakMap<MailEdge, Map<PeerId, Offered>>()
  readonly #problems = new Map<string, unknown>()
  readonly #over = new AbortController()
  #orders = 0
  #bytes = 0

  constructor(state: MailState, { edges, network }: PostmanEdges, listener: PostmanListener) {
    this.#state = state
    this.#edges = edges
    this.#network = network
    this.#listener = listener
    this.#host = new Host(this.#machine, (effect) => this.#perform(effect), WALL)
  }

  /** What earlier lives of the page left. */
  async begin(): Promise<void> {
    const found = new Map(await this.#state.vault.entries(OUT))
    const heads: { id: string; record: OutRecord }[] = []
    for (const [name, bytes] of found) {
      const id = name.slice(OUT.length)
      const record = id.includes('/') ? undefined : unpackOut(bytes)
      if (record !== undefined) heads.push({ id, record })
    }
    heads.sort((one, other) => one.record.order - other.record.order)
    for (const { id, record } of heads) {
      const parts = Array.from({ length: record.parts }, (_, i) => found.get(outName(id, i)))
      if (!parts.every((part) => part !== undefined)) continue
      this.#orders = Math.max(this.#orders, record.order + 1)
      this.#take(id, { record, parts }, { kept: true })
    }
  }

  get waiting(): number {
    return this.#machine.size
  }

  get waitingBytes(): number {
    return this.#bytes
  }

  has(id: string): boolean {
    return this.#machine.has(id)
  }

  /** A letter of receipts to this peer has not left yet. */
  tells(to: PeerId): boolean {
    for (const { record } of this.#outs.values()) if (!record.isMessage && record.to === to) return true
    return false
  }

  /** `held`: a link is trying it. Without parts it says receipts and nothing else. */
  add(
    id: string,
    record: Omit<OutRecord, 'order' | 'parts' | 'stored' | 'isMessage'>,
    parts: readonly Uint8Array[],
    held: boolean,
  ): void {
    const isMessage = parts.length > 0
    const whole = { ...record, isMessage, order: this.#orders++, parts: parts.length, stored: undefined }
    this.#take(id, { record: whole, parts }, { held })
  }

  give(input: Extract<OutboxInput, { kind: 'release' | 'cancel' | 'networkChanged' | 'ending' }>): void {
    this.#host.give(input)
  }

  close(): void {
    this.#over.abort()
    this.#host.stop()
  }

  #take(id: string, out: Out, how: { held?: boolean; kept?: boolean }): void {
    this.#outs.set(id, out)
    this.#bytes += bytesOf(out)
    const { to, priority, expiresAtMs, parts, stored } = out.record
    const sealed = stored === undefined ? undefined : { envelopes: parts, stored }
    this.#host.give({ kind: 'add', item: { id, to, priority, expiresAtMs, sealed }, ...how })
  }

  #perform(effect: OutboxEffect): void {
    switch (effect.kind) {
      case 'keep':
        return void this.#keep(effect.ids)
      case 'seal':
        return void this.#seal(effect.id)
      case 'put':
        return void this.#put(effect.id, effect.envelope)
      case 'forget':
        return void this.#forget(effect.id, effect.kept)
      case 'mailed': {
        const out = this.#outs.get(effect.id)
        if (out !== undefined) this.#listener.mailed(effect.id, out.record.to as PeerId, out.record.isMessage)
        return
      }
      case 'failed': {
        const [out, cause] = [this.#outs.get(effect.id), this.#problems.get(effect.id)]
        if (out === undefined) return
        const { to, isMessage } = out.record
        return this.#listener.failed(effect.id, to as PeerId, isMessage, effect.why, cause)
      }
    }
  }

  async #keep(ids: readonly string[]): Promise<void> {
    const changes: Changes = new Map()
    for (const id of ids) {
      const out = this.#outs.get(id)
      if (out !== undefined) write(id, out, changes)
    }
    await this.#state.vault.commit(changes).catch((problem: unknown) => {
      for (const id of ids) this.#broken(id, problem)
    })
  }

  /** After whatever is being written of it. */
  async #forget(id: string, kept: boolean): Promise<void> {
    const out = this.#outs.get(id)
    this.#drop(id)
    if (out === undefined || !kept) return
    await this.#state
      .inTurn(async () => {
        const changes: Changes = new Map([[OUT + id, undefined]])
        for (let i = 0; i < Math.max(1, out.parts.length); i++) changes.set(outName(id, i), undefined)
        await this.#state.vault.commit(changes)
      })
      .catch(() => {}) // It is put once more then, and known.
  }

  #drop(id: string): void {
    const out = this.#outs.get(id)
    if (out === undefined) return
    this.#bytes -= bytesOf(out)
    this.#outs.delete(id)
    this.#problems.delete(id)
  }

  #broken(id: string, problem: unknown): void {
    this.#problems.set(id, problem)
    this.#host.give({ kind: 'unsealed', id, why: 'broken' })
  }

  // ---- sealing -------------------------------------------------------------------------------------------------

  async #seal(id: string): Promise<void> {
    const to = this.#outs.get(id)?.record.to as PeerId | undefined
    if (to === undefined) return
    try {
      const bundle = await this.#bundleFor(to)
      if (typeof bundle === 'string') return this.#host.give({ kind: 'unsealed', id, why: bundle })
      const envelopes = await this.#state.inTurn(() => this.#sealNow(id, to, bundle))
      if (envelopes !== undefined) this.#host.give({ kind: 'sealed', id, envelopes })
    } catch (problem) {
      this.#broken(id, problem)
    }
  }

  /** Undefined: none is needed. */
  async #bundleFor(to: PeerId): Promise<Bundle | undefined | 'no-mailbox' | 'refused' | 'later'> {
    const { correspondence } = this.#state.peer(to)
    if (!needsBundle(correspondence, Date.now())) return undefined
    const { edges, all } = this.#edges()
    for (const edge of edges) {
      const drawn = await edge.draw(to, true)
      if (drawn.kind === 'refused') {
        if (drawn.reason === 'no-such-mailbox') continue
        return 'later'
      }
      this.#offeredAt(edge).set(to, { challenge: drawn.challenge, gotAtMs: Date.now() })
      if (drawn.bundle === undefined) return 'later' // Opened a moment ago, and about to publish.
      const bundle = await readBundle(this.#state.suite, drawn.bundle, correspondence.peer, Date.now())
      return bundle.kind === 'bundle' ? bundle : 'refused'
    }
    return all ? 'no-mailbox' : 'later' // It may have one where nobody answers now.
  }

  #offeredAt(edge: MailEdge): Map<PeerId, Offered> {
    const offered = this.#offered.get(edge) ?? new Map<PeerId, Offered>()
    this.#offered.set(edge, offered)
    return offered
  }

  /** The ratchet's new state and the envelopes in one commit; undefined when nobody wants it any more. */
  async #sealNow(id: string, to: PeerId, bundle: Bundle | undefined): Promise<number | undefined> {
    const state = this.#state
    const out = this.#outs.get(id)
    if (out === undefined) return undefined
    const me = { identity: state.me, mailbox: state.me.id }
    let peer = state.peer(to)
    const told = state.told(to).slice(0, MAIL_RECEIPTS_MAX)
    const card = state.access?.keys[0]
    // Who only gets receipts of ours is a stranger still, and pays for what it writes.
    const isKnown = out.record.isMessage || peer.given !== undefined
    // Until it answers, whatever we wrote to it before may not have come.
    const isUnheard = nextKind(peer.correspondence, Date.now()) === 'first'
    const givesCard =
      isKnown &&
      card !== undefined &&
      (isUnheard || peer.given === undefined || !equalBytes(card, peer.given))
    const envelopes: Uint8Array[] = []
    for (const [i, content] of contentsOf(id, out, told, givesCard ? card : undefined).entries()) {
      const sealing = { nowMs: Date.now(), bundle: i === 0 ? bundle : undefined }
      const sealed = await seal(state.suite, me, peer.correspondence, encodeContent(content), sealing)
      peer = { ...peer, correspondence: sealed.correspondence }
      envelopes.push(sealed.envelope)
    }
    const sealedOut: Out = {
      record: { ...out.record, parts: envelopes.length, stored: 0 },
      parts: envelopes,
    }
    const changes: Changes = new Map()
    const before = state.peer(to)
    state.setPeer(to, { ...peer, given: givesCard ? card : peer.given }, changes)
    state.forgetTold(to, told, changes)
    write(id, sealedOut, changes)
    try {
      await state.vault.commit(changes)
    } catch (problem) {
      const undone: Changes = new Map()
      state.setPeer(to, before, undone)
      for (const receipt of told) state.addTold(to, receipt, undone)
      throw problem
    }
    if (!this.#outs.has(id)) return envelopes.length
    this.#bytes += bytesOf(sealedOut) - bytesOf(out)
    this.#outs.set(id, sealedOut)
    return envelopes.length
  }

  // ---- putting -------------------------------------------------------------------------------------------------

  async #put(id: string, index: number): Promise<void> {
    const out = this.#outs.get(id)
    const envelope = out?.parts[index]
    if (out === undefined || envelope === undefined) return
    const { record } = out
    const to = record.to as PeerId
    const peer = this.#state.peer(to)
    const mailbox = peerIdText(peer.correspondence.mailbox ?? peer.correspondence.peer)
    const unreachable = (retryAfterMs = 0) =>
      this.#host.give({ kind: 'refused', id, reason: 'unreachable', retryAfterMs })
    try {
      const digest = await this.#state.suite.hash.sha256(envelope)
      const ttlS = Math.max(1, Math.ceil((record.expiresAtMs - Date.now()) / 1_000))
      const { edges, all } = this.#edges()
      for (const [i, edge] of edges.entries()) {
        const proof = await this.#proof(edge, mailbox, peer.card, digest)
        // Only of several: it has a mailbox at another, as it did not reach this one yet.
        if (proof === 'no-such-mailbox' && i + 1 < edges.length) continue
        if (typeof proof === 'string') return unreachable()
        if (typeof proof === 'number') return unreachable(proof)
        const request = { priority: record.priority, ttlS, proof, envelope }
        const answer = await edge.put(mailbox, request, digest.subarray(0, LETTER_ID_BYTES))
        if (answer.kind === 'stored') return await this.#stored(id, out, index)
        const { reason, retryAfterMs } = answer
        if (reason === 'no-such-mailbox' && i + 1 < edges.length) continue
        if (reason === 'bad-access') await this.#state.forgetCard(to)
        if (reason === 'stale-stamp' || reason === 'bad-stamp') this.#offeredAt(edge).delete(mailbox)
        if (reason === 'no-such-mailbox' && !all) return unreachable(retryAfterMs)
        return this.#host.give({ kind: 'refused', id, reason, retryAfterMs })
      }
    } catch {
      unreachable() // Nothing was said of the letter: it is tried again, as it is.
    }
  }

  async #stored(id: string, out: Out, index: number): Promise<void> {
    out.record = { ...out.record, stored: index + 1 }
    // Of several: the next life need not put again what is stored. Should this not be kept, it does, and it is known.
    if (index + 1 < out.parts.length)
      await this.#state.vault.commit(new Map([[OUT + id, packOut(out.record)]])).catch(() => {})
    this.#host.give({ kind: 'stored', id })
  }

  /** A number: none is to be had before so many milliseconds. */
  async #proof(
    edge: MailEdge,
    mailbox: PeerId,
    card: Uint8Array | undefined,
    digest: Uint8Array,
  ): Promise<Proof | number | 'no-such-mailbox'> {
    const { hash } = this.#state.suite
    const owner = parsePeerId(mailbox)
    if (card !== undefined) {
      const day = dayOf(Date.now())
      return { kind: 'access', day, mac: await accessMac(hash, card, owner, day, digest) }
    }
    const challenge = await this.#challengeOf(edge, mailbox)
    if (typeof challenge === 'number' || typeof challenge === 'string') return challenge
    const resource = await mailResource(hash, await audienceOf(hash, edge.origin, this.#network), owner)
    const place = await stampPlace(hash, resource, digest)
    const stamp = await makeStamp(challenge, place, { signal: this.#over.signal })
    return { kind: 'stamp', challenge: challenge.bytes, stamp }
  }

  async #challengeOf(edge: MailEdge, mailbox: PeerId): Promise<Challenge | number | 'no-such-mailbox'> {
    const offered = this.#offeredAt(edge).get(mailbox)
    if (offered !== undefined && Date.now() - offered.gotAtMs < CHALLENGE_LIFETIME_MS / 2)
      return offered.challenge
    const drawn = await edge.draw(mailbox, false)
    if (drawn.kind === 'refused')
      return drawn.reason === 'no-such-mailbox' ? drawn.reason : drawn.retryAfterMs
    this.#offeredAt(edge).set(mailbox, { challenge: drawn.challenge, gotAtMs: Date.now() })
    return drawn.challenge
  }
}
