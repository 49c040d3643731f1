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

/** It has a thread of its own and ends by being terminated, so it looks up only to tell how far it is. */
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
    let told = 0
    while (!searcher.step(4_096)) {
      if (searcher.solved() === told) continue
      told = searcher.solved()
      postMessage({ solved: told })
    }
    postMessage({ solved: puzzles, stamp: searcher.stamp() })
  })
}
