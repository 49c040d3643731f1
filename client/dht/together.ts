// Edge and mesh, asked together. Whichever knows answers: the edge is one hop away and mostly first; where it is away, or has
// nothing, or lies, the mesh has the word. What both say of one key is compared, also when nobody waits for it any more.

import { type Checking, verifyRecord } from '../../protocol/crypto/dht/records.ts'
import type { Key } from '../../protocol/dht/contract.ts'
import { compareRecords } from '../../protocol/dht/records/compare.ts'
import type { DropReason } from '../../protocol/drops.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import type { DhtSource } from './contract.ts'

export interface Sources {
  readonly edge: DhtSource
  readonly mesh: DhtSource
}

type Answered = DhtAnswer | undefined

export class TogetherSource implements DhtSource {
  readonly #sources: Sources
  readonly #suite: Checking
  readonly #dropped: (reason: DropReason) => void

  constructor(sources: Sources, suite: Checking, dropped: (reason: DropReason) => void) {
    this.#sources = sources
    this.#suite = suite
    this.#dropped = dropped
  }

  async ask(question: DhtQuestion, signal: AbortSignal): Promise<Answered> {
    const { edge, mesh } = this.#sources
    const byEdge = edge.ask(question, signal)
    // Nobody may be waiting for it when it fails.
    const byMesh = mesh.ask(question, signal).catch(() => undefined)
    if (question.kind === 'get') return this.#record(question.key, byEdge, byMesh)
    const answer = await byEdge
    return isUseful(answer) ? answer : ((await byMesh) ?? answer)
  }

  async #record(key: Key, byEdge: Promise<Answered>, byMesh: Promise<Answered>): Promise<Answered> {
    const answer = await byEdge
    if (isUseful(answer) && (await this.#isGood(key, answer))) {
      void byMesh.then((other) => this.#compare(key, answer, other))
      return answer
    }
    const other = await byMesh
    return isUseful(other) ? other : answer
  }

  async #isGood(key: Key, answer: DhtAnswer): Promise<boolean> {
    if (answer.kind !== 'record') return false
    const record = await verifyRecord(this.#suite, answer.bytes, key, Date.now())
    if (typeof record === 'string') this.#dropped('unverified')
    return typeof record !== 'string'
  }

  /** Not that the mesh is behind, which it may be for minutes; but that it has what the edge did not tell. */
  async #compare(key: Key, edge: DhtAnswer, mesh: Answered): Promise<void> {
    if (edge.kind !== 'record' || mesh?.kind !== 'record') return
    const nowMs = Date.now()
    const [ours, theirs] = await Promise.all([
      verifyRecord(this.#suite, edge.bytes, key, nowMs),
      verifyRecord(this.#suite, mesh.bytes, key, nowMs),
    ])
    if (typeof ours === 'string' || typeof theirs === 'string') return
    if (compareRecords(theirs, ours) > 0) this.#dropped('disagreement')
  }
}

/** Whether it says anything: nobody there, nothing there and a refusal are for the other to put right. */
function isUseful(answer: Answered): answer is DhtAnswer {
  if (answer === undefined || answer.kind === 'nothing' || answer.kind === 'refused') return false
  return answer.kind !== 'providers' || answer.providers.length > 0
}
