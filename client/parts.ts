// What connect() makes, and a Waypost is made of.

import type { Suite } from '../protocol/crypto/suite.ts'
import type { DhtDoor } from './dht/door.ts'
import type { Directs } from './direct.ts'
import type { OpenIdentity } from './identity.ts'
import type { Bootstraps } from './kept-bootstrap.ts'
import type { Mail } from './mail/mail.ts'
import type { Messages } from './messages.ts'
import type { Passes } from './pass.ts'
import type { MakeBroadcasts, MakeLink } from './secure.ts'
import type { Streams } from './streams.ts'

export interface WaypostParts extends OpenIdentity {
  readonly base: URL
  readonly network: string
  readonly relayOnly: boolean
  readonly bootstraps: Bootstraps
  readonly suite: Suite
  readonly passes: Passes
  readonly makeLink: MakeLink
  readonly makeBroadcasts: MakeBroadcasts
  readonly roomOfService: (bytes: Uint8Array) => string | undefined
  /** Makes direct connections; undefined where there are none, or none are wanted. */
  readonly direct: Directs | undefined
  readonly messages: typeof Messages
  readonly streams: typeof Streams
  readonly dht: typeof DhtDoor
  /** Whether peers are asked beside the edge. */
  readonly mesh: boolean
  /** The class that brings mail; undefined where there shall be none. */
  readonly mail: typeof Mail | undefined
}
