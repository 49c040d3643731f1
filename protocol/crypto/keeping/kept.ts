// An identity as a device keeps it: two secrets sealed under a key of the device (in browsers one that no script can read),
// and under a passphrase as well when it is locked.
//
//   sealed   iv 12 ‖ AES-256-GCM( secrets 64, or the locked box of them 100 ) 16
//   secrets  root seed 32 ‖ key of its store 32
//
// AES-GCM and not the suite's own cipher, because WebCrypto makes keys for it everywhere that cannot be taken out again.
// The key seals once, so its nonces do not matter. Name, id and whether it is locked are authenticated: nobody can have
// one identity opened under the name of another. The key of the store is in no backup and of no seed: an identity that is
// forgotten, and comes back from its backup, cannot read what it kept before, and neither can whoever stole the backup.

import { utf8 } from '../../wire/bytes.ts'
import { LABELS } from '../contexts.ts'
import { ROOT_SEED_BYTES } from '../identity.ts'
import type { SubtleKey } from '../subtle.ts'
import { concat, SIZES } from '../suite.ts'
import { type Keeping, LOCKED_OVERHEAD_BYTES, lockBox, unlockBox } from './locked-box.ts'

export interface Secrets {
  readonly root: Uint8Array
  readonly store: Uint8Array
}

/** What may be known of a kept identity without opening it. */
export interface About {
  readonly name: string
  /** The 32 bytes of its PeerId. */
  readonly id: Uint8Array
  readonly locked: boolean
}

const STORE_KEY_BYTES = 32
const SECRETS_BYTES = ROOT_SEED_BYTES + STORE_KEY_BYTES

export function newSecrets(random: (length: number) => Uint8Array, root = random(ROOT_SEED_BYTES)): Secrets {
  return { root, store: random(STORE_KEY_BYTES) }
}

export function sealedBytes(locked: boolean): number {
  return SIZES.nonce + SECRETS_BYTES + (locked ? LOCKED_OVERHEAD_BYTES : 0) + SIZES.tag
}

/** Locked by a passphrase exactly when `about` says so. */
export async function sealSecrets(
  keeping: Keeping,
  deviceKey: SubtleKey,
  about: About,
  secrets: Secrets,
  passphrase: string | undefined,
): Promise<Uint8Array> {
  const bound = boundTo(about)
  const plain = concat([secrets.root, secrets.store])
  const inner = passphrase === undefined ? plain : await lockBox(keeping, passphrase, bound, plain)
  const iv = keeping.suite.random(SIZES.nonce)
  const sealed = await keeping.subtle.encrypt(gcm(iv, bound), deviceKey, inner)
  inner.fill(0)
  plain.fill(0)
  return concat([iv, new Uint8Array(sealed)])
}

export type OpenProblem = 'damaged' | 'locked' | 'wrong-passphrase'

export async function openSecrets(
  keeping: Keeping,
  deviceKey: SubtleKey,
  about: About,
  sealed: Uint8Array,
  passphrase: string | undefined,
): Promise<Secrets | OpenProblem> {
  if (sealed.length !== sealedBytes(about.locked)) return 'damaged'
  const bound = boundTo(about)
  const how = gcm(sealed.subarray(0, SIZES.nonce), bound)
  const inner = await keeping.subtle.decrypt(how, deviceKey, sealed.subarray(SIZES.nonce)).then(
    (bytes) => new Uint8Array(bytes),
    () => undefined,
  )
  if (inner === undefined) return 'damaged'
  if (about.locked && passphrase === undefined) return 'locked'
  // One without a lock, opened with a passphrase: whoever believes it to be locked had better hear that it is not.
  if (!about.locked && passphrase !== undefined) return 'wrong-passphrase'
  const plain = passphrase === undefined ? inner : await unlockBox(keeping, passphrase, bound, inner)
  if (plain === undefined) return 'wrong-passphrase'
  const secrets = { root: plain.slice(0, ROOT_SEED_BYTES), store: plain.slice(ROOT_SEED_BYTES) }
  inner.fill(0)
  plain.fill(0)
  return secrets
}

function boundTo({ name, id, locked }: About): Uint8Array {
  return concat([LABELS.keptIdentity, Uint8Array.of(0, locked ? 1 : 0), id, utf8(name)])
}

function gcm(iv: Uint8Array, additionalData: Uint8Array) {
  return { name: 'AES-GCM', iv, additionalData, tagLength: SIZES.tag * 8 }
}
