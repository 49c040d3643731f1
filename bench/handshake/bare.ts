// The bare primitives of an operation: a suite that writes down what it is asked to compute, so that the same calls can be
// made again, one after another, with nothing around them.

import type { AeadKey, KemKeyPair, SigningKey, Suite } from '../../protocol/crypto/suite.ts'

export type Call = () => unknown

export class Recorder {
  readonly suite: Suite
  #calls: Call[] = []

  constructor(real: Suite) {
    this.suite = this.#recording(real)
  }

  /** What was asked for since it was last asked. */
  take(): readonly Call[] {
    const calls = this.#calls
    this.#calls = []
    return calls
  }

  /** Bytes are copied: the protocol erases its secrets, and an emptied key may be no key. */
  #record<Arguments extends readonly unknown[], Result>(real: (...given: Arguments) => Result) {
    return (...given: Arguments): Result => {
      const kept = given.map((value) => (value instanceof Uint8Array ? value.slice() : value))
      this.#calls.push(() => real(...(kept as unknown as Arguments)))
      return real(...given)
    }
  }

  #recording({ hash, aead, kem, signatures, random, status }: Suite): Suite {
    const key = this.#record((bytes: Uint8Array) => aead.key(bytes))
    const keyPair = this.#record((seed: Uint8Array) => kem.keyPair(seed))
    const signingKey = this.#record((seed: Uint8Array) => signatures.signingKey(seed))
    return {
      hash: {
        sha256: this.#record(hash.sha256),
        hmac: this.#record(hash.hmac),
        extract: this.#record(hash.extract),
        expand: this.#record(hash.expand),
      },
      aead: { key: async (bytes) => this.#recordingAll(await key(bytes)) },
      kem: {
        keyPair: async (seed) => this.#recordingAll(await keyPair(seed)),
        encapsulate: this.#record(kem.encapsulate),
      },
      signatures: {
        signingKey: async (seed) => this.#recordingAll(await signingKey(seed)),
        verify: this.#record(signatures.verify),
      },
      random: this.#record(random),
      status,
    }
  }

  /** A key of any kind, whose functions are recorded. */
  #recordingAll<Key extends AeadKey | KemKeyPair | SigningKey>(key: Key): Key {
    const entries = Object.entries(key).map(([name, value]) => [
      name,
      typeof value === 'function' ? this.#record(value as (...given: unknown[]) => unknown) : value,
    ])
    return Object.fromEntries(entries) as Key
  }
}
