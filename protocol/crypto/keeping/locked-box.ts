// A few secret bytes under a passphrase: what a backup holds, and what a locked identity holds inside its other lock.
//
// The key is of a salt of its own and seals once, so the nonce is zero. The number of rounds travels along, that it may be
// raised without locking anybody out; it is authenticated, because a changed one gives another key.

import { PASSPHRASE_ROUNDS, PASSPHRASE_ROUNDS_MAX } from '../../limits/identities.ts'
import { Reader, Writer } from '../../wire/bytes.ts'
import type { Subtle } from '../subtle.ts'
import { SIZES, type Suite } from '../suite.ts'
import { passphraseKey, SALT_BYTES } from './passphrase.ts'

/** What sealing and opening need: all of it comes from the host. */
export interface Keeping {
  readonly subtle: Subtle
  readonly suite: Suite
}

/** rounds 4 ‖ salt 16 ‖ ciphertext ‖ tag 16 */
export const LOCKED_OVERHEAD_BYTES = 4 + SALT_BYTES + SIZES.tag

const NONCE = new Uint8Array(SIZES.nonce)

export async function lockBox(
  { subtle, suite }: Keeping,
  passphrase: string,
  about: Uint8Array,
  secret: Uint8Array,
  rounds = PASSPHRASE_ROUNDS,
): Promise<Uint8Array> {
  const salt = suite.random(SALT_BYTES)
  const key = await suite.aead.key(await passphraseKey(subtle, passphrase, salt, rounds))
  const sealed = await key.seal(NONCE, about, secret)
  return new Writer(LOCKED_OVERHEAD_BYTES + secret.length).u32(rounds).bytes(salt).bytes(sealed).done()
}

/** Undefined for a wrong passphrase, or anything lockBox did not make of these arguments: nobody can tell which. */
export async function unlockBox(
  { subtle, suite }: Keeping,
  passphrase: string,
  about: Uint8Array,
  box: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (box.length < LOCKED_OVERHEAD_BYTES) return undefined
  const reader = new Reader(box)
  const rounds = reader.u32()
  const salt = reader.bytes(SALT_BYTES)
  if (rounds < 1 || rounds > PASSPHRASE_ROUNDS_MAX) return undefined
  const key = await suite.aead.key(await passphraseKey(subtle, passphrase, salt, rounds))
  return key.open(NONCE, about, reader.rest())
}
