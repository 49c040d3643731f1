// What a process asks of shards through the edge of worker.ts: as JSON, since records of 5 KB are made where they are put.

export interface Order {
  /** `keep` and `fetch` are of values of 200 bytes. */
  readonly do: 'put' | 'get' | 'keep' | 'fetch'
  /** Of the key, which is below the prefix. */
  readonly seed: string
  readonly prefix: string
  /** Of a put. */
  readonly sequence?: number
}

export interface Orders {
  readonly network: string
  readonly leaf: string
  readonly orders: readonly Order[]
}

export type Outcome =
  | { readonly kind: 'stored' | 'nothing' }
  | { readonly kind: 'record'; readonly sequence: number }
  | { readonly kind: 'refused'; readonly reason: string }
  | {
      readonly kind: 'moved'
      readonly prefix: string
      readonly version: number
      readonly leaves: readonly string[]
    }
