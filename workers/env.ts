// What the Worker is given by wrangler.toml.

import type { PassSecrets } from '../protocol/crypto/admission/keys.ts'
import type { RoomSettings } from '../protocol/room/config.ts'

/** The room as the Worker sees it: by its methods, not its class, which only the entry file may name. */
export interface RoomStub {
  fetch(request: Request): Promise<Response>
  probe(): Promise<{ readonly members: number }>
}

export interface Env extends RoomSettings, PassSecrets {
  readonly ROOMS: { getByName(name: string): RoomStub }
  readonly ASSETS?: { fetch(request: Request): Promise<Response> }
  /** RTCIceServer[] as JSON text. */
  readonly ICE_SERVERS?: string
  /** Zeros of each puzzle of a stamp while the edge is calm. */
  readonly STAMP_BITS?: string | number
}

/** What hono is told of the Worker: its environment, and what its middleware adds to a request. */
export interface Edge {
  readonly Bindings: Env
  readonly Variables: { requestId: string }
}
