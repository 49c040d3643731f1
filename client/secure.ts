// Everything that has to do with keys, behind one door: loaded while connect() waits for the edge's answer, so that the
// first script of a page stays small.

import { chooseSuite } from '../protocol/crypto/choose.ts'
import type { Subtle } from '../protocol/crypto/subtle.ts'
import type { Suite } from '../protocol/crypto/suite.ts'
import { newIdentity, type OpenIdentity } from './identity.ts'
import type { IdentityChoice } from './types.ts'

/** Best of what this platform has. A page on plain http has no `crypto.subtle`; it has noble's code, loaded then. */
export function openSuite(): Promise<Suite> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as unknown as Subtle | undefined
  return chooseSuite({
    subtle,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  })
}

export interface OpenKeys extends OpenIdentity {
  readonly suite: Suite
}

/** The kept one of this choice, or without a choice one for this run. */
export async function openIdentity(choice: IdentityChoice | undefined): Promise<OpenKeys> {
  if (choice !== undefined) return (await import('./identities/keeper.ts')).openKept(choice)
  const suite = await openSuite()
  return { suite, ...(await newIdentity(suite)) }
}
