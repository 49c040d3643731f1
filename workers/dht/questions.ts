// Questions to the DHT as routes ask them: verified, answered from this isolate's memory where that will do, else by the shards.

import { readingOf, verifyQuestion } from '../../protocol/crypto/dht/question.ts'
import { HotRecords, nameOfGet } from '../../protocol/dht/hot.ts'
import type { Region } from '../../protocol/dht/regions.ts'
import { DHT_FRESH_MS, DHT_HOT_BYTES_MAX } from '../../protocol/limits/dht.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import { admissionDesk } from '../desk.ts'
import type { Env } from '../env.ts'
import { askShards } from './asking.ts'

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
  const name = question.kind === 'get' ? nameOfGet(network, question) : ''
  const known = question.kind === 'get' ? hot.get(name, Date.now()) : undefined
  if (known !== undefined) return known
  const request =
    readingOf(question) ?? (await verifyQuestion(await admissionDesk(env), question, asker, Date.now()))
  if (typeof request === 'string') return { kind: 'refused', reason: request, retryAfterMs: 0 }
  const [answer] = await askShards(env, network, near, [request])
  if (answer === undefined || answer.kind === 'moved') return FAILED
  if (answer.kind === 'record') hot.keep(name, answer, Date.now())
  if (question.kind === 'put') hot.forget(network, question.key)
  return answer
}

const FAILED: DhtAnswer = { kind: 'refused', reason: 'internal', retryAfterMs: 1_000 }
