// What connect() makes, and a Waypost is made of.

import type { Suite } from '../protocol/crypto/suite.ts'
import type { DhtDoor } from './dht/door.ts'
import type { Directs } from './direct.ts'
import type { OpenIdentity } from './identity.ts'
import type { BootstrapDesk } from './kept-bootstrap.ts'
import type { Links } from './links.ts'
import type { Mail } from './mail/mail.ts'
import type { Messages } from './messages.ts'
import type { PassDesk } from './pass.ts'
import type { RoomErrorOf } from './room-ends.ts'
import type { MakeBroadcasts, MakeLink } from './secure.ts'
import type { Streams } from './streams.ts'

export interface WaypostParts extends OpenIdentity {
  readonly network: string
  readonly relayOnly: boolean
  readonly bootstraps: BootstrapDesk
  readonly suite: Suite
  readonly passes: PassDesk
  readonly makeLink: MakeLink
  readonly makeBroadcasts: MakeBroadcasts
  readonly roomOfService: (bytes: Uint8Array) => string | undefined
  /** Makes direct connections; undefined where there are none, or none are wanted. */
  readonly direct: Directs | undefined
  readonly links: typeof Links
  readonly messages: typeof Messages
  readonly errorOf: RoomErrorOf
  readonly streams: typeof Streams
  readonly dht: typeof DhtDoor
  /** Whether peers are asked beside the edge. */
  readonly mesh: boolean
  /** The class that brings mail; undefined where there shall be none. */
  readonly mail: typeof Mail | undefined
}
