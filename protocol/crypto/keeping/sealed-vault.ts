// What a vault keeps: values under slots, both unreadable without the key of the identity's store.
//
//   slot    base64url( iv 12 ‖ AES-256-GCM( name key; padded name ) 16 ), iv = HMAC( address key, padded name )[0..12)
//   padded  length 1 ‖ name ‖ zeros, to a multiple of 32 bytes
//   value   iv 12 ‖ AES-256-GCM( value key; the slot as further data ) 16
//
// A name has always the same slot, so it can be found, and a slot opens to its name, so names can be listed. An iv that is
// made of what it seals comes twice for the same name only, and then seals the same. One value put under the slot of
// another does not open, nor does one of another identity. An old value put back in its own place does: whoever can
// write to the device can do that, and nothing kept on the device can tell.
//
// The ivs of values are random: one key may seal 2^32 of them, which is ten a second for thirteen years.

import { VAULT_NAME_BYTES_MAX } from '../../limits/identities.ts'
import { fromBase64url, toBase64url } from '../../wire/base64url.ts'
import { utf8 } from '../../wire/bytes.ts'
import { LABELS } from '../contexts.ts'
import { concat, SIZES } from '../suite.ts'
import type { Keeping } from './locked-box.ts'

/** How names become slots, and values what lies under them. */
export interface VaultSealing {
  /** One slot for one name, always the same. */
  slotOf(name: string): Promise<string>
  /** Undefined for a slot that is of none of our names. */
  nameOf(slot: string): Promise<string | undefined>
  seal(slot: string, value: Uint8Array): Promise<Uint8Array>
  /** Undefined for what was not sealed for this slot. */
  open(slot: string, sealed: Uint8Array): Promise<Uint8Array | undefined>
}

const NOTHING = new Uint8Array()
/** So the lengths of most names say nothing: an id as text has 56 letters. */
const PADDED_TO_BYTES = 32

export async function sealedVault({ subtle, suite }: Keeping, storeKey: Uint8Array): Promise<VaultSealing> {
  const { hash, random } = suite
  const keyOf = async (label: Uint8Array, how: object, ...usages: string[]) => {
    const bytes = await hash.expand(storeKey, label, SIZES.aeadKey)
    const key = await subtle.importKey('raw', bytes, how, false, usages)
    bytes.fill(0)
    return key
  }
  const aes = { name: 'AES-GCM' }
  const [addresses, names, values] = await Promise.all([
    // Once, and by the platform: a vault has many names.
    keyOf(LABELS.vaultAddresses, { name: 'HMAC', hash: 'SHA-256' }, 'sign'),
    keyOf(LABELS.vaultNames, aes, 'encrypt', 'decrypt'),
    keyOf(LABELS.vaultValues, aes, 'encrypt', 'decrypt'),
  ])
  const how = (iv: Uint8Array, additionalData: Uint8Array) => {
    return { name: 'AES-GCM', iv, additionalData, tagLength: SIZES.tag * 8 }
  }
  const openWith = (key: object, sealed: Uint8Array, about: Uint8Array) =>
    subtle.decrypt(how(sealed.subarray(0, SIZES.nonce), about), key, sealed.subarray(SIZES.nonce)).then(
      (plain) => new Uint8Array(plain),
      () => undefined,
    )
  return {
    slotOf: async (name) => {
      const padded = pad(utf8(name))
      const iv = new Uint8Array(await subtle.sign('HMAC', addresses, padded)).subarray(0, SIZES.nonce)
      return toBase64url(concat([iv, new Uint8Array(await subtle.encrypt(how(iv, NOTHING), names, padded))]))
    },
    nameOf: async (slot) => {
      const sealed = fromBase64url(slot)
      const padded = sealed && (await openWith(names, sealed, NOTHING))
      return padded && new TextDecoder().decode(padded.subarray(1, 1 + (padded[0] ?? 0)))
    },
    seal: async (slot, value) => {
      const iv = random(SIZES.nonce)
      return concat([iv, new Uint8Array(await subtle.encrypt(how(iv, utf8(slot)), values, value))])
    },
    open: (slot, sealed) => openWith(values, sealed, utf8(slot)),
  }
}

function pad(name: Uint8Array): Uint8Array {
  if (name.length > VAULT_NAME_BYTES_MAX)
    throw new RangeError(`a name has at most ${VAULT_NAME_BYTES_MAX} bytes`)
  const padded = new Uint8Array(Math.ceil((1 + name.length) / PADDED_TO_BYTES) * PADDED_TO_BYTES)
  padded[0] = name.length
  padded.set(name, 1)
  return padded
}
