// What sealed broadcasts ask of their host.

import type { PeerId } from '../../peer-id.ts'
import type { BroadcastDrop } from './drops.ts'

export type BroadcastEffect =
  /** Over the encrypted link to that member, on its service lane, when the link is up. */
  | { readonly kind: 'toMember'; readonly member: PeerId; readonly bytes: Uint8Array }
  /** As a broadcast frame of the room. */
  | { readonly kind: 'toRoom'; readonly payload: Uint8Array }
  | {
      readonly kind: 'deliver'
      readonly from: PeerId
      readonly data: Uint8Array
      /** How it came: on the link of the two, or through the room. */
      readonly by: 'link' | 'room'
    }
  | { readonly kind: 'drop'; readonly from: PeerId; readonly reason: BroadcastDrop }
