// An edge that is flooded while honest people use it: what they notice before, during and after, and what was refused. Three
// processes on one machine, so the flood costs the edge a share of the core that it would not where attackers bring their own.

import { type ChildProcess, fork } from 'node:child_process'
import { cpuSeconds } from '../../../bench/process-cost.ts'
import { LocalEdge } from '../../support/local-edge.ts'
import type { Tally } from './tally.ts'

export interface FloodTerms {
  readonly people: number
  readonly connections: number
  /** What the attackers do in a second, all together. */
  readonly perSecond: number
  readonly calmMs: number
  readonly floodMs: number
  readonly print?: (line: string) => void
}

export interface FloodStory {
  readonly before: Tally
  readonly during: Tally
  readonly after: Tally
  /** Of a core, by the edge. */
  readonly edgeShare: Readonly<Record<'before' | 'during' | 'after', number>>
  /** What the attackers did, and what they were told. */
  readonly hostile: Readonly<Record<string, number>>
}

type Phase = 'before' | 'during' | 'after'

class Child {
  readonly #process: ChildProcess
  readonly #heard: Record<string, unknown>[] = []
  #changed: () => void = () => {}

  constructor(file: string) {
    this.#process = fork(new URL(file, import.meta.url), { execArgv: ['--no-warnings'] })
    this.#process.on('message', (message) => {
      this.#heard.push(message as Record<string, unknown>)
      this.#changed()
    })
  }

  say(message: object | string): void {
    this.#process.send(message)
  }

  async hears<Message>(name: string): Promise<Message> {
    for (;;) {
      const at = this.#heard.findIndex((message) => name in message)
      if (at >= 0) return this.#heard.splice(at, 1)[0] as Message
      if (this.#process.exitCode !== null)
        throw new Error(`a process of the flood ended: ${this.#process.exitCode}`)
      await new Promise<void>((resolve) => {
        this.#changed = resolve
        this.#process.once('exit', () => resolve())
      })
    }
  }

  end(): void {
    this.#process.kill()
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export async function flood(terms: FloodTerms): Promise<FloodStory> {
  const { people, connections, perSecond, calmMs, floodMs, print = () => {} } = terms
  const edge = await LocalEdge.start()
  const [honest, hostile] = [new Child('./honest.ts'), new Child('./hostile.ts')]
  try {
    await Promise.all([honest.hears('ready'), hostile.hears('ready')])
    honest.say({ settle: { port: edge.port, people } })
    await honest.hears('settled')
    honest.say({ phase: 'arriving' })
    await honest.hears('over')
    const edgeShare = { before: 0, during: 0, after: 0 }
    const phase = async (name: Phase, ms: number) => {
      const usedBefore = cpuSeconds(edge.pid)
      await sleep(ms)
      edgeShare[name] = Math.round(((cpuSeconds(edge.pid) - usedBefore) / ms) * 100_000) / 100
      honest.say({ phase: name })
      const { tally } = await honest.hears<{ tally: Tally }>('over')
      print(`${name}: ${JSON.stringify(tally)}`)
      return tally
    }
    const before = await phase('before', calmMs)
    hostile.say({ flood: { port: edge.port, connections, perSecond } })
    const during = await phase('during', floodMs)
    hostile.say('stop')
    const { outcomes } = await hostile.hears<{ outcomes: Record<string, number> }>('outcomes')
    const after = await phase('after', calmMs)
    return { before, during, after, edgeShare, hostile: outcomes }
  } finally {
    honest.end()
    hostile.end()
    await edge.stop()
  }
}
