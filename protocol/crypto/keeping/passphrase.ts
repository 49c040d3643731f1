// From a passphrase to a key, at a stated price for each guess.
//
// PBKDF2 is not the best that is known: it costs a guesser time and no memory. It is what every platform computes
// natively, and a slow computation in JavaScript would give the guesser, who does not use JavaScript, its factor back.

import { utf8 } from '../../wire/bytes.ts'
import type { Subtle } from '../subtle.ts'
import { SIZES } from '../suite.ts'

export const SALT_BYTES = 16

export async function passphraseKey(
  subtle: Subtle,
  passphrase: string,
  salt: Uint8Array,
  rounds: number,
): Promise<Uint8Array> {
  // Keyboards disagree about how an é is spelt in bytes; nobody should be locked out by a change of keyboard.
  const secret = utf8(passphrase.normalize('NFKC'))
  const imported = await subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits'])
  secret.fill(0)
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds }
  return new Uint8Array(await subtle.deriveBits(how, imported, SIZES.aeadKey * 8))
}
