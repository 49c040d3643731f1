// An identity as a text that a person can put away: its root seed under a passphrase.
//
//   'waypost-backup-1-' base64url( rounds 4 ‖ salt 16 ‖ sealed root 48 ‖ check 4 )
//
// The check is four bytes of a hash of the text's own bytes, known to everybody: it tells a text that was damaged on its
// way (a letter missed, a line lost) from a passphrase that is wrong, and gives a guesser nothing.

import { fromBase64url, toBase64url } from '../../wire/base64url.ts'
import { equalBytes } from '../../wire/bytes.ts'
import { LABELS } from '../contexts.ts'
import { ROOT_SEED_BYTES } from '../identity.ts'
import { checkSize, concat, type Hash } from '../suite.ts'
import { type Keeping, LOCKED_OVERHEAD_BYTES, lockBox, unlockBox } from './locked-box.ts'

const PREFIX = 'waypost-backup-'
const VERSION_1 = `${PREFIX}1-`
const CHECK_BYTES = 4
const BOX_BYTES = LOCKED_OVERHEAD_BYTES + ROOT_SEED_BYTES

/** `damaged`: not as it was made. `newer`: a later version made it. */
export type BackupProblem = 'damaged' | 'newer' | 'wrong-passphrase'

export async function makeBackup(keeping: Keeping, root: Uint8Array, passphrase: string): Promise<string> {
  checkSize('a root seed', root, ROOT_SEED_BYTES)
  const box = await lockBox(keeping, passphrase, LABELS.identityBackup, root)
  return VERSION_1 + toBase64url(concat([box, await checkOf(keeping.suite.hash, box)]))
}

/** The root seed, or what is wrong. White space is of no account: what sends a text about may have wrapped its line. */
export async function openBackup(
  keeping: Keeping,
  text: string,
  passphrase: string,
): Promise<Uint8Array | BackupProblem> {
  const plain = text.replace(/\s+/g, '')
  if (!plain.startsWith(VERSION_1)) return /^waypost-backup-\d+-/.test(plain) ? 'newer' : 'damaged'
  const bytes = fromBase64url(plain.slice(VERSION_1.length))
  if (bytes?.length !== BOX_BYTES + CHECK_BYTES) return 'damaged'
  const box = bytes.subarray(0, BOX_BYTES)
  if (!equalBytes(bytes.subarray(BOX_BYTES), await checkOf(keeping.suite.hash, box))) return 'damaged'
  return (await unlockBox(keeping, passphrase, LABELS.identityBackup, box)) ?? 'wrong-passphrase'
}

async function checkOf(hash: Hash, box: Uint8Array): Promise<Uint8Array> {
  return (await hash.sha256(LABELS.identityBackup, box)).subarray(0, CHECK_BYTES)
}
