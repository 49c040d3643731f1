// Edge and mesh, asked together. Whichever knows answers: the edge is one hop away and mostly first; where it is away, or has
// nothing, or lies, the mesh has the word. What both say of one key is compared, also when nobody waits for it any more.

import { type Checking, verifyRecord } from '../../protocol/crypto/dht/records.ts'
import type { Key } from '../../protocol/dht/contract.ts'
import { compareRecords } from '../../protocol/dht/records/compare.ts'
import type { DropReason } from '../../protocol/drops.ts'
import { MESH_BESIDE_BYTES_MAX, MESH_EDGE_PATIENCE_MS } from '../../protocol/limits/mesh.ts'
import type { DhtAnswer, DhtQuestion } from '../../protocol/wire/dht-frames.ts'
import type { DhtRefusal } from '../../protocol/wire/registry.ts'
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

  async ask(question: DhtQuestion, signal: AbortSignal, isThorough = false): Promise<Answered> {
    const { edge } = this.#sources
    let failure: unknown
    const byEdge = edge.ask(question, signal).catch((problem: unknown) => {
      if (signal.aborted) throw problem
      failure = problem
      return undefined
    })
    // Nobody may be waiting for it when it fails.
    const byMesh = () => this.#askMesh(question, signal, byEdge, isThorough).catch(() => undefined)
    const answer =
      question.kind === 'get'
        ? await this.#record(question.key, byEdge, byMesh())
        : await either(byEdge, isBesideTheEdge(question) ? byMesh() : undefined, byMesh)
    if (answer === undefined && failure !== undefined) throw failure
    return answer
  }

  /** That there is nothing is for the edge to say; where it says nothing itself, peers are asked once more, thoroughly. */
  async #askMesh(
    question: DhtQuestion,
    signal: AbortSignal,
    byEdge: Promise<Answered>,
    isThorough: boolean,
  ): Promise<Answered> {
    const { mesh } = this.#sources
    const answer = await mesh.ask(question, signal, isThorough)
    if (isThorough || answer === undefined || !saysNothing(answer)) return answer
    const edge = await byEdge
    return edge === undefined || edge.kind === 'refused' ? mesh.ask(question, signal, true) : answer
  }

  async #record(key: Key, byEdge: Promise<Answered>, byMesh: Promise<Answered>): Promise<Answered> {
    const edge = byEdge.then(async (answer) =>
      isUseful(answer) && (await this.#isGood(key, answer)) ? answer : undefined,
    )
    // What the mesh has may be behind: the edge gets a moment. One that has nothing, or lies, need not be waited for.
    const mesh = byMesh.then((answer) => (isUseful(answer) ? laterThan(edge, answer) : edge))
    const first = await Promise.race([edge, mesh])
    if (first === undefined) {
      const [ours, theirs] = [await byEdge, await byMesh]
      const other = usefulOf(theirs)
      if (other === undefined) return ours ?? theirs
      if (isUseful(ours)) this.#dropped('unverified')
      return other
    }
    void Promise.all([byEdge, edge, byMesh]).then(
      ([said, ours, theirs]) => {
        // A lie that the mesh put right: nobody else will see it.
        if (isUseful(said) && ours === undefined) this.#dropped('unverified')
        return this.#compare(key, ours, theirs)
      },
      () => {},
    )
    return first
  }

  async #isGood(key: Key, answer: DhtAnswer): Promise<boolean> {
    if (answer.kind !== 'record') return false
    return typeof (await verifyRecord(this.#suite, answer.bytes, key, Date.now())) !== 'string'
  }

  /** Not that the mesh is behind, which it may be for minutes; but that it has what the edge did not tell. */
  async #compare(key: Key, edge: Answered, mesh: Answered): Promise<void> {
    if (edge?.kind !== 'record' || mesh?.kind !== 'record') return
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
function isUseful(answer: Answered): answer is Exclude<DhtAnswer, { kind: 'nothing' | 'refused' }> {
  if (answer === undefined || answer.kind === 'nothing' || answer.kind === 'refused') return false
  return answer.kind !== 'providers' || answer.providers.length > 0
}

function saysNothing(answer: DhtAnswer): boolean {
  return answer.kind === 'nothing' || (answer.kind === 'providers' && answer.providers.length === 0)
}

function usefulOf(answer: Answered): Answered {
  return isUseful(answer) ? answer : undefined
}

/** The edge's if it says anything, else the mesh's, which is asked then if it was not before. */
async function either(
  byEdge: Promise<Answered>,
  byMesh: Promise<Answered> | undefined,
  askMesh: () => Promise<Answered>,
): Promise<Answered> {
  const answer = await byEdge
  if (isUseful(answer)) return answer
  // An edge that refuses has been asked, and knows why.
  const other =
    answer?.kind === 'refused' && !PASSING.includes(answer.reason) ? undefined : await (byMesh ?? askMesh())
  return usefulOf(other) ?? answer ?? other
}

/** What a busy edge refuses the mesh may do. */
const PASSING: readonly DhtRefusal[] = ['busy', 'internal', 'rate-limited']

/** Whether both are told of it: what is large, or much, is for the edge alone while it is there. */
function isBesideTheEdge(question: DhtQuestion): boolean {
  return question.kind !== 'put' || question.record.length <= MESH_BESIDE_BYTES_MAX
}

/** Resolves to the edge's answer or, a moment later, to the other. */
function laterThan(edge: Promise<Answered>, other: DhtAnswer): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(other), MESH_EDGE_PATIENCE_MS)
    edge.then(
      (answer) => {
        clearTimeout(timer)
        resolve(answer ?? other)
      },
      (problem: unknown) => {
        clearTimeout(timer)
        reject(problem)
      },
    )
  })
}
