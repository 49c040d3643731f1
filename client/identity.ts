// Who this client is: a key, the peer id that is its hash, and this run of it.

import { identityFromSeed, type Identity as Peer } from '../protocol/crypto/identity.ts'
import { SIZES, type SigningKey, type Suite } from '../protocol/crypto/suite.ts'
import { type PeerId, peerIdText } from '../protocol/peer-id.ts'
import { SESSION_BYTES } from '../protocol/wire/registry.ts'
import { lazyVault } from './identities/lazy-vault.ts'
import { memoryStore, type SealedStore } from './identities/store.ts'
import type { Vault } from './identities/vault.ts'

export interface Identity {
  readonly id: PeerId
  readonly bytes: Uint8Array
  readonly key: SigningKey
  /** This run of the client: the same over reconnects, another after a reload. */
  readonly session: Uint8Array
}

/** An identity in use: nobody else has it until it is released. */
export interface OpenIdentity {
  readonly identity: Identity
  /** What it keeps beside itself: as long as itself, and as safe. */
  readonly store: SealedStore
  /** What it cannot do without; loaded and opened when it is first asked for. */
  readonly vault: () => Promise<Vault>
  release(): Promise<void>
}

/** One that lasts as long as the client. */
export async function newIdentity(suite: Suite): Promise<OpenIdentity> {
  const seed = suite.random(SIZES.signatureSeed)
  const peer = await identityFromSeed(suite, seed)
  seed.fill(0)
  const vault = lazyVault('the client', async () => (await import('./identities/vault.ts')).memoryVault())
  return { identity: withSession(suite, peer), store: memoryStore(), vault: vault.open, release: vault.end }
}

export function withSession(suite: Suite, { key, id }: Peer): Identity {
  return { id: peerIdText(id), bytes: id, key, session: suite.random(SESSION_BYTES) }
}
