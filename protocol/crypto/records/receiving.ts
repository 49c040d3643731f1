// The receiving half: under which keys a record may open, whether its number is right, and which keys are kept for what was
// under way when the sender moved on. Nothing changes before a record has been authenticated.

import type { Suite } from '../suite.ts'
import type { RecordDrop } from './drops.ts'
import { EPOCHS_BEHIND_MAX, EpochKeys, STEPS_AHEAD_MAX } from './epoch.ts'
import { HEADER_BYTES, type Header, nonceOf, type RecordType, readHeader } from './layout.ts'
import { ReplayWindow } from './window.ts'

/** Old keys are kept so long for what is under way, on whatever path is slowest. Then they are erased. */
export const OLD_EPOCH_MS = 30_000

export interface Opened {
  readonly kind: 'opened'
  readonly type: RecordType
  readonly body: Uint8Array
  /** The first record under a fresh secret: the peer has it too. */
  readonly renewed: boolean
}

export interface DroppedRecord {
  readonly kind: 'drop'
  readonly reason: RecordDrop
}

const drop = (reason: RecordDrop): DroppedRecord => ({ kind: 'drop', reason })

interface Old {
  readonly keys: EpochKeys
  readonly untilMs: number
}

/**
 * Keys a record may be under. `chain` leads there from what we have; empty for keys we have or had. `after`: old keys it leads
 * on from, of a generation the sender has left since.
 */
interface Candidate {
  readonly keys: EpochKeys
  readonly chain: readonly EpochKeys[]
  readonly after?: Old
}

export class Receiving {
  readonly #suite: Suite
  readonly #next = new Map<number, number>()
  readonly #windows = new Map<number, ReplayWindow>()
  #keys: EpochKeys
  #old: readonly Old[] = []
  #fresh: EpochKeys | undefined

  constructor(suite: Suite, secret: Uint8Array) {
    this.#suite = suite
    this.#keys = new EpochKeys(secret, 0, 0)
  }

  /** A fresh secret the peer has not used yet. */
  get awaiting(): boolean {
    return this.#fresh !== undefined
  }

  /** When old keys are to be erased next. */
  get wakeAtMs(): number | undefined {
    return this.#old.length === 0 ? undefined : Math.min(...this.#old.map(({ untilMs }) => untilMs))
  }

  /** Never two at once: the layer queues. Whatever the bytes are, this resolves. */
  async open(
    channel: number,
    ordered: boolean,
    record: Uint8Array,
    nowMs: number,
  ): Promise<Opened | DroppedRecord> {
    this.sweep(nowMs)
    const header = readHeader(record)
    if (header === undefined) return drop('malformed')
    if (ordered && header.sequence !== (this.#next.get(channel) ?? 0)) return drop('out-of-order')
    const candidate = await this.#find(header.epoch)
    if (candidate === undefined) return drop('epoch')
    const { key, iv } = await candidate.keys.channel(this.#suite, channel)
    const front = record.subarray(0, HEADER_BYTES)
    const body = await key.open(nonceOf(iv, front), front, record.subarray(HEADER_BYTES))
    if (body === undefined) {
      for (const keys of candidate.chain) if (keys !== this.#fresh) keys.erase()
      return drop('unopened')
    }
    const renewed = candidate.keys.generation > this.#keys.generation
    if (candidate.after === undefined) this.#move(candidate.chain, nowMs)
    else this.#remember(candidate.chain, candidate.after)
    if (!this.#isNew(channel, ordered, header)) return drop('replayed')
    return { kind: 'opened', type: header.type, body, renewed }
  }

  /** A secret the peer may use from now on, which is ours now. */
  renew(secret: Uint8Array): void {
    this.#fresh = new EpochKeys(secret, this.#keys.generation + 1, 0)
  }

  /** Erases what is old enough. */
  sweep(nowMs: number): void {
    for (const { keys, untilMs } of this.#old) if (nowMs >= untilMs) keys.erase()
    this.#old = this.#old.filter(({ untilMs }) => nowMs < untilMs)
  }

  erase(): void {
    for (const keys of [this.#keys, this.#fresh, ...this.#old.map(({ keys }) => keys)]) keys?.erase()
    this.#old = []
    this.#fresh = undefined
  }

  async #find(byte: number): Promise<Candidate | undefined> {
    const had = [this.#keys, ...this.#old.map(({ keys }) => keys)].find((keys) => keys.byte === byte)
    if (had !== undefined) return { keys: had, chain: [] }
    const ahead = this.#keys.stepsTo(byte)
    if (ahead !== undefined) return ahead > STEPS_AHEAD_MAX ? undefined : this.#walk(this.#keys, ahead, [])
    const beyond = this.#fresh?.stepsTo(byte)
    if (this.#fresh !== undefined && beyond !== undefined && beyond <= STEPS_AHEAD_MAX)
      return this.#walk(this.#fresh, beyond, [this.#fresh])
    return this.#findLate(byte)
  }

  /** Of two channels one may bring the next generation before the other has brought the last steps of the one before. */
  async #findLate(byte: number): Promise<Candidate | undefined> {
    const after = this.#old.find(({ keys }) => keys.stepsTo(byte) !== undefined)
    if (after === undefined || after.keys.generation === this.#keys.generation) return undefined
    const steps = after.keys.stepsTo(byte) ?? 0
    return steps > STEPS_AHEAD_MAX ? undefined : { ...(await this.#walk(after.keys, steps, [])), after }
  }

  async #walk(from: EpochKeys, steps: number, first: readonly EpochKeys[]): Promise<Candidate> {
    const chain = [...first]
    let keys = from
    for (let step = 0; step < steps; step++) {
      keys = await keys.next(this.#suite.hash)
      chain.push(keys)
    }
    return { keys, chain }
  }

  /** The sender is at the end of the chain: what came before is old. */
  #move(chain: readonly EpochKeys[], nowMs: number): void {
    const latest = chain.at(-1)
    if (latest === undefined) return
    const passed = [...chain.slice(0, -1).reverse(), this.#keys]
    const old = [...passed.map((keys) => ({ keys, untilMs: nowMs + OLD_EPOCH_MS })), ...this.#old]
    this.#keep(old)
    if (latest.generation > this.#keys.generation) this.#fresh = undefined
    this.#keys = latest
  }

  /** Steps of a generation that is over are kept as long as the one they come after. */
  #remember(chain: readonly EpochKeys[], after: Old): void {
    const at = this.#old.indexOf(after)
    const late = chain.map((keys) => ({ keys, untilMs: after.untilMs })).reverse()
    this.#keep([...this.#old.slice(0, at), ...late, ...this.#old.slice(at)])
  }

  /** The newest first. More than a byte can tell apart are not kept. */
  #keep(old: readonly Old[]): void {
    for (const { keys } of old.slice(EPOCHS_BEHIND_MAX)) keys.erase()
    this.#old = old.slice(0, EPOCHS_BEHIND_MAX)
  }

  #isNew(channel: number, ordered: boolean, { sequence }: Header): boolean {
    if (ordered) {
      this.#next.set(channel, sequence + 1)
      return true
    }
    const window = this.#windows.get(channel) ?? new ReplayWindow()
    this.#windows.set(channel, window)
    return window.take(sequence)
  }
}
