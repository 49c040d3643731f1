// What a malicious edge, whoever conspires with it, and the test that directs both say to each other: JSON, on doors that
// only such an edge has.

import type { SignalFrame } from '../../../protocol/wire/frames.ts'

/** A WebSocket for the accomplice: no member, so nobody has to let it in but the edge's operator. */
export const ACCOMPLICE_PATH = '/accomplice'
/** Orders are posted here. Both take `?room=`, of the default network. */
export const ORDERS_PATH = '/orders'

/** Members are named by their PeerIds as text. */
export type Order =
  /** Tell the truth from now on, and put right what was said before. */
  | { readonly do: 'nothing' }
  /** Signals between members go to the accomplice in place of the member. */
  | { readonly do: 'divert' }
  /** Each relayed frame arrives twice. */
  | { readonly do: 'double' }
  /** Of each two relayed frames the second arrives first. */
  | { readonly do: 'swap' }
  /** Relayed frames for one member reach the other too; what it says itself never arrives. */
  | { readonly do: 'misdeliver'; readonly for: string; readonly to: string }
  /** One member is told that another is a new run of itself. Frames are carried as ever. */
  | { readonly do: 'restart'; readonly who: string; readonly told: string }
  /** Whoever is told of this member from now on is told another's name. */
  | { readonly do: 'rename'; readonly who: string; readonly as: string }

/** A signal that did not arrive, and one that a member shall take for another member's. */
export interface Diverted {
  readonly from: string
  readonly to: string
  readonly frame: SignalFrame
}
