// Making a stamp without the page noticing: in a Web Worker, or where there is none or it is forbidden (Node, a strict
// Content-Security-Policy) in slices of a few milliseconds between which everything else has its turn.

import type { Challenge } from '../protocol/crypto/admission/challenge.ts'
import { sha256Block, stampSearcher } from '../protocol/crypto/admission/search.ts'
import { WaypostError } from '../protocol/errors.ts'
import { STAMP_PUZZLES } from '../protocol/limits/admission.ts'
import { type StampNews, type StampTask, stampProgram } from './stamp-worker.ts'

export interface StampOptions {
  readonly signal?: AbortSignal | undefined
  /** Told whenever another puzzle of the stamp is solved, from 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined
}

/** Half a frame of a 60 Hz screen: what a page can lose of each and still be smooth. */
const SLICE_MS = 8
/** Sixteen puzzles of so many bits are 16,000 hashes: some ten milliseconds, in slices. A Worker takes thirty to begin. */
const INLINE_BITS_MAX = 10
/** Less than a millisecond of tries, so that a slice ends in time. */
const SLICE_TRIES = 512

/** Rejects with a WaypostError `aborted` when the signal fires. */
export async function makeStamp(
  challenge: Challenge,
  place: Uint8Array,
  options: StampOptions = {},
): Promise<Uint8Array> {
  return solve({ challenge: challenge.bytes, place, bits: challenge.bits, puzzles: STAMP_PUZZLES }, options)
}

/** The nonces of any puzzles of that kind. Rejects with a WaypostError `aborted` when the signal fires. */
export async function solve(task: StampTask, options: StampOptions = {}): Promise<Uint8Array> {
  throwIfAborted(options.signal)
  // An easy one is made before a Worker would have begun.
  const worked = task.bits > INLINE_BITS_MAX ? await inWorker(task, options) : undefined
  return worked ?? inSlices(task, options)
}

/** Undefined where no Worker could be had or it failed, whatever the reason: the work can still be done here. */
function inWorker(task: StampTask, { signal, onProgress }: StampOptions): Promise<Uint8Array | undefined> {
  if (typeof Worker !== 'function' || typeof URL.createObjectURL !== 'function')
    return Promise.resolve(undefined)
  const url = URL.createObjectURL(new Blob([stampProgram()], { type: 'text/javascript' }))
  let worker: Worker | undefined
  let abort = () => {}
  return new Promise<Uint8Array | undefined>((resolve, reject) => {
    abort = () => reject(aborted(signal))
    signal?.addEventListener('abort', abort)
    worker = new Worker(url)
    worker.addEventListener('error', (event) => {
      event.preventDefault() // Or it would be reported as the page's own error.
      resolve(undefined)
    })
    worker.addEventListener('message', ({ data }: MessageEvent<StampNews>) => {
      onProgress?.(data.solved / task.puzzles)
      if (data.stamp !== undefined) resolve(data.stamp)
    })
    worker.postMessage(task)
  })
    .catch((problem: unknown) => {
      if (signal?.aborted) throw problem
      return undefined // The constructor threw: forbidden.
    })
    .finally(() => {
      worker?.terminate()
      URL.revokeObjectURL(url)
      signal?.removeEventListener('abort', abort)
    })
}

async function inSlices(task: StampTask, { signal, onProgress }: StampOptions): Promise<Uint8Array> {
  const { challenge, place, bits, puzzles } = task
  const searcher = stampSearcher(sha256Block(), challenge, place, bits, puzzles)
  const turns = new Turns()
  let told = 0
  try {
    for (;;) {
      const untilMs = performance.now() + SLICE_MS
      let done = false
      while (!done && performance.now() < untilMs) done = searcher.step(SLICE_TRIES)
      if (searcher.solved() > told) {
        told = searcher.solved()
        onProgress?.(told / puzzles)
      }
      if (done) return searcher.stamp()
      await turns.next()
      throwIfAborted(signal)
    }
  } finally {
    turns.close()
  }
}

/**
 * The next turn of the event loop. In browsers by messages, since they hold timers back: to 4 ms, and to 1 s in a hidden
 * tab. Not so in Node, which delivers up to a thousand messages in one turn (24.21, 2026-11) and would hear of nothing
 * else for seconds; it has setImmediate.
 */
export class Turns {
  readonly #channel = new MessageChannel()
  readonly #immediate = (globalThis as { setImmediate?: (run: () => void) => void }).setImmediate

  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#immediate !== undefined) return this.#immediate.call(globalThis, resolve)
      this.#channel.port1.onmessage = () => resolve()
      this.#channel.port2.postMessage(null)
    })
  }

  close(): void {
    this.#channel.port1.close()
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal)
}

function aborted(signal: AbortSignal | undefined): WaypostError {
  return new WaypostError('aborted', 'making a stamp was aborted', { cause: signal?.reason })
}
