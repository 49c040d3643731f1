// What the edge says of itself, as a test reads it: figures by name and labels, and the lines of its log.

import { exports } from 'cloudflare:workers'
import parsePrometheus from 'parse-prometheus-text-format'
import { expect, vi } from 'vitest'
import { deployedWith } from './rooms.ts'

interface Sample {
  readonly value?: string
  readonly labels?: Readonly<Record<string, string>>
}

interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly metrics: readonly Sample[]
}

export class Figures {
  readonly families: readonly Family[]
  readonly text: string

  private constructor(text: string) {
    this.text = text
    this.families = parsePrometheus(text) as readonly Family[]
  }

  /** As this isolate says them now. */
  static read(query = ''): Promise<Figures> {
    return deployedWith({ NETWORK_VIEW: 'open' }, async () => {
      const answer = await exports.default.fetch(`https://edge.example/metrics${query}`)
      expect(answer.status).toBe(200)
      return new Figures(await answer.text())
    })
  }

  samples(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    const family = this.families.find((each) => each.name === name)
    return (family?.metrics ?? []).filter((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels?.[label] === value),
    )
  }

  /** Summed over what is not named. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.samples(name, labels).reduce((sum, { value }) => sum + Number(value), 0)
  }

  /** The buckets of a histogram in their order, which the parser loses where there are labels; and how many were observed. */
  histogram(name: string, label: string): { readonly buckets: readonly number[]; readonly count: number } {
    const valuesOf = (suffix: string) =>
      this.text
        .split('\n')
        .filter((line) => line.startsWith(`${name}_${suffix}{`) && line.includes(label))
        .map((line) => Number(line.slice(line.lastIndexOf(' '))))
    return { buckets: valuesOf('bucket'), count: valuesOf('count')[0] ?? 0 }
  }
}

/** What was written to the log while `run` ran. */
export async function logged(run: () => Promise<unknown>): Promise<readonly string[]> {
  const lines: string[] = []
  const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation((...said: readonly unknown[]) => {
      lines.push(said.map(String).join(' '))
    }),
  )
  try {
    await run()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  return lines
}
