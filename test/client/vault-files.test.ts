// What only files can suffer: a log that ends or is damaged anywhere, a disk that is full, and somebody who writes into it.
// Whatever of it happens, there is no half of a commit, and no other one's value. (Processes that are killed while they
// commit are in test/faults/vault.test.ts.)

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { filePlace } from '../../client/identities/file-place.ts'
import { openKept } from '../../client/identities/keeper.ts'
import { type FileHandle, findNode, type Node } from '../../client/identities/node.ts'
import { keptVault, type OpenVault, type VaultRecords } from '../../client/identities/vault.ts'
import { FRAME_HEAD_BYTES, LOG_HEAD } from '../../client/identities/vault-frames.ts'
import { openVaultLog } from '../../client/identities/vault-log.ts'
import { openSuite } from '../../client/secure.ts'
import type { Keeping } from '../../protocol/crypto/keeping/locked-box.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { VAULT_LOG_LEAST_BYTES } from '../../protocol/limits/identities.ts'
import { bytesOf, changesOf } from '../support/vault-suite.ts'
import { codeOf } from './clients.ts'
import { directory, here } from './identity-place.ts'

const node = findNode() as Node
const KEY = new Uint8Array(32).fill(7)
let keeping: Keeping

beforeAll(async () => {
  keeping = { subtle: crypto.subtle as unknown as Subtle, suite: await openSuite() }
})

const path = () => join(directory, 'vault-alice')
const log = (on: Node = node) => openVaultLog(on, path())
const vaultOn = (open: () => Promise<VaultRecords>): Promise<OpenVault> =>
  keptVault(keeping, KEY, open, 'closed')
const contents = async (vault: OpenVault) => Object.fromEntries(await vault.entries(''))

/** Commits that write over one another, and what is there after each. */
const HISTORY = [
  { a: bytesOf(1, 40), b: bytesOf(2, 9) },
  { b: bytesOf(3, 200), c: bytesOf(4, 1) },
  { a: undefined, d: bytesOf(5, 0) },
  { a: bytesOf(6, 33), b: undefined, e: bytesOf(7, 90) },
]

async function writeHistory(): Promise<{
  whole: Buffer
  ends: number[]
  states: Record<string, Uint8Array>[]
}> {
  const vault = await vaultOn(log)
  const ends: number[] = []
  const states: Record<string, Uint8Array>[] = []
  for (const changes of HISTORY) {
    await vault.commit(changesOf(changes))
    ends.push(statSync(path()).size)
    states.push(await contents(vault))
  }
  await vault.end()
  return { whole: readFileSync(path()), ends, states }
}

describe('a log', () => {
  it('that ends anywhere holds the commits that are whole, and takes more', async () => {
    const { whole, ends, states } = await writeHistory()
    const tails = [Buffer.alloc(0), Buffer.alloc(300), Buffer.from('WPVf'.repeat(20))]
    const near = (length: number) => [0, LOG_HEAD.length, ...ends].some((end) => Math.abs(end - length) < 20)
    for (let length = LOG_HEAD.length; length <= whole.length; length++) {
      if (!near(length) && length % 5 > 0) continue
      const commits = ends.filter((end) => end <= length).length
      writeFileSync(path(), Buffer.concat([whole.subarray(0, length), tails[(length >> 2) % 3] as Buffer]))
      const vault = await vaultOn(log)
      expect(statSync(path()).size).toBe(ends[commits - 1] ?? LOG_HEAD.length)
      expect(await contents(vault), `${length} bytes of it`).toEqual(states[commits - 1] ?? {})
      if (length % 4 > 0) {
        await vault.end()
        continue
      }
      await vault.commit(changesOf({ after: bytesOf(length, 3) }))
      await vault.end()
      const again = await vaultOn(log)
      expect(await contents(again)).toEqual({ ...states[commits - 1], after: bytesOf(length, 3) })
      expect(again.damaged).toBe(0)
      await again.end()
    }
  })

  it('that is damaged anywhere gives only what was once put there, and says so', async () => {
    const { whole, ends, states } = await writeHistory()
    const once = (name: string) => HISTORY.map((changes) => (changes as Record<string, unknown>)[name])
    for (let at = 0; at < whole.length; at += 3) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
      writeFileSync(path(), bytes)
      const vault = await vaultOn(log)
      const found = await contents(vault)
      for (const [name, value] of Object.entries(found))
        expect(once(name), `byte ${at}`).toContainEqual(value)
      // The last one looks like one that was never finished; of an earlier one the rest is there all the same.
      if (at >= (ends.at(-2) as number)) expect(found).toEqual(states.at(-2))
      else expect(found).toMatchObject({ a: bytesOf(6, 33), e: bytesOf(7, 90) })
      await vault.end()
    }
  })

  it('whose value is damaged counts it, keeps the others, and can replace it', async () => {
    const { whole, ends } = await writeHistory()
    // The value `c`, the last of the second commit, has one byte and its seal.
    const bytes = Buffer.from(whole)
    const last = (ends[1] as number) - 1
    bytes[last] = (bytes[last] as number) ^ 1
    writeFileSync(path(), bytes)
    const vault = await vaultOn(log)
    expect(vault.damaged).toBe(0)
    expect(Object.keys(await contents(vault))).toEqual(['a', 'd', 'e'])
    expect(await vault.get('c')).toBeUndefined()
    expect(vault.damaged).toBe(1)
    await vault.commit(changesOf({ c: bytesOf(9, 9) }))
    expect(vault.damaged).toBe(0)
    expect(await vault.get('c')).toEqual(bytesOf(9, 9))
    await vault.end()
  })

  it('whose length of a commit is damaged counts that, and has what came after', async () => {
    const { whole, ends } = await writeHistory()
    const bytes = Buffer.from(whole)
    bytes.fill(0xff, ends[0], (ends[0] as number) + FRAME_HEAD_BYTES + 6)
    writeFileSync(path(), bytes)
    const vault = await vaultOn(log)
    expect(vault.damaged).toBe(1)
    expect(Object.keys(await contents(vault))).toEqual(['a', 'd', 'e'])
    await vault.end()
  })

  it('in which values were exchanged gives neither, nor one of another key', async () => {
    await writeHistory()
    const records = await log()
    const slots = [...(await records.slots()).keys()]
    const [one, other] = slots as [string, string]
    const [first, second] = await records.read([one, other])
    await records.write(
      new Map([
        [one, second],
        [other, first],
      ]),
    )
    await records.close()
    const vault = await vaultOn(log)
    expect(Object.keys(await contents(vault)).length).toBe(slots.length - 2)
    expect(vault.damaged).toBe(2)
    await vault.end()
    const stranger = await keptVault(keeping, new Uint8Array(32), log, 'closed')
    expect(await contents(stranger)).toEqual({})
    expect(stranger.damaged).toBe(slots.length)
    await stranger.end()
  })

  it('of something else is left alone', async () => {
    const other = Buffer.from('waypost vault 2\nand what only a later version knows')
    writeFileSync(path(), other)
    await here().create('alice')
    const held = await openKept({ name: 'alice', directory })
    expect(await codeOf(held.vault())).toBe('storage-failed')
    expect(readFileSync(path())).toEqual(other)
    await held.release()
    await here().forget('alice')
    expect(readdirSync(directory)).toEqual([])
  })

  it('is for the user alone, shows nothing of what is in it, and goes with its identity', async () => {
    const held = await openKept({ name: 'alice', directory })
    const vault = await held.vault()
    expect(readdirSync(directory).filter((file) => file.includes('vault'))).toEqual([])
    const text = new TextEncoder().encode('a letter to carol')
    await vault.commit(new Map([['outbox/carol', text]]))
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    for (let i = 0; i < 3; i++)
      await vault.commit(changesOf({ 'outbox/dave': bytesOf(i, VAULT_LOG_LEAST_BYTES / 2) }))
    await held.release()
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    const seen = readFileSync(path(), 'latin1')
    for (const word of ['letter', 'carol', 'outbox']) expect(seen).not.toContain(word)
    writeFileSync(`${path()}.unfinished`, 'left by a process that was killed')
    await here().forget('alice')
    expect(readdirSync(directory)).toEqual([])
  })

  it('is written anew when most of it is garbage, and what was left of trying is removed', async () => {
    writeFileSync(`${path()}.unfinished`, 'left by a process that was killed')
    const vault = await vaultOn(log)
    expect(readdirSync(directory)).toEqual([])
    await vault.commit(changesOf({ kept: bytesOf(0, 1_000) }))
    for (let i = 0; i < 50; i++)
      await vault.commit(changesOf({ again: bytesOf(i, VAULT_LOG_LEAST_BYTES / 4) }))
    await vault.end()
    expect(statSync(path()).size).toBeLessThan(2 * VAULT_LOG_LEAST_BYTES)
    expect(readdirSync(directory)).toEqual(['vault-alice'])
    const again = await vaultOn(log)
    const expected = { kept: bytesOf(0, 1_000), again: bytesOf(49, VAULT_LOG_LEAST_BYTES / 4) }
    expect(Object.keys(await contents(again)).sort()).toEqual(Object.keys(expected).sort())
    for (const [name, value] of Object.entries(expected))
      expect(Buffer.compare((await again.get(name)) as Uint8Array, value)).toBe(0)
    await again.end()
  })
})

describe('a disk that fails', () => {
  /** Real files, of which this call fails until it is mended: a write after the half of it. */
  function failing() {
    const state = { call: 'none', failed: 0 }
    const fails = (call: string) => {
      if (!state.call.split(', ').includes(call)) return
      state.failed++
      throw Object.assign(new Error(`${call}: no space left on device`), { code: 'ENOSPC' })
    }
    const handleOf = (handle: FileHandle): FileHandle => ({
      writeFile: (bytes) => handle.writeFile(bytes),
      read: (...args) => handle.read(...args),
      write: async (bytes, offset, length, at) => {
        if (state.call.includes('write')) await handle.write(bytes, offset, length >> 1, at)
        fails('write')
        return handle.write(bytes, offset, length, at)
      },
      stat: () => handle.stat(),
      truncate: async (length) => {
        fails('truncate')
        await handle.truncate(length)
      },
      sync: async () => {
        fails('sync')
        await handle.sync()
      },
      datasync: async () => {
        fails('datasync')
        await handle.datasync()
      },
      close: () => handle.close(),
    })
    const files: Node['files'] = {
      ...node.files,
      open: async (...args) => {
        fails('open')
        return handleOf(await node.files.open(...args))
      },
      rename: async (from, to) => {
        fails('rename')
        await node.files.rename(from, to)
      },
    }
    const place = filePlace({ ...node, files }, keeping.subtle, directory)
    return { state, open: () => vaultOn(() => place.vault('alice')) }
  }

  const expected = { a: bytesOf(1, 50), b: bytesOf(2, 50) }

  it.each(['write', 'datasync'])('in a commit (%s) changes nothing, and the next is taken', async (call) => {
    const { state, open } = failing()
    const vault = await open()
    await vault.commit(changesOf(expected))
    const whole = readFileSync(path())
    state.call = call
    const refused = vault.commit(changesOf({ a: bytesOf(3, 5_000), c: bytesOf(4, 1) }))
    const alsoRefused = vault.commit(changesOf({ d: bytesOf(4, 1) }))
    expect([await codeOf(refused), await codeOf(alsoRefused)]).toEqual(['storage-failed', 'storage-failed'])
    expect(await contents(vault)).toEqual(expected)
    expect(readFileSync(path())).toEqual(whole)
    state.call = 'none'
    await vault.commit(changesOf({ e: bytesOf(5, 1) }))
    await vault.end()
    const again = await open()
    expect(await contents(again)).toEqual({ ...expected, e: bytesOf(5, 1) })
    await again.end()
  })

  it('so that not even the half of a commit can be cut off takes none before it is', async () => {
    const { state, open } = failing()
    const vault = await open()
    await vault.commit(changesOf(expected))
    state.call = 'write, truncate'
    expect(await codeOf(vault.commit(changesOf({ c: bytesOf(4, 5_000) })))).toBe('storage-failed')
    const left = readFileSync(path())
    state.call = 'truncate'
    expect(await codeOf(vault.commit(changesOf({ d: bytesOf(5, 1) })))).toBe('storage-failed')
    expect(readFileSync(path())).toEqual(left)
    expect(await contents(vault)).toEqual(expected)
    state.call = 'none'
    await vault.commit(changesOf({ e: bytesOf(6, 1) }))
    expect(statSync(path()).size).toBeLessThan(left.length)
    await vault.end()
    // The same, and the process ends before it can be cut off.
    writeFileSync(path(), left)
    const again = await open()
    expect(await contents(again)).toEqual(expected)
    await again.end()
  })

  it.each(['open', 'sync', 'rename', 'write'])(
    'at first (%s) leaves nothing, and may be asked again',
    async (call) => {
      const { state, open } = failing()
      const vault = await open()
      state.call = call
      expect(await codeOf(vault.commit(changesOf(expected)))).toBe('storage-failed')
      expect(readdirSync(directory)).toEqual([])
      state.call = 'none'
      await vault.commit(changesOf(expected))
      await vault.end()
      const again = await open()
      expect(await contents(again)).toEqual(expected)
      await again.end()
    },
  )

  it.each(['open', 'sync', 'rename'])('while the log is written anew (%s) fails no commit', async (call) => {
    const { state, open } = failing()
    const vault = await open()
    await vault.commit(changesOf(expected))
    state.call = call
    const large = (i: number) => changesOf({ large: bytesOf(i, VAULT_LOG_LEAST_BYTES / 4) })
    for (let i = 0; i < 8; i++) await vault.commit(large(i))
    expect(await contents(vault)).toMatchObject(expected)
    expect(state.failed).toBe(1)
    expect(readdirSync(directory)).toEqual(['vault-alice'])
    const { size } = statSync(path())
    state.call = 'none'
    for (let i = 8; i < 16; i++) await vault.commit(large(i))
    await vault.end()
    expect(statSync(path()).size).toBeLessThan(size)
    const again = await open()
    expect(await contents(again)).toMatchObject(expected)
    expect(
      Buffer.compare((await again.get('large')) as Uint8Array, bytesOf(15, VAULT_LOG_LEAST_BYTES / 4)),
    ).toBe(0)
    await again.end()
  })
})
