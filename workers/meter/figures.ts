// Counters and histograms, and how Prometheus reads them: its text format, version 0.0.4. A few dozen lines of our own, since the known
// library wants Node's process and event loop to measure, which an isolate has not.

import { LATENCY_BUCKETS } from '../../protocol/limits/metering.ts'

/** `method="GET",route="/health"`: as it is written, which is also what its value is kept under. */
export type Labels = string

type FigureType = 'counter' | 'gauge' | 'histogram'

/** Label by label. Values are words of ours: patterns of routes, codes, classes; but a network's name is somebody else's. */
export function labels(values: Readonly<Record<string, string | number>>): Labels {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(`${value}`)}"`)
    .join(',')
}

const escaped = (text: string) => text.replace(/[\\"\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`))

export class Counter {
  readonly #values = new Map<Labels, number>()

  /** What is known beforehand is there from the start, at nothing: an alert on what never happened needs a series. */
  constructor(known: readonly Labels[] = []) {
    for (const labels of known) this.#values.set(labels, 0)
  }

  add(labels: Labels, by = 1): void {
    this.#values.set(labels, (this.#values.get(labels) ?? 0) + by)
  }

  get values(): ReadonlyMap<Labels, number> {
    return this.#values
  }
}

interface Observed {
  /** Of each bucket, and of those beyond them all. */
  readonly counts: number[]
  sum: number
}

export class Histogram {
  readonly #values = new Map<Labels, Observed>()

  observe(labels: Labels, ms: number): void {
    let observed = this.#values.get(labels)
    if (observed === undefined) {
      observed = { counts: new Array<number>(LATENCY_BUCKETS.length + 1).fill(0), sum: 0 }
      this.#values.set(labels, observed)
    }
    const seconds = ms / 1_000
    let bucket = 0
    while (bucket < LATENCY_BUCKETS.length && seconds > (LATENCY_BUCKETS[bucket] as number)) bucket++
    ;(observed.counts[bucket] as number)++
    observed.sum += seconds
  }

  get values(): ReadonlyMap<Labels, Readonly<Observed>> {
    return this.#values
  }
}

/** A page of figures, written one after another. */
export class FiguresPage {
  #text = ''
  readonly #common: Labels

  /** `common`: labels that all figures of this page have, but those that are nobody's. */
  constructor(common: Labels) {
    this.#common = common
  }

  get text(): string {
    return this.#text
  }

  counter(name: string, help: string, counter: Counter): void {
    this.#head(name, help, 'counter')
    for (const [labels, value] of counter.values) this.#line(name, labels, value)
  }

  gauge(name: string, help: string, values: Iterable<readonly [Labels, number]>): void {
    this.#head(name, help, 'gauge')
    for (const [labels, value] of values) this.#line(name, labels, value)
  }

  /** Of a network, whichever isolate says it. */
  sharedGauge(name: string, help: string, values: Iterable<readonly [Labels, number]>): void {
    this.#head(name, help, 'gauge')
    for (const [labels, value] of values) this.#text += `${name}{${labels}} ${value}\n`
  }

  histogram(name: string, help: string, histogram: Histogram): void {
    this.#head(name, help, 'histogram')
    for (const [labels, { counts, sum }] of histogram.values) {
      let total = 0
      for (const [at, count] of counts.entries()) {
        total += count
        this.#line(`${name}_bucket`, `${labels},le="${LATENCY_BUCKETS[at] ?? '+Inf'}"`, total)
      }
      this.#line(`${name}_sum`, labels, sum)
      this.#line(`${name}_count`, labels, total)
    }
  }

  #head(name: string, help: string, type: FigureType): void {
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
  }

  #line(name: string, labels: Labels, value: number): void {
    const all = labels === '' ? this.#common : `${this.#common},${labels}`
    this.#text += `${name}{${all}} ${value}\n`
  }
}
