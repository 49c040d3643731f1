// What connect() makes, and a Waypost is made of.

import type { IceServer } from '../protocol/bootstrap.ts'
import type { Suite } from '../protocol/crypto/suite.ts'
import type { DhtDoor } from './dht/door.ts'
import type { Direct } from './direct.ts'
import type { OpenIdentity } from './identity.ts'
import type { Bootstraps } from './kept-bootstrap.ts'
import type { Links } from './links.ts'
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
  /** Those of the moment. */
  readonly iceServers: () => readonly IceServer[]
  readonly suite: Suite
  readonly passes: Passes
  readonly makeLink: MakeLink
  readonly makeBroadcasts: MakeBroadcasts
  readonly roomOfService: (bytes: Uint8Array) => string | undefined
  /** The class that makes direct connections; undefined where there is none, or none is wanted. */
  readonly direct: typeof Direct | undefined
  readonly links: typeof Links
  readonly messages: typeof Messages
  readonly streams: typeof Streams
  readonly dht: typeof DhtDoor
  /** Whether peers are asked beside the edge. */
  readonly mesh: boolean
  /** The class that brings mail; undefined where there shall be none. */
  readonly mail: typeof Mail | undefined
}
