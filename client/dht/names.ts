// Names and announcements: our own, each with a sequence of its own that only rises, on whatever device; and others', never older
// than what was seen of them before.

import { nameKey } from '../../protocol/crypto/dht/keys.ts'
import { signRecord } from '../../protocol/crypto/dht/records.ts'
import type { Identity } from '../../protocol/crypto/identity.ts'
import type { Suite } from '../../protocol/crypto/suite.ts'
import type { Key, SignedRecord, Verified } from '../../protocol/dht/contract.ts'
import type { SignedKind } from '../../protocol/dht/records/signed.ts'
import { readSigned } from '../../protocol/dht/records/signed.ts'
import type { DropReason } from '../../protocol/drops.ts'
import { WaypostError } from '../../protocol/errors.ts'
import { PUBLISH_TRIES_MAX } from '../../protocol/limits/content.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import type { Published } from './api.ts'
import type { Asking, FoundRecord } from './asking.ts'
import type { Seen } from './seen.ts'

export interface NewName {
  readonly kind: SignedKind
  readonly salt: Uint8Array
  readonly value: Uint8Array
  readonly ttlMs: number
}

export interface FoundName extends Published {
  readonly value: Uint8Array
}

export interface PublishedRecord extends Published {
  readonly record: Verified<SignedRecord>
}

export class Names {
  readonly #suite: Suite
  readonly #identity: Identity
  readonly #asking: Asking
  readonly #seen: Seen
  readonly #dropped: (reason: DropReason) => void
  /** By key: one is published after another. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(
    suite: Suite,
    identity: Identity,
    asking: Asking,
    seen: Seen,
    dropped: (reason: DropReason) => void,
  ) {
    this.#suite = suite
    this.#identity = identity
    this.#asking = asking
    this.#seen = seen
    this.#dropped = dropped
  }

  keyOf(kind: SignedKind, peer: Uint8Array, salt: Uint8Array): Promise<Key> {
    return kind === 'name' ? nameKey(this.#suite.hash, peer, salt) : Promise.resolve(peer)
  }

  async publish(name: NewName, signal: AbortSignal): Promise<PublishedRecord> {
    const key = await this.keyOf(name.kind, this.#identity.id, name.salt)
    const turn = toBase64url(key)
    const before = this.#turns.get(turn) ?? Promise.resolve()
    const published = before.then(() => this.#publish(name, key, signal))
    const over = published.catch(() => {})
    this.#turns.set(turn, over)
    void over.then(() => this.#turns.get(turn) === over && this.#turns.delete(turn))
    return published
  }

  async #publish(name: NewName, key: Key, signal: AbortSignal): Promise<PublishedRecord> {
    signal.throwIfAborted()
    // A device that is new to this name asks what others of the same identity said.
    const own = await this.#seen.sequence('own', key)
    let last: bigint = own ?? (await this.#found(key, name.kind, signal))?.record.sequence ?? 0n
    for (let attempt = 1; ; attempt++) {
      const sequence: bigint = last + 1n
      // Before it is said: whatever stops us now, no two records ever have one sequence.
      await this.#seen.note('own', key, sequence)
      const { kind, salt, value, ttlMs } = name
      const terms = {
        kind,
        salt,
        value,
        sequence,
        createdMs: Date.now(),
        ttlSeconds: Math.ceil(ttlMs / 1_000),
      }
      const record = await signRecord(this.#suite, this.#identity, terms)
      const stored = await this.#asking.put(key, record.bytes, signal)
      if (stored !== 'stale') {
        this.#seen.newest(record, Date.now())
        return { sequence, expiresAt: Math.min(stored, endOf(record)), record }
      }
      const there = (await this.#found(key, name.kind, signal))?.record.sequence ?? sequence
      if (attempt >= PUBLISH_TRIES_MAX)
        throw new WaypostError('dht-refused', 'another device publishes under this name all the time', {
          cause: 'stale',
        })
      last = there > sequence ? there : sequence
    }
  }

  /** Rejects with `not-found` too. */
  async find(
    kind: SignedKind,
    peer: Uint8Array,
    salt: Uint8Array,
    signal: AbortSignal,
    isThorough = false,
  ): Promise<FoundName> {
    const key = await this.keyOf(kind, peer, salt)
    const found = await this.#found(key, kind, signal, isThorough)
    if (found === undefined) throw new WaypostError('not-found', `the peer has no such ${kind} in the DHT`)
    const record = this.#seen.newest(found.record, Date.now())
    if (record !== found.record && !equalBytes(record.bytes, found.record.bytes)) this.#dropped('stale')
    const seen = await this.#seen.sequence('seen', key)
    if (seen !== undefined && seen > record.sequence) {
      this.#dropped('stale')
      throw new WaypostError('unverified', 'what came is older than what was seen before', { cause: 'stale' })
    }
    await this.#seen.note('seen', key, record.sequence)
    const value = readSigned(record.bytes)?.value as Uint8Array
    const isFound = record === found.record
    return { value, sequence: record.sequence, expiresAt: isFound ? found.expiresAtMs : endOf(record) }
  }

  async #found(
    key: Key,
    kind: SignedKind,
    signal: AbortSignal,
    isThorough = false,
  ): Promise<(FoundRecord & OfName) | undefined> {
    const found = await this.#asking.record(key, 'signed', signal, isThorough)
    if (found === undefined) return undefined
    const { record, expiresAtMs } = found
    if (record.kind === kind) return { record: record as Verified<SignedRecord>, expiresAtMs }
    this.#dropped('wrong-key')
    throw new WaypostError('unverified', `what is under this key is no ${kind}`)
  }
}

interface OfName {
  readonly record: Verified<SignedRecord>
}

function endOf({ createdMs, ttlSeconds }: SignedRecord): number {
  return createdMs + ttlSeconds * 1_000
}
