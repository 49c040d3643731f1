// Everything that has to do with keys, and what nobody has a use for without them, behind one door: loaded while connect()
// waits for the edge's answer, so that the first script of a page stays small.

import { FULL, take } from '../protocol/bucket.ts'
import { chooseSuite } from '../protocol/crypto/choose.ts'
import type { Subtle } from '../protocol/crypto/subtle.ts'
import type { Suite } from '../protocol/crypto/suite.ts'
import { HANDSHAKES_BURST, HANDSHAKES_PER_SECOND } from '../protocol/limits.ts'
import { type PeerId, parsePeerId } from '../protocol/peer-id.ts'
import { nowMs } from './clock.ts'
import type { Identity } from './identity.ts'
import { PeerLink } from './peer-link.ts'
import { SecureLink, type SecureLinkListener } from './secure-link.ts'
import { Tickets } from './tickets.ts'

export { newIdentity } from './identity.ts'
export { Passes } from './pass.ts'

/** Best of what this platform has. A page on plain http has no `crypto.subtle`; it has noble's code, loaded then. */
export function openSuite(): Promise<Suite> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as unknown as Subtle | undefined
  return chooseSuite({
    subtle,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  })
}

export function makeLink(...parts: ConstructorParameters<typeof PeerLink>): PeerLink {
  return new PeerLink(...parts)
}

/** Makes the keys of links, for one client. */
export function keysOfLinks(
  suite: Suite,
  identity: Identity,
): (peer: PeerId, listener: SecureLinkListener) => SecureLink {
  const tickets = new Tickets(nowMs)
  let paidUntilMs = FULL
  const admits = () => {
    const taken = take(paidUntilMs, { perSecond: HANDSHAKES_PER_SECOND, burst: HANDSHAKES_BURST }, 1, nowMs())
    if (taken.ok) paidUntilMs = taken.paidUntilMs
    return taken.ok
  }
  return (peer, listener) =>
    new SecureLink(
      {
        suite,
        identity: { id: identity.bytes, key: identity.key },
        peer: parsePeerId(peer),
        ours: identity.id < peer,
        tickets: tickets.of(peer),
        admits,
      },
      listener,
    )
}
