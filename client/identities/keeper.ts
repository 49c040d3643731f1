// What can be done with identities that are kept: made, opened, listed, carried to another device and forgotten. The same
// everywhere; where they are kept is a place (place.ts).

import { identityFromSeed, seedsOf } from '../../protocol/crypto/identity.ts'
import { type BackupProblem, makeBackup, openBackup } from '../../protocol/crypto/keeping/backup.ts'
import {
  newSecrets,
  type OpenProblem,
  openSecrets,
  type Secrets,
  sealSecrets,
} from '../../protocol/crypto/keeping/kept.ts'
import type { Keeping } from '../../protocol/crypto/keeping/locked-box.ts'
import type { Subtle, SubtleKey } from '../../protocol/crypto/subtle.ts'
import type { Suite } from '../../protocol/crypto/suite.ts'
import { type ErrorCode, WaypostError } from '../../protocol/errors.ts'
import { type PeerId, peerIdText } from '../../protocol/peer-id.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import { type OpenIdentity, withSession } from '../identity.ts'
import { openSuite } from '../secure.ts'
import type { IdentityChoice, KeptIdentity } from '../types.ts'
import { browserPlace } from './browser-place.ts'
import { checkBackup, checkChosen, checkDirectory, checkName, checkPassphrase, takeOption } from './check.ts'
import { filePlace } from './file-place.ts'
import { type LazyVault, lazyVault } from './lazy-vault.ts'
import { findNode } from './node.ts'
import type { Kept, Place } from './place.ts'
import { sealedStore } from './store.ts'

/** For connect(): the identity of this name, made now if there is none. */
export async function openKept(chosen: IdentityChoice): Promise<OpenIdentity & { readonly suite: Suite }> {
  const { name, passphrase, directory } = checkChosen('connect: identity', chosen)
  const { place, subtle } = placeFor(directory)
  const suite = await openSuite()
  const keeping = { subtle, suite }
  const letGo = await lock(place, name)
  try {
    const kept = (await place.read(name)) ?? (await make(place, keeping, name, passphrase))
    const secrets = await secretsOf(keeping, place, name, kept, passphrase)
    const identity = await identityOf(suite, secrets.root)
    const store = await sealedStore(keeping, secrets.store, place.values, name)
    const vault = lazyVaultOf(keeping, secrets.store.slice(), place, name)
    wipe(secrets)
    const release = async () => {
      try {
        await Promise.all([store.end(), vault.end()])
      } finally {
        await letGo()
      }
    }
    return { suite, identity: withSession(suite, identity), store, vault: vault.open, release }
  } catch (problem) {
    await letGo()
    throw problem
  }
}

export async function create(
  directory: string | undefined,
  name: string,
  options?: { readonly passphrase?: string },
): Promise<KeptIdentity> {
  checkName('create: name', name)
  const passphrase = takeOption('create', 'passphrase', options)
  return keepNew(directory, name, passphrase, async () => newSecrets(randomBytes))
}

export async function list(directory: string | undefined): Promise<readonly KeptIdentity[]> {
  const { place } = placeFor(directory)
  const names = [...(await place.names())].sort()
  const all = await Promise.all(names.map(async (name) => ({ name, kept: await place.read(name) })))
  return all.flatMap(({ name, kept }) => (kept === undefined ? [] : [described(name, kept)]))
}

export async function idOf(directory: string | undefined, name: string): Promise<PeerId> {
  checkName('id: name', name)
  const { place } = placeFor(directory)
  return peerIdText((await existing(place, name)).id)
}

export async function exportBackup(
  directory: string | undefined,
  name: string,
  passphrase: string,
  options?: { readonly unlock?: string },
): Promise<string> {
  checkName('export: name', name)
  checkPassphrase('export: passphrase', passphrase)
  const unlock = takeOption('export', 'unlock', options)
  const { place, subtle } = placeFor(directory)
  const keeping = { subtle, suite: await openSuite() }
  const secrets = await secretsOf(keeping, place, name, await existing(place, name), unlock)
  const text = await makeBackup(keeping, secrets.root, passphrase)
  wipe(secrets)
  return text
}

const BACKUP_CODES: Readonly<Record<BackupProblem, readonly [ErrorCode, string]>> = {
  damaged: ['backup-damaged', 'this is no backup of an identity, or not all of one'],
  newer: ['backup-damaged', 'this backup was made by a later version of Waypost'],
  'wrong-passphrase': ['wrong-passphrase', 'the backup does not open with this passphrase'],
}

export async function importBackup(
  directory: string | undefined,
  name: string,
  backup: string,
  passphrase: string,
  options?: { readonly lock?: string },
): Promise<KeptIdentity> {
  checkName('import: name', name)
  checkBackup('import: backup', backup)
  checkPassphrase('import: passphrase', passphrase)
  const newLock = takeOption('import', 'lock', options)
  return keepNew(directory, name, newLock, async (keeping) => {
    const root = await openBackup(keeping, backup, passphrase)
    if (typeof root !== 'string') return newSecrets(keeping.suite.random, root)
    throw new WaypostError(...BACKUP_CODES[root])
  })
}

/** What is kept under the name is erased, whatever state it is in, and with it everything only it could read. */
export async function forget(directory: string | undefined, name: string): Promise<void> {
  checkName('forget: name', name)
  const { place } = placeFor(directory)
  if ((await place.read(name)) === undefined) throw unknown(place, name)
  const letGo = await lock(place, name)
  try {
    await place.erase(name)
  } finally {
    await letGo()
  }
}

// ---- the parts of these ---------------------------------------------------------------------------------------------

/** The key is its own, and erased when the identity is let go. */
function lazyVaultOf(keeping: Keeping, storeKey: Uint8Array, place: Place, name: string): LazyVault {
  const whose = `the identity '${name}'`
  const vault = lazyVault(whose, async () => {
    const { keptVault } = await import('./vault.ts')
    return keptVault(keeping, storeKey, () => place.vault(name), `${whose} was closed`)
  })
  return { ...vault, end: () => vault.end().finally(() => storeKey.fill(0)) }
}

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length))

function placeFor(directory: string | undefined): { place: Place; subtle: Subtle } {
  checkDirectory('identities', directory)
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as unknown as Subtle | undefined
  if (subtle === undefined)
    throw new WaypostError(
      'unsupported',
      'keeping an identity needs crypto.subtle, which a page has on https: and localhost only',
    )
  if (typeof indexedDB !== 'undefined') {
    if (directory !== undefined) throw new TypeError('identities: a browser keeps them in no directory')
    return { place: browserPlace(), subtle }
  }
  const node = findNode()
  if (node !== undefined) return { place: filePlace(node, subtle, directory), subtle }
  throw new WaypostError('unsupported', 'keeping an identity needs IndexedDB, or Node')
}

async function lock(place: Place, name: string): Promise<() => Promise<void>> {
  const letGo = await place.lock(name)
  if (letGo !== undefined) return letGo
  throw new WaypostError('identity-in-use', `the identity '${name}' ${place.where} is open elsewhere already`)
}

async function keepNew(
  directory: string | undefined,
  name: string,
  passphrase: string | undefined,
  secretsFrom: (keeping: Keeping) => Promise<Secrets>,
): Promise<KeptIdentity> {
  const { place, subtle } = placeFor(directory)
  const taken = () =>
    new WaypostError('identity-taken', `there is an identity '${name}' ${place.where} already`)
  if ((await place.read(name)) !== undefined) throw taken()
  const keeping = { subtle, suite: await openSuite() }
  const secrets = await secretsFrom(keeping)
  const letGo = await lock(place, name)
  try {
    if ((await place.read(name)) !== undefined) throw taken()
    return described(name, await make(place, keeping, name, passphrase, secrets))
  } finally {
    wipe(secrets)
    await letGo()
  }
}

/** Only by who holds the lock. */
async function make(
  place: Place,
  keeping: Keeping,
  name: string,
  passphrase: string | undefined,
  secrets = newSecrets(keeping.suite.random),
): Promise<Kept> {
  const { id } = await identityOf(keeping.suite, secrets.root)
  const usages = ['encrypt', 'decrypt']
  const how = { name: 'AES-GCM', length: 256 }
  // WebCrypto gives one key for a symmetric algorithm; the port's type knows pairs.
  const key: SubtleKey = await keeping.subtle.generateKey(how, place.extractable, usages)
  const about = { name, id, locked: passphrase !== undefined }
  const kept = {
    id,
    locked: about.locked,
    sealed: await sealSecrets(keeping, key, about, secrets, passphrase),
    key,
  }
  await place.write(name, kept)
  return kept
}

async function existing(place: Place, name: string): Promise<Kept> {
  const kept = await place.read(name)
  if (kept === undefined) throw unknown(place, name)
  if (kept === 'damaged') throw damaged(place, name)
  return kept
}

const OPEN_CODES: Readonly<Record<OpenProblem, readonly [ErrorCode, string]>> = {
  damaged: ['identity-damaged', 'is damaged'],
  locked: ['identity-locked', 'is locked with a passphrase, and none was given'],
  'wrong-passphrase': ['wrong-passphrase', 'does not open with this passphrase'],
}

async function secretsOf(
  keeping: Keeping,
  place: Place,
  name: string,
  kept: Kept | 'damaged',
  passphrase: string | undefined,
): Promise<Secrets> {
  if (kept === 'damaged') throw damaged(place, name)
  const { id, locked, sealed, key } = kept
  const secrets = await openSecrets(keeping, key, { name, id, locked }, sealed, passphrase)
  if (typeof secrets === 'string') {
    const [code, why] = OPEN_CODES[secrets]
    const more = !locked && secrets === 'wrong-passphrase' ? ': it has none' : ''
    throw new WaypostError(code, `the identity '${name}' ${place.where} ${why}${more}`)
  }
  // Its id is bound to it as it is sealed; that the root gives this id is what everything else rests on.
  const opened = await identityOf(keeping.suite, secrets.root)
  if (!equalBytes(opened.id, id)) throw damaged(place, name)
  return secrets
}

async function identityOf(suite: Suite, root: Uint8Array) {
  const seeds = await seedsOf(suite.hash, root)
  const identity = await identityFromSeed(suite, seeds.identity)
  for (const seed of Object.values(seeds)) seed.fill(0)
  return identity
}

function described(name: string, kept: Kept | 'damaged'): KeptIdentity {
  if (kept === 'damaged') return { name, id: undefined, locked: false }
  return { name, id: peerIdText(kept.id), locked: kept.locked }
}

function damaged(place: Place, name: string): WaypostError {
  return new WaypostError('identity-damaged', `the identity '${name}' ${place.where} is damaged`)
}

function unknown(place: Place, name: string): WaypostError {
  return new WaypostError('identity-unknown', `there is no identity '${name}' ${place.where}`)
}

function wipe(secrets: Secrets): void {
  secrets.root.fill(0)
  secrets.store.fill(0)
}
