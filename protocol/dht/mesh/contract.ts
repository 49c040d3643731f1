// What the mesh machine is told, and what it asks for.

import type { DropReason } from '../../drops.ts'
import type { Machine, Random } from '../../machine.ts'
import type { Key } from '../contract.ts'
import type { NodeId } from './node.ts'

/** Neighbours are named by numbers of the host's: a number is of one link, and never used again. */
export type Neighbour = number

export interface MeshConfig {
  readonly self: NodeId
  /** Numbers of lookups come of it: who can guess them can have others refuse to carry them. */
  readonly random: Random
  /** Paths of a lookup at once, and at most. */
  readonly paths?: number
  readonly pathsMax?: number
}

/** What a record or a provided key was found to be. */
export interface Checked {
  readonly bytes: Uint8Array
  readonly expiresAtMs: number
  /** A value is its key: there is no newer one, and no other. */
  readonly final: boolean
  /** The higher wins, of equal ones the greater digest. Both mean nothing of what is final. */
  readonly sequence: bigint
  readonly digest: Uint8Array
  /** Of a provided key: who provides it. */
  readonly peer: Uint8Array | undefined
}

export type Wanted = 'nodes' | 'value' | 'providers'
export type Given = 'record' | 'provided'

export type MeshInput =
  /** The node was proven, and its bytes are the machine's from now on. */
  | {
      readonly kind: 'linked'
      readonly neighbour: Neighbour
      readonly node: NodeId
      readonly roundTripMs: number | undefined
    }
  | { readonly kind: 'unlinked'; readonly neighbour: Neighbour }
  | { readonly kind: 'message'; readonly neighbour: Neighbour; readonly bytes: Uint8Array }
  /** Lookups are named by the host. `thorough`: nodes do not take their neighbours' word for it that there is nothing. */
  | {
      readonly kind: 'find'
      readonly lookup: number
      readonly wanted: Wanted
      readonly key: Key
      readonly thorough?: boolean
    }
  /** What is given is the host's own, or was verified by it. */
  | {
      readonly kind: 'put'
      readonly lookup: number
      readonly given: Given
      readonly key: Key
      readonly item: Checked
    }
  | { readonly kind: 'cancel'; readonly lookup: number }
  /** Put now and again, until it is retracted or its time is over. Nothing is told of it. */
  | { readonly kind: 'publish'; readonly given: Given; readonly key: Key; readonly item: Checked }
  | { readonly kind: 'retract'; readonly key: Key }
  | { readonly kind: 'verified'; readonly task: number; readonly item: Checked | undefined }
  | { readonly kind: 'wake' }

export type MeshEffect =
  | { readonly kind: 'send'; readonly neighbour: Neighbour; readonly bytes: Uint8Array }
  /** Answered by `verified`, once, whatever it comes to. */
  | {
      readonly kind: 'verify'
      readonly task: number
      readonly given: Given
      readonly key: Key
      readonly bytes: Uint8Array
    }
  /** A record or provider, as soon as it is known; of records only better ones than before. */
  | { readonly kind: 'found'; readonly lookup: number; readonly item: Checked }
  | { readonly kind: 'done'; readonly lookup: number; readonly result: LookupResult }
  /** Links in these buckets would help, or to the nearest nodes there are. */
  | { readonly kind: 'wanted'; readonly buckets: readonly number[]; readonly nearest: boolean }
  /** The link is of no use to the mesh: another has its place, or the neighbour does not answer. */
  | { readonly kind: 'spare'; readonly neighbour: Neighbour }
  | { readonly kind: 'drop'; readonly reason: DropReason; readonly neighbour: Neighbour }

export interface LookupResult {
  /** Of a value: the best record, or none. Of providers: each. */
  readonly items: readonly Checked[]
  /** Of nodes: the nearest that any path came to, nearest first. As they were told: nobody proved them. */
  readonly nodes: readonly NodeId[]
  /** Of a put: as they were told. */
  readonly copies: number
  /** Links of the path that brought what was found first; of all, those of the longest. */
  readonly hops: number
  readonly paths: number
}

export type MeshMachine = Machine<MeshInput, MeshEffect>
