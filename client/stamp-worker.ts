// The program of the Web Worker that makes stamps, as text: a page may be served from anywhere and bundled by anything,
// and a text needs no file beside the bundle. What is in it is protocol/crypto/admission/search.ts and the loop below,
// which therefore use nothing from outside themselves. A bundler that rewrites them so that they do makes the Worker
// fail, and the stamp is then made without one.

import {
  type Sha256Block,
  type StampSearcher,
  sha256Block,
  stampSearcher,
} from '../protocol/crypto/admission/search.ts'

/** To the Worker. */
export interface StampTask {
  readonly challenge: Uint8Array
  readonly place: Uint8Array
  readonly bits: number
  readonly puzzles: number
}

/** From the Worker: whenever a puzzle is solved, the stamp last. */
export interface StampNews {
  readonly solved: number
  readonly stamp?: Uint8Array<ArrayBuffer>
}

export function stampProgram(): string {
  return `(${loop})(${sha256Block},${stampSearcher})`
}

/**
 * Returns to its event loop every few milliseconds, though it has a thread of its own: Chromium lets a Worker that never
 * does run on for two seconds after it was terminated.
 */
function loop(
  block: () => Sha256Block,
  searcherOf: (
    block: Sha256Block,
    challenge: Uint8Array,
    place: Uint8Array,
    bits: number,
    puzzles: number,
  ) => StampSearcher,
): void {
  addEventListener('message', (event: MessageEvent<StampTask>) => {
    const { challenge, place, bits, puzzles } = event.data
    const searcher = searcherOf(block(), challenge, place, bits, puzzles)
    const turns = new MessageChannel()
    turns.port1.onmessage = () => {
      const before = searcher.solved()
      const done = searcher.step(16_384)
      if (done) postMessage({ solved: puzzles, stamp: searcher.stamp() })
      else if (searcher.solved() > before) postMessage({ solved: searcher.solved() })
      if (!done) turns.port2.postMessage(null)
    }
    turns.port2.postMessage(null)
  })
}
