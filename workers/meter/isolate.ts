// What this isolate has counted since it started, and what it holds calls and requests to. An isolate's own: an edge is many of
// them, each of which sees its share.

import { Shedding } from '../../protocol/breaker/shedding.ts'
import { BreakerTable } from '../../protocol/breaker/table.ts'
import { CLASS_CALLS_LEAST, OVERLOADED_LATE_SHARE } from '../../protocol/limits/breaker.ts'
import { PRIORITIES } from '../../protocol/priority.ts'
import { Counter, Histogram, labels } from './figures.ts'

/** Classes of objects, by the binding they are reached by. */
export const CLASSES = {
  ROOMS: 'SignalingRoom',
  MAILBOXES: 'RelayMailbox',
  REGISTRIES: 'NetworkRegistry',
  SHARDS: 'DhtShard',
} as const
export type Binding = keyof typeof CLASSES
export type ObjectClass = (typeof CLASSES)[Binding]
export const OBJECT_CLASSES: readonly ObjectClass[] = Object.values(CLASSES)

const CALL_ENDS = ['succeeded', 'refused', 'failed', 'timeout', 'open-object', 'open-class'] as const
/** `refused`: the object answered with a RangeError or TypeError; `open-…`: not made, since that breaker is open. */
export type CallEnd = (typeof CALL_ENDS)[number]

export const EXPORT_ENDS = ['exported', 'failed', 'dropped'] as const

const known = <T extends string>(name: string, values: readonly T[]) =>
  values.map((value) => labels({ [name]: value }))

export const counters = {
  requests: new Counter(),
  durations: new Histogram(),
  refusals: new Counter(),
  upgrades: new Counter(),
  calls: new Counter(OBJECT_CLASSES.flatMap((one) => CALL_ENDS.map((end) => callLabels(one, end)))),
  callDurations: new Histogram(),
  shed: new Counter(known('priority', PRIORITIES)),
  passes: new Counter(['']),
  exports: new Counter(known('outcome', EXPORT_ENDS)),
  unlogged: new Counter(['']),
} as const

export function callLabels(of: ObjectClass, end: CallEnd): string {
  return `class="${of}",outcome="${end}"`
}

const tables = Object.fromEntries(OBJECT_CLASSES.map((one) => [one, new BreakerTable(Math.random)]))

export function breakersOf(of: ObjectClass): BreakerTable {
  return tables[of] as BreakerTable
}

export const shedding = new Shedding()

/** Whether what the edge calls answers late, by and large. */
export function isSlow(nowMs: number): boolean {
  let [calls, late] = [0, 0]
  for (const one of OBJECT_CLASSES) {
    const counts = breakersOf(one).counts(nowMs)
    calls += counts.calls
    late += counts.late
  }
  return calls >= CLASS_CALLS_LEAST && late >= calls * OVERLOADED_LATE_SHARE
}

let name: string | undefined
let startedAtMs: number | undefined

/** Made with the first request: before it there is no chance, and no time. */
export function isolate(): { readonly name: string; readonly startedAtMs: number } {
  startedAtMs ??= Date.now()
  name ??= crypto.randomUUID().slice(0, 8)
  return { name, startedAtMs }
}
