// New passes over an open socket: made of what the old one granted, which the socket's attachment kept. Rooms and
// mailboxes both give them.

import { type EdgeKeys, keyRing, type PassSecrets } from '../protocol/crypto/admission/keys.ts'
import { mintGranted } from '../protocol/crypto/admission/pass.ts'
import { nativeHash } from '../protocol/crypto/native.ts'
import type { Subtle } from '../protocol/crypto/subtle.ts'
import { PASS_LIFETIME_MS } from '../protocol/limits/admission.ts'
import { encode } from '../protocol/wire/codec.ts'
import { FRAME } from '../protocol/wire/registry.ts'

export class PassRenewal {
  readonly #secrets: PassSecrets
  /** Made when the first pass is wanted. A value and not a promise: who else waits for it makes it once more. */
  #keys: EdgeKeys | undefined

  constructor(secrets: PassSecrets) {
    this.#secrets = secrets
  }

  /** The frame that answers `passWanted`: the pass, or that this edge cannot make any. */
  async answer(subject: Uint8Array, grant: Uint8Array): Promise<Uint8Array> {
    try {
      return encode({ kind: 'pass', pass: await this.#newPass(subject, grant) })
    } catch {
      return encode({
        kind: 'refusal',
        code: 'misconfigured',
        refusedType: FRAME.passWanted,
        retryAfterMs: 0,
      })
    }
  }

  async #newPass(subject: Uint8Array, grant: Uint8Array): Promise<string> {
    const hash = nativeHash(crypto.subtle as unknown as Subtle)
    this.#keys ??= (await keyRing(hash, this.#secrets)).current
    return mintGranted(hash, this.#keys, subject, grant, Date.now() + PASS_LIFETIME_MS)
  }
}
