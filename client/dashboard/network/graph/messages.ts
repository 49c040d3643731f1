// What the page and the worker that lays the graph out tell each other.

/** Peers by their places in a list, which is the order of the positions too. */
export interface GraphTask {
  /** Peers that were there before keep where they were. */
  readonly ids: readonly string[]
  /** For each peer, places of rooms. */
  readonly rooms: readonly (readonly number[])[]
  readonly roomIds: readonly string[]
  /** Pairs of places, one after another. */
  readonly links: Uint32Array
  /** Only where it ends, and not how it gets there. */
  readonly still: boolean
}

export interface GraphNews {
  /** Which task this is about: news of an older one comes too late. */
  readonly task: number
  /** x and y of each peer, one after another. */
  readonly positions: Float32Array
  /** Nothing moves any more. */
  readonly settled: boolean
}
