// Very many clients with two edges, of which the first is gone for a while: each has the machine that real ones have
// (protocol/edges/). How soon all are at the other, how soon they are back, and how many come in one second at most.

import type { EdgesEffect, EdgesInput } from '../../../protocol/edges/machine.ts'
import { EdgesMachine } from '../../../protocol/edges/machine.ts'
import { Random } from '../random.ts'

export interface HerdTerms {
  readonly clients: number
  readonly seed: number
  readonly awayMs: number
  /** In place of one: clients of so many networks. */
  readonly networks: number
}

export interface HerdOutcome {
  /** From the fall of the first edge until this share of all was at the other. */
  readonly movedMs: { readonly p50: number; readonly p99: number; readonly last: number }
  /** From its return. */
  readonly returnedMs: { readonly p50: number; readonly p99: number; readonly last: number }
  /** Clients that came in one second. */
  readonly busiestSecond: { readonly moving: number; readonly returning: number; readonly looking: number }
  /** Of those who share a network: how long from the first to the last of them, in the middle of the networks and at most. */
  readonly apartMs: { readonly p50: number; readonly most: number }
}

const FALL_MS = 1_000_000
/** Until who has a socket notices that it broke; an answer, or none at a port that is closed. */
const NOTICE_MS = 200
const ANSWER_MS = 150
const SLICE_MS = 10

export function herd({ clients, seed, awayMs, networks }: HerdTerms): HerdOutcome {
  const random = new Random(`herd ${seed}`)
  const backMs = FALL_MS + awayMs
  const agenda = new Agenda()
  const [moved, returned]: [Float64Array, Float64Array] = [
    new Float64Array(clients),
    new Float64Array(clients),
  ]
  const looks = new Map<number, number>()
  const machines = Array.from({ length: clients }, (_, i) => {
    const own = random.fork(i)
    const phaseMs = ((i % networks) * 7_919) % 20_000
    return new EdgesMachine({ learnt: [false, false], random: () => own.unit(), phaseMs })
  })
  const give = (client: number, input: EdgesInput, nowMs: number) => {
    const machine = machines[client] as EdgesMachine
    for (const effect of machine.receive(input, nowMs)) perform(client, effect, nowMs)
    const { wakeAtMs } = machine
    if (wakeAtMs !== undefined) agenda.add(Math.max(nowMs, wakeAtMs), { client, input: { kind: 'wake' } })
  }
  const perform = (client: number, effect: EdgesEffect, nowMs: number) => {
    if (effect.kind === 'use') (effect.edge === 0 ? returned : moved)[client] = nowMs
    else {
      if (effect.edge === 0) count(looks, nowMs)
      const atMs = nowMs + ANSWER_MS * (0.5 + random.unit())
      const answered = effect.edge === 1 || atMs < FALL_MS || atMs >= backMs
      agenda.add(atMs, { client, input: { kind: 'looked', edge: effect.edge, answered } })
    }
  }
  for (let client = 0; client < clients; client++) {
    give(client, { kind: 'start', use: 0, failed: [] }, FALL_MS - 1_000)
    agenda.add(FALL_MS + random.exponential(NOTICE_MS), { client, input: { kind: 'interrupted', edge: 0 } })
  }
  for (let next = agenda.take(); next !== undefined; next = agenda.take()) {
    const { atMs, client, input } = next
    // Of several wakes the first that is due is the one; the others found nothing to do.
    if (
      input.kind === 'wake' &&
      ((machines[client] as EdgesMachine).wakeAtMs ?? Number.POSITIVE_INFINITY) > atMs
    )
      continue
    give(client, input, atMs)
    if (atMs > backMs + 600_000) break
  }
  return {
    movedMs: spreadOf(moved, FALL_MS),
    returnedMs: spreadOf(returned, backMs),
    busiestSecond: {
      moving: busiest(moved),
      returning: busiest(returned),
      looking: Math.max(...looks.values()),
    },
    apartMs: apart(returned, networks),
  }
}

interface Entry {
  readonly atMs: number
  readonly client: number
  readonly input: EdgesInput
}

/** What is to happen, by slices of time: in a slice in the order in which it was put there. */
class Agenda {
  readonly #slices = new Map<number, Entry[]>()
  #slice = 0
  #at = 0
  #left = 0

  add(atMs: number, what: Omit<Entry, 'atMs'>): void {
    const slice = Math.max(this.#slice, Math.ceil(atMs / SLICE_MS))
    const entries = this.#slices.get(slice) ?? []
    entries.push({ atMs: slice * SLICE_MS, ...what })
    this.#slices.set(slice, entries)
    this.#left++
  }

  take(): Entry | undefined {
    if (this.#left === 0) return undefined
    for (;;) {
      const entry = this.#slices.get(this.#slice)?.[this.#at]
      if (entry !== undefined) {
        this.#at++
        this.#left--
        return entry
      }
      this.#slices.delete(this.#slice)
      this.#slice++
      this.#at = 0
    }
  }
}

function count(seconds: Map<number, number>, atMs: number): void {
  const second = Math.floor(atMs / 1_000)
  seconds.set(second, (seconds.get(second) ?? 0) + 1)
}

function busiest(times: Float64Array): number {
  const seconds = new Map<number, number>()
  for (const atMs of times) count(seconds, atMs)
  return Math.max(...seconds.values())
}

function spreadOf(times: Float64Array, fromMs: number) {
  const sorted = times.toSorted()
  const at = (share: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) - fromMs)
  return { p50: at(0.5), p99: at(0.99), last: at(1) }
}

function apart(times: Float64Array, networks: number) {
  const [first, last] = [new Map<number, number>(), new Map<number, number>()]
  for (const [client, atMs] of times.entries()) {
    const network = client % networks
    first.set(network, Math.min(first.get(network) ?? Number.POSITIVE_INFINITY, atMs))
    last.set(network, Math.max(last.get(network) ?? 0, atMs))
  }
  const gaps = [...last].map(([network, atMs]) => Math.round(atMs - (first.get(network) ?? 0)))
  gaps.sort((one, other) => one - other)
  return { p50: gaps[gaps.length >> 1] ?? 0, most: gaps.at(-1) ?? 0 }
}
