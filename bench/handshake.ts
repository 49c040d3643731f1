// What the cryptography of a link costs each side: meeting, coming back, sealing and opening; with all of the platform's own
// primitives, with some, and with none. Beside the native suite's stand the bare primitives it needs, beside the others' the
// native suite's.

import { type Benchmark, type Row, row } from './benchmark.ts'
import { type Cost, chromium, type Host, node } from './handshake/hosts.ts'
import { SUITES, type SuiteName, type Timed } from './handshake/stage.ts'
import { isOfRecords, OPERATIONS, type Operation, STAGE_NAMES, STAGES } from './handshake/work.ts'

/** The share of a round's time for a batch of meetings: much is to be timed, and the small figures are all compared with native. */
const BATCH_SHARE: Readonly<Record<SuiteName, number>> = { native: 0.2, mixed: 0.08, pure: 0.08 }
const MEETINGS_MIN = 4
const MEETINGS_MAX = 150
const RECORDS = 200

/** The most that both sides of a native handshake may use, beside the primitives they need. */
const GOAL = 1.3

type Column = SuiteName | 'bare'
type Costs = Map<string, Cost[]>
const keyOf = (column: Column, operation: Operation) => `${column} ${operation}`

class Rounds {
  readonly #host: Host
  readonly #costs: Costs = new Map()
  readonly #meetings = new Map<SuiteName, number>()

  constructor(host: Host) {
    this.#host = host
  }

  async prepare(suite: SuiteName, batchMs: number): Promise<void> {
    await this.#host.prepare(suite)
    const stages = STAGE_NAMES.filter((stage) => !isOfRecords(STAGES[stage]))
    let wallMs = 0
    for (const stage of stages) wallMs += (await this.#host.time(suite, stage, MEETINGS_MIN)).wallMs
    const fitting = Math.round((batchMs * MEETINGS_MIN) / wallMs)
    this.#meetings.set(suite, Math.min(MEETINGS_MAX, Math.max(MEETINGS_MIN, fitting)))
  }

  async round(suite: SuiteName): Promise<void> {
    const spent = new Map<Operation, Cost>()
    for (const stage of STAGE_NAMES) {
      const operation = STAGES[stage]
      const cost = await this.#once(suite, operation, stage)
      spent.set(operation, sum(spent.get(operation), cost))
    }
    for (const [operation, cost] of spent) this.#keep(suite, operation, cost)
    if (suite !== 'native') return
    for (const operation of OPERATIONS)
      this.#keep('bare', operation, await this.#once(suite, operation, `bare ${operation}`))
  }

  rows(): Row[] {
    const rows = OPERATIONS.flatMap((operation) => SUITES.flatMap((suite) => this.#rowsOf(suite, operation)))
    const both = (column: Column) => {
      const [ours, theirs] = [this.#figures(column, 'initiator'), this.#figures(column, 'responder')]
      return ours.map(({ cpuMs }, round) => cpuMs + theirs[round]!.cpuMs)
    }
    const figures = { ours: both('native'), bare: both('bare') }
    return [row(`handshake/${this.#host.name}/both-sides/native`, 'CPU-ms', figures, GOAL), ...rows]
  }

  /** The cost of one. */
  async #once(suite: SuiteName, operation: Operation, stage: Timed): Promise<Cost> {
    const times = isOfRecords(operation) ? RECORDS : this.#meetings.get(suite)!
    const { cpuMs, wallMs } = await this.#host.time(suite, stage, times)
    return { cpuMs: cpuMs / times, wallMs: wallMs / times }
  }

  /** One of each round. */
  #figures(column: Column, operation: Operation): readonly Cost[] {
    return this.#costs.get(keyOf(column, operation))!
  }

  #keep(column: Column, operation: Operation, cost: Cost): void {
    const key = keyOf(column, operation)
    this.#costs.set(key, [...(this.#costs.get(key) ?? []), cost])
  }

  #rowsOf(suite: SuiteName, operation: Operation): Row[] {
    const name = `handshake/${this.#host.name}/${operation}/${suite}`
    const figures = (pick: (cost: Cost) => number) => ({
      ours: this.#figures(suite, operation).map(pick),
      bare: this.#figures(suite === 'native' ? 'bare' : 'native', operation).map(pick),
    })
    return [
      row(
        name,
        'CPU-ms',
        figures(({ cpuMs }) => cpuMs),
      ),
      row(
        `${name}/wall`,
        'ms',
        figures(({ wallMs }) => wallMs),
      ),
    ]
  }
}

const sum = (one: Cost | undefined, other: Cost): Cost => ({
  cpuMs: (one?.cpuMs ?? 0) + other.cpuMs,
  wallMs: (one?.wallMs ?? 0) + other.wallMs,
})

export const handshake: Benchmark = {
  name: 'handshake',
  run: async ({ rounds, roundMs }) => {
    const rows: Row[] = []
    for (const start of [node, chromium]) {
      const host = await start()
      try {
        const measured = new Rounds(host)
        for (const suite of SUITES) await measured.prepare(suite, roundMs * BATCH_SHARE[suite])
        for (let round = 0; round < rounds; round++) {
          for (const suite of round % 2 === 0 ? SUITES : SUITES.toReversed()) await measured.round(suite)
        }
        rows.push(...measured.rows())
      } finally {
        await host.close()
      }
    }
    return rows
  },
}
