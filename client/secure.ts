// Everything that has to do with keys, and streams, behind one door: loaded while connect() waits for the edge's answer,
// so that the first script of a page stays small.

import { chooseSuite } from '../protocol/crypto/choose.ts'
import type { Subtle } from '../protocol/crypto/subtle.ts'
import type { Suite } from '../protocol/crypto/suite.ts'

export { newIdentity } from './identity.ts'
export { Streams } from './streams.ts'

/** Best of what this platform has. A page on plain http has no `crypto.subtle`; it has noble's code, loaded then. */
export function openSuite(): Promise<Suite> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as unknown as Subtle | undefined
  return chooseSuite({
    subtle,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  })
}
