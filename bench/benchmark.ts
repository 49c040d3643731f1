// What a benchmark is, and how a figure is made: under full load the two servers take turns (A B B A …), at low load they
// are measured in the same seconds, so that a neighbour who comes or goes meets both; medians of the rounds stand.

/** One line of the result. Ratio: ours to bare. A goal is the most the ratio may be; lines without one inform. */
export interface Row {
  readonly name: string
  readonly unit: string
  readonly ours: number
  readonly bare: number
  readonly ratio: number
  readonly goal: number | null
  readonly met: boolean | null
}

export interface Effort {
  readonly rounds: number
  readonly roundMs: number
}

/** For figures to be quoted, and for a look at whether it still runs. */
export const FULL: Effort = { rounds: 5, roundMs: 3_000 }
export const QUICK: Effort = { rounds: 1, roundMs: 1_000 }

export interface Benchmark {
  readonly name: string
  run(effort: Effort): Promise<Row[]>
}

export type Side = 'ours' | 'bare'
export const SIDES = ['ours', 'bare'] as const

/** Rounds taken in turns; who begins changes with each, so that neither always follows the other. */
export async function inTurns<Result>(
  rounds: number,
  round: (side: Side, index: number) => Promise<Result>,
): Promise<Record<Side, Result[]>> {
  const results: Record<Side, Result[]> = { ours: [], bare: [] }
  for (let index = 0; index < rounds; index++) {
    const order = index % 2 === 0 ? SIDES : SIDES.toReversed()
    for (const side of order) results[side].push(await round(side, index))
  }
  return results
}

/** Rounds of both at once. Only for loads that leave most of the machine idle, or each would measure the other. */
export async function together<Result>(
  rounds: number,
  round: (side: Side, index: number) => Promise<Result>,
): Promise<Record<Side, Result[]>> {
  const results: Record<Side, Result[]> = { ours: [], bare: [] }
  for (let index = 0; index < rounds; index++) {
    const [ours, bare] = await Promise.all([round('ours', index), round('bare', index)])
    results.ours.push(ours)
    results.bare.push(bare)
  }
  return results
}

export function row(
  name: string,
  unit: string,
  figures: Readonly<Record<Side, readonly number[]>>,
  goal: number | null = null,
): Row {
  const ours = median(figures.ours)
  const bare = median(figures.bare)
  const ratio = ours / bare
  return { name, unit, ours, bare, ratio, goal, met: goal === null ? null : ratio <= goal }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The nearest of the given values, but the mean of the two in the middle for a median of an even number. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = values.toSorted((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const low = sorted[Math.floor(at)] as number
  const high = sorted[Math.ceil(at)] as number
  return low + (high - low) * (at - Math.floor(at))
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** All of them, so many at a time; what they gave is in no order. */
export async function abreast<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const waiting = items.values()
  const results: Result[] = []
  const next = async () => {
    for (const item of waiting) results.push(await work(item))
  }
  await Promise.all(Array.from({ length: most }, next))
  return results
}
