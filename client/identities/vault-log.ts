// The vault of an identity in Node: one file that commits are added to, each as one frame that is written and synced before
// it is acknowledged. Whatever the moment a process is killed or the power fails, the file holds whole commits and at most
// one beginning of another, which is cut off when it is opened again.
//
// What commits replace stays in the file as garbage. When there is more of it than of what is not, the log is written anew
// under another name, synced, and renamed: so a crash leaves the old one or the new one, and each says the same.

import { VAULT_LOG_LEAST_BYTES } from '../../protocol/limits/identities.ts'
import type { FileHandle, Node } from './node.ts'
import { syncDirectory, UNFINISHED, USER_ONLY, unlessMissing } from './node.ts'
import type { VaultRecords } from './vault.ts'
import { costOf, type Extent, encodeFrame, LOG_HEAD, type Placed } from './vault-frames.ts'
import { type FoundLog, readFully, readLog } from './vault-log-reader.ts'

/** Records read side by side: as many as the threads that read files are busy with, and a few that wait. */
const READS_AT_ONCE = 32
/** A frame of a log that is written anew. */
const REWRITTEN_FRAME_BYTES = 1_048_576

/** Only by who holds the identity's lock. */
export async function openVaultLog(node: Node, path: string): Promise<VaultRecords> {
  await node.files.rm(`${path}${UNFINISHED}`, { force: true })
  const log = new VaultLog(node, path, await findLog(node, path))
  return {
    slots: () => log.slots(),
    read: (slots) => log.read(slots),
    write: (changes) => log.write(changes),
    close: () => log.close(),
  }
}

async function findLog(node: Node, path: string): Promise<OpenLog | undefined> {
  const handle = await unlessMissing(node.files.open(path, 'r+'))
  if (handle === undefined) return undefined
  try {
    const found = await readLog(handle, node.sha256)
    if (found.end < (await handle.stat()).size) await handle.truncate(found.end)
    return { handle, ...found }
  } catch (problem) {
    await handle.close()
    throw problem
  }
}

type OpenLog = FoundLog & { readonly handle: FileHandle }

class VaultLog {
  readonly #node: Node
  readonly #path: string
  #handle: FileHandle | undefined
  #extents: Map<string, Extent>
  /** After this nothing counts. */
  #end: number
  /** What would be left of the log if it were written anew. */
  #live = 0
  /** There may be something after the end, of a commit that failed. */
  #torn = false
  /** Not again before the log is as long: one that failed will fail again for a while. */
  #rewriteAt = VAULT_LOG_LEAST_BYTES
  #rewriting: Promise<void> = Promise.resolve()

  constructor(node: Node, path: string, log: OpenLog | undefined) {
    this.#node = node
    this.#path = path
    this.#handle = log?.handle
    this.#extents = new Map(log?.extents)
    this.#end = log?.end ?? 0
    for (const [slot, { length }] of this.#extents) this.#live += costOf(slot, length)
  }

  async slots(): Promise<ReadonlyMap<string, number>> {
    return new Map([...this.#extents].map(([slot, { length }]) => [slot, length]))
  }

  async read(slots: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    await this.#rewriting
    return this.#readAll(slots)
  }

  async write(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    await this.#rewriting
    if (this.#handle === undefined) await this.#rewrite() // The first: an empty log, whole under its name.
    const handle = this.#open()
    await this.#cut(handle)
    const { bytes, placed } = encodeFrame(this.#node.sha256, changes)
    this.#torn = true
    try {
      await writeFully(handle, bytes, this.#end)
      await handle.datasync()
    } catch (problem) {
      // It was not acknowledged, so it must not be there. If it cannot be cut off now, then before the next one.
      await this.#cut(handle).catch(() => {})
      throw problem
    }
    this.#torn = false
    this.#place(placed)
    this.#end += bytes.length
    this.#rewriteIfWorthIt()
  }

  async close(): Promise<void> {
    await this.#rewriting
    await this.#handle?.close()
    this.#handle = undefined
  }

  #open(): FileHandle {
    if (this.#handle === undefined) throw new Error('the log is not open')
    return this.#handle
  }

  async #cut(handle: FileHandle): Promise<void> {
    if (!this.#torn) return
    await handle.truncate(this.#end)
    await handle.datasync()
    this.#torn = false
  }

  #place(placed: readonly Placed[]): void {
    for (const [slot, extent] of placed) {
      const before = this.#extents.get(slot)
      if (before !== undefined) this.#live -= costOf(slot, before.length)
      if (extent === undefined) this.#extents.delete(slot)
      else {
        this.#extents.set(slot, { at: this.#end + extent.at, length: extent.length })
        this.#live += costOf(slot, extent.length)
      }
    }
  }

  async #readAll(slots: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const records: (Uint8Array | undefined)[] = []
    for (let at = 0; at < slots.length; at += READS_AT_ONCE) {
      const some = slots.slice(at, at + READS_AT_ONCE).map((slot) => {
        const extent = this.#extents.get(slot)
        return extent && readFully(this.#open(), extent.at, extent.length)
      })
      records.push(...(await Promise.all(some)))
    }
    return records
  }

  /** After the commit that made it worth it was acknowledged; the next call waits for it. */
  #rewriteIfWorthIt(): void {
    const garbage = this.#end - LOG_HEAD.length - this.#live
    if (garbage <= this.#live || this.#end < this.#rewriteAt) return
    this.#rewriting = this.#rewrite().then(
      () => {
        this.#rewriteAt = VAULT_LOG_LEAST_BYTES
      },
      () => {
        // What is there is whole as it is, only longer than it need be.
        this.#rewriteAt = this.#end * 2
      },
    )
  }

  async #rewrite(): Promise<void> {
    const { files } = this.#node
    const unfinished = `${this.#path}${UNFINISHED}`
    const handle = await files.open(unfinished, 'w+', USER_ONLY)
    const extents = new Map<string, Extent>()
    let end = 0
    try {
      await writeFully(handle, LOG_HEAD, 0)
      end = LOG_HEAD.length
      for (const slots of this.#frames()) {
        const records = await this.#readAll(slots)
        const { bytes, placed } = encodeFrame(
          this.#node.sha256,
          slots.map((slot, i) => [slot, records[i]] as const),
        )
        await writeFully(handle, bytes, end)
        for (const [slot, extent] of placed)
          if (extent !== undefined) extents.set(slot, { at: end + extent.at, length: extent.length })
        end += bytes.length
      }
      await handle.sync()
      await files.rename(unfinished, this.#path)
    } catch (problem) {
      await handle.close()
      await files.rm(unfinished, { force: true })
      throw problem
    }
    await syncDirectory(files, this.#path.replace(/\/[^/]*$/, ''))
    const before = this.#handle
    this.#handle = handle
    this.#extents = extents
    this.#end = end
    this.#torn = false
    await before?.close()
  }

  /** The slots there are, in as many lists as make frames of a bearable size. */
  *#frames(): Iterable<readonly string[]> {
    let slots: string[] = []
    let bytes = 0
    for (const [slot, { length }] of this.#extents) {
      slots.push(slot)
      bytes += costOf(slot, length)
      if (bytes < REWRITTEN_FRAME_BYTES) continue
      yield slots
      slots = []
      bytes = 0
    }
    if (slots.length > 0) yield slots
  }
}

async function writeFully(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}
