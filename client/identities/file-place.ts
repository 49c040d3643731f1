// Identities in Node: a file each, readable by the user alone, in a directory of the user's own.
//
//   identity-NAME   "WPI1" ‖ locked 1 ‖ id 32 ‖ key 32 ‖ sealed (protocol/crypto/keeping/kept.ts)
//   values-NAME/    a file for each value, as it was sealed
//   vault-NAME      its vault: a log of what was changed (vault-log.ts)
//   lock-NAME.…     who has it open (file-lock.ts)
//
// The key lies beside what it seals: Node has nowhere to hide it, and the protection is the file's mode, or a passphrase.
// Files are written whole, under another name first: a crash leaves the old one or the new one.

import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { concat } from '../../protocol/crypto/suite.ts'
import { WaypostError } from '../../protocol/errors.ts'
import { PEER_ID_BYTES } from '../../protocol/peer-id.ts'
import { Reader, utf8 } from '../../protocol/wire/bytes.ts'
import { lockFile } from './file-lock.ts'
import { type Files, type Node, syncDirectory, UNFINISHED, USER_ONLY, unlessMissing } from './node.ts'
import type { Kept, Place, ValuePlace } from './place.ts'

const MAGIC = 'WPI1'
const KEY_BYTES = 32
const HEAD_BYTES = MAGIC.length + 1 + PEER_ID_BYTES + KEY_BYTES
const USER_ONLY_DIRECTORY = 0o700

export function filePlace(node: Node, subtle: Subtle, directory = `${node.home}/.waypost/identities`): Place {
  const { files } = node
  const pathOf = (name: string) => `${directory}/identity-${fileNameOf(name)}`
  const valuesOf = (name: string) => `${directory}/values-${fileNameOf(name)}`
  const vaultOf = (name: string) => `${directory}/vault-${fileNameOf(name)}`
  const place: Place = {
    where: `in ${directory}`,
    extractable: true,
    names: async () => {
      const found = (await unlessMissing(files.readdir(directory))) ?? []
      return found.flatMap((file) => nameOf(/^identity-(.+)$/.exec(file)?.[1]) ?? [])
    },
    read: async (name) => {
      const bytes = await unlessMissing(files.readFile(pathOf(name)))
      return bytes && decode(subtle, bytes)
    },
    write: async (name, kept) => {
      const key = await subtle.exportKey('raw', kept.key)
      if (!(key instanceof ArrayBuffer)) throw new TypeError('a raw key is bytes')
      const bytes = concat([
        utf8(MAGIC),
        Uint8Array.of(kept.locked ? 1 : 0),
        kept.id,
        new Uint8Array(key),
        kept.sealed,
      ])
      await writeWhole(files, directory, pathOf(name), bytes)
      bytes.fill(0)
    },
    erase: async (name) => {
      await files.rm(vaultOf(name), { force: true })
      await files.rm(`${vaultOf(name)}${UNFINISHED}`, { force: true })
      await files.rm(valuesOf(name), { recursive: true, force: true })
      await files.rm(pathOf(name), { force: true })
    },
    lock: async (name) => {
      await files.mkdir(directory, { recursive: true, mode: USER_ONLY_DIRECTORY })
      const letGo = await lockFile(node, directory, `lock-${fileNameOf(name)}.`)
      return letGo && failingAsStorage({ letGo }).letGo
    },
    values: fileValues(files, valuesOf),
    vault: async (name) => {
      const { openVaultLog } = await import('./vault-log.ts')
      return failingAsStorage(await openVaultLog(node, vaultOf(name)))
    },
  }
  return failingAsStorage(place)
}

function fileValues(files: Files, directoryOf: (name: string) => string): ValuePlace {
  return failingAsStorage({
    get: (name, entry) => unlessMissing(files.readFile(`${directoryOf(name)}/${entry}`)),
    set: async (name, entry, value) => {
      const directory = directoryOf(name)
      await files.mkdir(directory, { recursive: true, mode: USER_ONLY_DIRECTORY })
      await writeWhole(files, directory, `${directory}/${entry}`, value)
    },
    delete: (name, entry) => files.rm(`${directoryOf(name)}/${entry}`, { force: true }),
    count: async (name) => (await unlessMissing(files.readdir(directoryOf(name))))?.length ?? 0,
  })
}

async function decode(subtle: Subtle, bytes: Uint8Array): Promise<Kept | 'damaged'> {
  if (bytes.length < HEAD_BYTES) return 'damaged'
  const reader = new Reader(bytes)
  const magic = String.fromCharCode(...reader.bytes(MAGIC.length))
  const locked = reader.u8()
  if (magic !== MAGIC || locked > 1) return 'damaged'
  const id = reader.bytes(PEER_ID_BYTES).slice()
  const key = reader.bytes(KEY_BYTES)
  const usages = ['encrypt', 'decrypt']
  return {
    id,
    locked: locked === 1,
    key: await subtle.importKey('raw', key, { name: 'AES-GCM' }, false, usages),
    sealed: reader.rest().slice(),
  }
}

/** Letters keep their case where file names do not; nothing is left of what some system would not have in a name. */
function fileNameOf(name: string): string {
  return name.replace(/[^a-z0-9_-]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
}

function nameOf(file: string | undefined): string | undefined {
  const name = file?.replace(/%([0-9a-f]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
  return name !== undefined && fileNameOf(name) === file ? name : undefined
}

/** The whole of it is on the disk under another name before it takes its own. */
async function writeWhole(files: Files, directory: string, path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${directory}/unfinished-${crypto.randomUUID()}`
  try {
    const handle = await files.open(unfinished, 'wx', USER_ONLY)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await files.rename(unfinished, path)
  } catch (problem) {
    await files.rm(unfinished, { force: true })
    throw problem
  }
  await syncDirectory(files, directory)
}

/** The same, with what the file system throws as one WaypostError. */
function failingAsStorage<Calls extends object>(calls: Calls): Calls {
  const wrapped = Object.entries(calls).map(([name, call]) => {
    if (typeof call !== 'function') return [name, call]
    return [
      name,
      async (...args: unknown[]) => {
        try {
          return await call(...args)
        } catch (cause) {
          if (cause instanceof WaypostError) throw cause
          throw new WaypostError('storage-failed', `the file system failed: ${String(cause)}`, { cause })
        }
      },
    ]
  })
  return Object.fromEntries(wrapped) as Calls
}
