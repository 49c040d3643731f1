// What has to be said again before it is over, as long as this client is there: one alarm for all of it.

import { type Alarm, setAlarm } from '../alarm.ts'
import { nowMs } from '../clock.ts'

/** What failed is tried again after this; a quarter of what it is about is left. */
const RETRY_MS = 60_000

interface Renewal {
  atMs: number
  /** Resolves to when it is to be said next; undefined: never. */
  readonly say: () => Promise<number | undefined>
}

export class Renewals {
  readonly #all = new Map<string, Renewal>()
  #alarm: Alarm | undefined
  #closed = false

  set(name: string, atMs: number, say: () => Promise<number | undefined>): void {
    this.#all.set(name, { atMs, say })
    this.#rearm()
  }

  delete(name: string): void {
    this.#all.delete(name)
    this.#rearm()
  }

  close(): void {
    this.#closed = true
    this.#all.clear()
    this.#rearm()
  }

  #rearm(): void {
    this.#alarm?.cancel()
    const atMs = Math.min(...[...this.#all.values()].map((renewal) => renewal.atMs))
    this.#alarm = Number.isFinite(atMs) ? setAlarm(atMs, () => void this.#ring()) : undefined
  }

  async #ring(): Promise<void> {
    for (const [name, renewal] of this.#all) {
      if (renewal.atMs > nowMs()) continue
      renewal.atMs = nowMs() + RETRY_MS
      const nextMs = await renewal.say().catch(() => renewal.atMs)
      if (this.#all.get(name) !== renewal) continue
      if (nextMs === undefined) this.#all.delete(name)
      else renewal.atMs = nextMs
    }
    if (!this.#closed) this.#rearm()
  }
}

/** Three quarters of the way to its end: before that a shard would write nothing. */
export function renewAtMs(fromMs: number, untilMs: number): number {
  return untilMs - (untilMs - fromMs) / 4 + 1_000
}
