// Questions whose answers are verified: nothing that a source says goes further than this unless its hash or its owner's
// signature says the same. A lie is counted, and is an error to whoever asked.

import { isProvided, type ProvidedTree, verifyProvidedHead } from '../../protocol/crypto/dht/provided.ts'
import { verifyRecord } from '../../protocol/crypto/dht/records.ts'
import type { Suite } from '../../protocol/crypto/suite.ts'
import type { Key, StoredRecord, Verified } from '../../protocol/dht/contract.ts'
import type { DropReason } from '../../protocol/drops.ts'
import { WaypostError } from '../../protocol/errors.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import type { DhtRefusal } from '../../protocol/wire/registry.ts'
import type { Provider } from './api.ts'
import type { DhtSource } from './contract.ts'

export interface FoundRecord {
  readonly record: Verified<StoredRecord>
  /** As whoever keeps it says: no later than the record itself does. */
  readonly expiresAtMs: number
}

export class Asking {
  readonly #source: DhtSource
  readonly #suite: Suite
  readonly #dropped: (reason: DropReason) => void

  constructor(source: DhtSource, suite: Suite, dropped: (reason: DropReason) => void) {
    this.#source = source
    this.#suite = suite
    this.#dropped = dropped
  }

  /** Undefined: it was asked, and there is nothing. */
  async record(
    key: Key,
    of: 'signed' | 'value',
    signal: AbortSignal,
    isThorough = false,
  ): Promise<FoundRecord | undefined> {
    const answer = await this.#ask({ kind: 'get', key, of }, signal, isThorough)
    if (answer.kind === 'nothing') return undefined
    if (answer.kind !== 'record') return this.#unexpected()
    const { bytes, expiresAtMs } = answer
    const record = await verifyRecord(this.#suite, bytes, key, Date.now())
    if (typeof record === 'string') return this.#lie(record)
    return { record, expiresAtMs: Math.min(expiresAtMs, endOf(record)) }
  }

  /** `stale`: a newer one is there. */
  async put(key: Key, record: Uint8Array, signal: AbortSignal): Promise<number | 'stale'> {
    const answer = await this.#answer({ kind: 'put', key, record }, signal)
    if (answer.kind === 'refused' && answer.reason === 'stale') return 'stale'
    return this.#stored(answer)
  }

  /** Resolves to when it is over. */
  async provide(announcement: Uint8Array, signal: AbortSignal): Promise<number> {
    return this.#stored(await this.#answer({ kind: 'provide', announcement }, signal))
  }

  /** Those whose signature is over that key. Only lies are an error: of some the others are told. */
  async providers(
    key: Key,
    limit: number,
    signal: AbortSignal,
    isThorough = false,
  ): Promise<readonly Provider[]> {
    const answer = await this.#ask({ kind: 'providers', key, limit, near: '' }, signal, isThorough)
    if (answer.kind !== 'providers') return answer.kind === 'nothing' ? [] : this.#unexpected()
    const nowMs = Date.now()
    const heads = await Promise.all(
      answer.heads.slice(0, limit).map((bytes) => verifyProvidedHead(this.#suite, bytes, nowMs)),
    )
    const found = new Map<string, Provider>()
    let lie: DhtRefusal | undefined
    for (const { peer, head: at, index, path, expiresAtMs } of answer.providers.slice(0, limit)) {
      const head = heads[at] ?? 'malformed'
      const isGood =
        typeof head !== 'string' && equalBytes(head.peer, peer) && isProvided(head, { key, index, path })
      if (!isGood) {
        lie = typeof head === 'string' ? head : 'wrong-key'
        this.#dropped(dropOf(lie))
        continue
      }
      const id = peerIdText(peer)
      found.set(id, { peer: id, region: head.region, expiresAt: Math.min(expiresAtMs, endOfHead(head)) })
    }
    if (found.size === 0 && lie !== undefined) throw unverified(lie)
    return [...found.values()]
  }

  #stored(answer: DhtAnswer): number {
    if (answer.kind === 'refused') throw refused(answer)
    return answer.kind === 'stored' ? answer.expiresAtMs : this.#unexpected()
  }

  async #ask(question: DhtQuestion, signal: AbortSignal, isThorough: boolean): Promise<DhtAnswer> {
    const answer = await this.#answer(question, signal, isThorough)
    if (answer.kind === 'refused') throw refused(answer)
    return answer
  }

  async #answer(question: DhtQuestion, signal: AbortSignal, isThorough = false): Promise<DhtAnswer> {
    const answer = await this.#source.ask(question, signal, isThorough)
    if (answer === undefined) throw new WaypostError('edge-unreachable', 'the DHT could not be asked')
    return answer
  }

  #unexpected(): never {
    this.#dropped('unexpected')
    throw new WaypostError('unverified', 'the answer is of another kind than what was asked')
  }

  #lie(why: DhtRefusal): never {
    this.#dropped(dropOf(why))
    throw unverified(why)
  }
}

function refused({ reason, retryAfterMs }: Extract<DhtAnswer, { kind: 'refused' }>): WaypostError {
  const how = retryAfterMs > 0 ? { cause: reason, retryAfterMs } : { cause: reason }
  return new WaypostError('dht-refused', `the DHT refused: ${reason}`, how)
}

function unverified(why: DhtRefusal): WaypostError {
  return new WaypostError('unverified', `what came does not verify: ${why}`, { cause: why })
}

function dropOf(why: DhtRefusal): DropReason {
  switch (why) {
    case 'wrong-key':
    case 'wrong-signature':
    case 'too-large':
    case 'expired':
      return why
    default:
      return 'malformed'
  }
}

function endOf(record: StoredRecord): number {
  if (record.kind === 'ipns') return record.expiresAtMs
  if (record.kind === 'value') return Number.POSITIVE_INFINITY
  return record.createdMs + record.ttlSeconds * 1_000
}

function endOfHead({ createdMs, ttlSeconds }: ProvidedTree): number {
  return createdMs + ttlSeconds * 1_000
}
