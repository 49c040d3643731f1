// Erases the keys of records that are over when their time has come. Whatever is opened does so too, but where nothing
// comes any more nobody else would, and what was said would stay readable to whoever reads the memory later.

import type { RecordLayer } from '../protocol/crypto/records/layer.ts'
import type { Alarm } from './alarm.ts'
import { REAL_TIME, type Time } from './host.ts'

/** Of one link, whose sessions take each other's place: a session that is over has been erased. */
export class Erasing {
  readonly #time: Time
  #layer: RecordLayer | undefined
  #alarm: Alarm | undefined

  constructor(time: Time = REAL_TIME) {
    this.#time = time
  }

  /** To be called when something was opened. */
  watch(layer: RecordLayer): void {
    if (this.#layer !== layer) this.stop()
    this.#layer = layer
    const atMs = layer.wakeAtMs
    if (atMs === undefined || this.#alarm !== undefined) return
    this.#alarm = this.#time.setAlarm(atMs, () => void this.#erase(layer))
  }

  stop(): void {
    this.#alarm?.cancel()
    this.#alarm = undefined
    this.#layer = undefined
  }

  async #erase(layer: RecordLayer): Promise<void> {
    await layer.sweep(this.#time.nowMs())
    if (this.#layer !== layer) return
    this.#alarm = undefined
    this.watch(layer)
  }
}
