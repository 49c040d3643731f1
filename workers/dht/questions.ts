// Questions to the DHT as routes ask them: verified, answered from this isolate's memory where that will do, else by the shards.

import { readingOf, verifyQuestion } from '../../protocol/crypto/dht/question.ts'
import type { ShardRequest } from '../../protocol/dht/contract.ts'
import { HotRecords, nameOfGet } from '../../protocol/dht/hot.ts'
import type { Region } from '../../protocol/dht/regions.ts'
import { DHT_FRESH_MS, DHT_HOT_BYTES_MAX } from '../../protocol/limits/dht.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import { admissionDesk } from '../desk.ts'
import type { Env } from '../env.ts'
import { askShards } from './asking.ts'
import { cachedValue, keepValue } from './value-cache.ts'

/** This isolate's own. */
const hot = new HotRecords(DHT_HOT_BYTES_MAX, DHT_FRESH_MS)

const NOBODY = new Uint8Array()

/** `near`: where who asks is. `asker`: the subject of the pass that was shown; who only reads shows none. */
export async function ask(
  env: Env,
  network: string,
  near: Region | '',
  question: DhtQuestion,
  asker: Uint8Array = NOBODY,
): Promise<DhtAnswer> {
  if (question.kind === 'get') return get(env, network, near, question)
  const request =
    readingOf(question) ?? (await verifyQuestion(await admissionDesk(env), question, asker, Date.now()))
  if (typeof request === 'string') return { kind: 'refused', reason: request, retryAfterMs: 0 }
  const answer = await askShard(env, network, near, request)
  if (question.kind === 'put') hot.forget(network, question.key)
  return answer
}

/** Of this isolate's memory, of the data centre's cache, of the shard: each is a hundred times as far as the one before. */
async function get(
  env: Env,
  network: string,
  near: Region | '',
  question: DhtQuestion & { readonly kind: 'get' },
): Promise<DhtAnswer> {
  const [name, nowMs] = [nameOfGet(network, question), Date.now()]
  const known = hot.get(name, nowMs)
  if (known !== undefined) return known
  // Who does not say that it wants a value would be given something signed first, which is never there.
  const cached = question.of === 'value' ? await cachedValue(network, question.key, nowMs) : undefined
  const answer = cached ?? (await askShard(env, network, near, question))
  if (answer.kind !== 'record') return answer
  hot.keep(name, answer, Date.now())
  if (cached === undefined) keepValue(network, question.key, answer, Date.now())
  return answer
}

async function askShard(
  env: Env,
  network: string,
  near: Region | '',
  request: ShardRequest,
): Promise<DhtAnswer> {
  const [answer] = await askShards(env, network, near, [request])
  return answer === undefined || answer.kind === 'moved' ? FAILED : answer
}

const FAILED: DhtAnswer = { kind: 'refused', reason: 'internal', retryAfterMs: 1_000 }
