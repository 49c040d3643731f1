// What somebody can do who knows the protocol, has keys of their own and may change every byte between two peers: messages
// that are right in everything but what they cannot know. Each attack test uses these, so that it gets as far as the one check
// it is about.

import { type Binding, encodeBinding } from '../../../../protocol/crypto/handshake/binding.ts'
import { NAME } from '../../../../protocol/crypto/handshake/labels.ts'
import {
  type Auth,
  COVERED,
  coveredM1,
  coveredM2,
  readM1,
  readM2,
  writeAuth,
  writeM1,
  writeM3,
} from '../../../../protocol/crypto/handshake/layout.ts'
import { boxKeys, dialKey, dialTag, NONCE_0 } from '../../../../protocol/crypto/handshake/schedule.ts'
import { concat, type KemKeyPair, type Suite } from '../../../../protocol/crypto/suite.ts'

/** Made when the transcript it must be over is known. */
export type Claim = (transcript: Uint8Array) => Promise<Partial<Auth> & Pick<Auth, 'publicKey' | 'signature'>>

/** The same M1, changed or not, made out to a peer over a binding. Anybody can: a PeerId is no secret. */
export async function retagged(
  suite: Suite,
  m1: Uint8Array,
  peer: Uint8Array,
  binding: Binding,
): Promise<Uint8Array> {
  const covered = m1.subarray(0, COVERED.m1)
  const channel = await encodeBinding(suite.hash, binding)
  return writeM1(covered, await dialTag(suite.hash, await dialKey(suite.hash, peer), channel, covered))
}

async function transcriptOf(suite: Suite, m1: Uint8Array, binding: Binding): Promise<Uint8Array> {
  return suite.hash.sha256(NAME, await encodeBinding(suite.hash, binding), m1)
}

/** An M2 for somebody's M1, claiming whatever. */
export async function forgedM2(
  suite: Suite,
  m1: Uint8Array,
  binding: Binding,
  claim: Claim,
  number = 1,
): Promise<Uint8Array> {
  const made = await suite.kem.encapsulate(readM1(m1)?.publicKey ?? new Uint8Array())
  if (made === undefined) throw new Error('no key in that M1')
  const front = coveredM2(number, suite.random(32), made.ciphertext)
  const h2 = await suite.hash.sha256(await transcriptOf(suite, m1, binding), front)
  const keys = await boxKeys(suite.hash, made.sharedSecret, h2)
  const content = writeAuth({ ext: new Uint8Array(), ...(await claim(h2)) })
  return concat([front, await (await suite.aead.key(keys.responder)).seal(NONCE_0, h2, content)])
}

/** A dialler that is not what it says: it has an M1 of its own, and reads the M2 it gets. */
export class Forger {
  readonly m1: Uint8Array
  readonly #suite: Suite
  readonly #binding: Binding
  readonly #pair: KemKeyPair

  static async dialling(suite: Suite, peer: Uint8Array, binding: Binding): Promise<Forger> {
    const pair = await suite.kem.keyPair(suite.random(32))
    const covered = coveredM1([1, 0x1a1a, 0x2a2a, 0x3a3a], suite.random(32), pair.publicKey)
    const m1 = await retagged(suite, writeM1(covered, new Uint8Array(16)), peer, binding)
    return new Forger(suite, binding, pair, m1)
  }

  private constructor(suite: Suite, binding: Binding, pair: KemKeyPair, m1: Uint8Array) {
    this.#suite = suite
    this.#binding = binding
    this.#pair = pair
    this.m1 = m1
  }

  /** Transcripts, and what was in the box. */
  async read(bytes: Uint8Array) {
    const m2 = readM2(bytes)
    if (m2 === undefined) throw new Error('no M2')
    const { hash, aead } = this.#suite
    const secret = await this.#pair.decapsulate(m2.ciphertext)
    const h2 = await hash.sha256(await transcriptOf(this.#suite, this.m1, this.#binding), m2.covered)
    const keys = await boxKeys(hash, secret ?? new Uint8Array(), h2)
    const content = await (await aead.key(keys.responder)).open(NONCE_0, h2, m2.box)
    return { h2, h3: await hash.sha256(h2, m2.box), keys, content }
  }

  /** An M3 with any content at all. */
  async m3(m2: Uint8Array, content: (h3: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array> {
    const { h3, keys } = await this.read(m2)
    return writeM3(await (await this.#suite.aead.key(keys.initiator)).seal(NONCE_0, h3, await content(h3)))
  }

  claiming(m2: Uint8Array, claim: Claim): Promise<Uint8Array> {
    return this.m3(m2, async (h3) => writeAuth({ ext: new Uint8Array(), ...(await claim(h3)) }))
  }
}
