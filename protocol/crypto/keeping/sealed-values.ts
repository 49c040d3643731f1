// What an identity keeps beside itself: values under names, both unreadable without the key of its store.
//
//   entry   HMAC( name key, name ) as base64url: what is talked to is not written on the outside
//   value   iv 12 ‖ AES-256-GCM( value key; the name as further data ) 16
//
// One value put in the place of another does not open. An old value put back in its own place does: whoever can write to
// the device can do that, and nothing kept on the device can tell.

import { toBase64url } from '../../wire/base64url.ts'
import { utf8 } from '../../wire/bytes.ts'
import { LABELS } from '../contexts.ts'
import { concat, SIZES } from '../suite.ts'
import type { Keeping } from './locked-box.ts'

export interface SealedValues {
  /** Where the value of this name is kept. */
  entryOf(name: string): Promise<string>
  seal(name: string, value: Uint8Array): Promise<Uint8Array>
  /** Undefined for what was not sealed for this name. */
  open(name: string, sealed: Uint8Array): Promise<Uint8Array | undefined>
}

export async function sealedValues({ subtle, suite }: Keeping, storeKey: Uint8Array): Promise<SealedValues> {
  const { hash, random } = suite
  const names = await hash.expand(storeKey, LABELS.keptNames, SIZES.hash)
  const values = await hash.expand(storeKey, LABELS.keptValues, SIZES.aeadKey)
  const key = await subtle.importKey('raw', values, { name: 'AES-GCM' }, false, ['encrypt', 'decrypt'])
  values.fill(0)
  const how = (iv: Uint8Array, name: string) => {
    return { name: 'AES-GCM', iv, additionalData: utf8(name), tagLength: SIZES.tag * 8 }
  }
  return {
    entryOf: async (name) => toBase64url(await hash.hmac(names, utf8(name))),
    seal: async (name, value) => {
      const iv = random(SIZES.nonce)
      return concat([iv, new Uint8Array(await subtle.encrypt(how(iv, name), key, value))])
    },
    open: (name, sealed) => {
      const iv = sealed.subarray(0, SIZES.nonce)
      return subtle.decrypt(how(iv, name), key, sealed.subarray(SIZES.nonce)).then(
        (value) => new Uint8Array(value),
        () => undefined,
      )
    },
  }
}
