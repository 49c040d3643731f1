// The proofs of puts, checked with the platform's hash and the edge's keys, both made on first use and kept.

import { type KeyRing, keyRing, type PassSecrets } from '../../protocol/crypto/admission/keys.ts'
import { mailResource, type Proven, verifyProof } from '../../protocol/crypto/admission/mail.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { MAILBOX_ACCESS_KEYS_MAX } from '../../protocol/limits/mailbox.ts'
import type { AccessRules } from '../../protocol/mailbox/contract.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import type { PutRequest } from '../../protocol/wire/mail-frames.ts'
import type { MailRefusal } from '../../protocol/wire/registry.ts'

/** Origins that one edge is reached at: its own, and perhaps one of an old name. */
const AUDIENCES_KEPT_MAX = 8

/** The owner's access keys, and those that challenges are signed with today and yesterday, before and after a rotation. */
const KEYS_KEPT_MAX = MAILBOX_ACCESS_KEYS_MAX + 4

const NO_RESOURCE = new Uint8Array()

export class ProofCheck {
  readonly #hash = nativeHash(crypto.subtle as unknown as Subtle, KEYS_KEPT_MAX)
  readonly #secrets: PassSecrets
  readonly #mailbox: Uint8Array
  #ring: KeyRing | undefined
  /** What stamps for this mailbox are made for, by audience. */
  readonly #resources = new Map<string, Uint8Array>()

  constructor(secrets: PassSecrets, mailbox: Uint8Array) {
    this.#secrets = secrets
    this.#mailbox = mailbox
  }

  async verify(request: PutRequest, audience: Uint8Array, rules: AccessRules): Promise<Proven | MailRefusal> {
    this.#ring ??= await keyRing(this.#hash, this.#secrets)
    const desk = {
      hash: this.#hash,
      ring: this.#ring,
      mailbox: this.#mailbox,
      // Contacts' puts, which are most, have no use for it.
      resource: request.proof.kind === 'stamp' ? await this.#resource(audience) : NO_RESOURCE,
    }
    return verifyProof(desk, request, rules, Date.now())
  }

  async #resource(audience: Uint8Array): Promise<Uint8Array> {
    const key = toBase64url(audience)
    const known = this.#resources.get(key)
    if (known !== undefined) return known
    const made = await mailResource(this.#hash, audience, this.#mailbox)
    for (const old of this.#resources.keys())
      if (this.#resources.size >= AUDIENCES_KEPT_MAX) this.#resources.delete(old)
    this.#resources.set(key, made)
    return made
  }
}
