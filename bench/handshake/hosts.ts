// Where stages run: this Node, and a page of a Chromium. Processor time is read from outside in both, the same way.

import { TestBrowser } from '../../test/support/browser.ts'
import { pageScript } from '../../test/support/page-script.ts'
import { cpuMilliseconds } from '../process-cost.ts'
import * as stages from './stage.ts'

declare global {
  /** In the page that is measured. */
  var handshakes: typeof stages
}

export interface Cost {
  readonly cpuMs: number
  readonly wallMs: number
}

export interface Host {
  readonly name: string
  prepare(suite: stages.SuiteName): Promise<unknown>
  time(suite: stages.SuiteName, stage: stages.Timed, times: number): Promise<Cost>
  close(): Promise<void>
}

async function costOf(pids: readonly number[], work: () => Promise<number>): Promise<Cost> {
  const used = () => pids.reduce((sum, pid) => sum + cpuMilliseconds(pid), 0)
  const before = used()
  const wallMs = await work()
  return { cpuMs: used() - before, wallMs }
}

export async function node(): Promise<Host> {
  return {
    name: 'node',
    prepare: stages.prepare,
    time: (...what) => costOf([process.pid], () => stages.time(...what)),
    close: async () => {},
  }
}

export async function chromium(): Promise<Host> {
  const source = `export { prepare, time } from './bench/handshake/stage.ts'`
  const script = await pageScript('handshakes', source)
  const browser = await TestBrowser.launch()
  const page = await browser.page()
  await page.evaluate(script)
  // A page's native primitives run in its renderer; there is one besides at most, idle, kept for the next page.
  const renderers = await browser.renderers()
  return {
    name: 'chromium',
    prepare: (suite) => page.evaluate((suite) => handshakes.prepare(suite), suite),
    time: (...what) => costOf(renderers, () => page.evaluate((what) => handshakes.time(...what), what)),
    close: () => browser.close(),
  }
}
