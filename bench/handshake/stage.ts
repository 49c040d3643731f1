// One stage at a time, in the process it is called in: Node's own, or a page's.

import type { Suite } from '../../protocol/crypto/suite.ts'
import { BACKENDS, suiteOf } from '../../test/protocol/crypto/suites.ts'
import { type Call, Recorder } from './bare.ts'
import { OPERATIONS, type Operation, STAGE_NAMES, STAGES, type Stage, Work } from './work.ts'

export const SUITES = BACKENDS
export type SuiteName = (typeof SUITES)[number]

/** Of the native suite alone: for each operation, the primitives it needs. */
export type Timed = Stage | `bare ${Operation}`

const works = new Map<SuiteName, Work>()
const bare = new Map<Operation, readonly Call[]>()

/** Everything once, so that nothing is compiled while it is timed. Gives who serves what. */
export async function prepare(name: SuiteName): Promise<Suite['status']> {
  const suite = await suiteOf(name)
  const work = await Work.begin({ initiator: suite, responder: suite })
  for (const stage of STAGE_NAMES) await work.run(stage, 3)
  works.set(name, work)
  if (name === 'native') await writeDown(suite)
  return suite.status
}

/** Gives the milliseconds it took. */
export async function time(name: SuiteName, stage: Timed, times: number): Promise<number> {
  const operation = OPERATIONS.find((operation) => stage === `bare ${operation}`)
  const beganAtMs = performance.now()
  if (operation === undefined) await works.get(name)!.run(stage as Stage, times)
  else {
    const calls = bare.get(operation)!
    for (let i = 0; i < times; i++) for (const call of calls) await call()
  }
  return performance.now() - beganAtMs
}

async function writeDown(suite: Suite): Promise<void> {
  const [initiator, responder] = [new Recorder(suite), new Recorder(suite)]
  const work = await Work.begin({ initiator: initiator.suite, responder: responder.suite })
  const taken = () => [...initiator.take(), ...responder.take()]
  // The first record of a channel needs its keys made; what is timed is the others, so there is one before.
  for (const stage of STAGE_NAMES) await work.run(stage, 1)
  taken()
  for (const stage of STAGE_NAMES) {
    const operation = STAGES[stage]
    await work.run(stage, 1)
    bare.set(operation, [...(bare.get(operation) ?? []), ...taken()])
  }
}
