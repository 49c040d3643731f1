// Everything that has to do with keys, behind one door: loaded while connect() waits for the edge's answer, so that the
// first script of a page stays small.

import { chooseSuite } from '../protocol/crypto/choose.ts'
import type { Subtle } from '../protocol/crypto/subtle.ts'
import type { Suite } from '../protocol/crypto/suite.ts'
import { type PeerId, parsePeerId } from '../protocol/peer-id.ts'
import { Admittance } from './admittance.ts'
import { nowMs } from './clock.ts'
import type { Identity } from './identity.ts'
import { SecureLink, type SecureLinkListener } from './secure-link.ts'
import { Tickets } from './tickets.ts'

export { newIdentity } from './identity.ts'

/** Best of what this platform has. A page on plain http has no `crypto.subtle`; it has noble's code, loaded then. */
export function openSuite(): Promise<Suite> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as unknown as Subtle | undefined
  return chooseSuite({
    subtle,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  })
}

/** Makes the keys of links, for one client. */
export function keysOfLinks(
  suite: Suite,
  identity: Identity,
): (peer: PeerId, listener: SecureLinkListener) => SecureLink {
  const tickets = new Tickets(nowMs)
  const admittance = new Admittance(nowMs)
  return (peer, listener) =>
    new SecureLink(
      {
        suite,
        identity: { id: identity.bytes, key: identity.key },
        peer: parsePeerId(peer),
        ours: identity.id < peer,
        tickets: tickets.of(peer),
        admits: admittance.ofPeer(),
      },
      listener,
    )
}
