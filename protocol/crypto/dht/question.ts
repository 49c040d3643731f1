// What is asked of the edge, made into what a shard is asked: whatever is to be kept is verified on the way, by whoever passes
// it on, so that a shard never spends its time on signatures.

import type { ShardRequest } from '../../dht/contract.ts'
import { DHT_CLOSEST_MAX, DHT_PROVIDERS_ANSWERED_MAX } from '../../limits/dht.ts'
import { equalBytes } from '../../wire/bytes.ts'
import type { DhtQuestion } from '../../wire/dht-frames.ts'
import type { DhtRefusal } from '../../wire/registry.ts'
import { verifyProvided } from './provided.ts'
import { type Checking, verifyRecord } from './records.ts'

/** What is only read has nothing to verify, and need not wait for what has. Undefined for the rest. */
export function readingOf(question: DhtQuestion): ShardRequest | undefined {
  switch (question.kind) {
    case 'get':
      return question
    case 'closest':
      return { ...question, limit: within(question.limit, DHT_CLOSEST_MAX) }
    case 'providers':
      return { ...question, limit: within(question.limit, DHT_PROVIDERS_ANSWERED_MAX) }
    default:
      return undefined
  }
}

/** `asker`: whose pass was shown. Others' records may be put, on one's own account; that one has something oneself alone can say. */
export async function verifyQuestion(
  suite: Checking,
  question: DhtQuestion,
  asker: Uint8Array,
  nowMs: number,
): Promise<ShardRequest | DhtRefusal> {
  switch (question.kind) {
    case 'get':
    case 'closest':
    case 'providers':
      return readingOf(question) ?? 'malformed'
    case 'put': {
      const record = await verifyRecord(suite, question.record, question.key, nowMs)
      return typeof record === 'string' ? record : { kind: 'put', record, owner: asker }
    }
    case 'provide': {
      const verified = await verifyProvided(suite, question.announcement, nowMs)
      if (typeof verified === 'string') return verified
      if (!equalBytes(verified.head.peer, asker)) return 'wrong-key'
      return { kind: 'provide', head: verified.head, keys: verified.keys }
    }
  }
}

function within(limit: number, most: number): number {
  return Math.max(1, Math.min(limit, most))
}
