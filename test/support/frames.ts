// How much work a page makes for each picture it shows. Counted in time of the processor, not of the clock: what else runs on the
// machine is no fault of the page.

import type { Page } from 'playwright-core'

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly ph: string
  readonly dur?: number
  readonly tdur?: number
  readonly args?: { readonly name?: string }
}

export interface Work {
  /** Pictures that were drawn. */
  readonly frames: number
  /** Milliseconds of the processor for each picture, on the page's thread: all of it, and what the page's own code took. */
  readonly perFrameMs: number
  readonly scriptPerFrameMs: number
  /** Of all tasks of the page's thread the longest. */
  readonly longestTaskMs: number
}

/** What the page's thread did while `act` ran. */
export async function workDuring(page: Page, act: () => Promise<void>): Promise<Work> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  const metric = async (name: string) => {
    const { metrics } = await session.send('Performance.getMetrics')
    return (metrics.find((each) => each.name === name)?.value ?? 0) * 1_000
  }
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['toplevel', 'devtools.timeline'] },
  })
  const before = [await metric('TaskDuration'), await metric('ScriptDuration')] as const
  await act()
  const after = [await metric('TaskDuration'), await metric('ScriptDuration')] as const
  await session.send('Tracing.end')
  await complete
  await session.detach()
  const frames = events.filter(({ name, ph }) => name === 'FireAnimationFrame' && ph === 'X').length
  const main = mainThread(events)
  const tasks = events.filter(({ pid, tid }) => `${pid} ${tid}` === main)
  return {
    frames,
    perFrameMs: (after[0] - before[0]) / frames,
    scriptPerFrameMs: (after[1] - before[1]) / frames,
    longestTaskMs: Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1_000)),
  }
}

/** The one that drew the pictures. */
function mainThread(events: readonly TraceEvent[]): string {
  const frame = events.find(({ name }) => name === 'FireAnimationFrame')
  if (frame === undefined) throw new Error('the page drew nothing')
  return `${frame.pid} ${frame.tid}`
}

export interface Drawn {
  /** Whole pictures, each of which begins with its ground. */
  readonly pictures: number
  /** Lines and outlines, however many parts each has. */
  readonly strokes: number
}

/** Counts what pages opened from now on draw on their graph: counts, unlike times, are the same on every machine. */
export async function countDrawing(page: Page): Promise<() => Promise<Drawn>> {
  await page.addInitScript(() => {
    const drawn = { pictures: 0, strokes: 0 }
    Object.assign(window, { drawn })
    const counts = (method: 'fillRect' | 'stroke', what: keyof typeof drawn) => {
      const { prototype } = CanvasRenderingContext2D
      const original = prototype[method] as (this: CanvasRenderingContext2D, ...args: unknown[]) => void
      prototype[method] = function (this: CanvasRenderingContext2D, ...args: unknown[]) {
        if (this.canvas.classList.contains('graph')) drawn[what]++
        return original.apply(this, args)
      } as never
    }
    counts('fillRect', 'pictures')
    counts('stroke', 'strokes')
  })
  return () => page.evaluate(() => ({ ...(window as unknown as { drawn: Drawn }).drawn }))
}
