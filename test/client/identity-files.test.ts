// What lies in the files of an identity: damaged, it is told and left alone; and what links keep there is theirs alone.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openKept } from '../../client/identities/keeper.ts'
import { memoryStore } from '../../client/identities/store.ts'
import { identities } from '../../client/index.ts'
import { STORE_ENTRIES_MAX, STORE_VALUE_BYTES_MAX } from '../../protocol/limits/identities.ts'
import { client, codeOf } from './clients.ts'
import { as, directory, here, url } from './identity-place.ts'

describe('a file', () => {
  const path = () => join(directory, 'identity-alice')

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['empty', () => Buffer.alloc(0)],
    ['cut off', (bytes) => bytes.subarray(0, -1)],
    ['longer than it was', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['of something else', () => Buffer.from('{"hello":"world"}'.repeat(20))],
    [
      'with another id',
      (bytes) => Buffer.concat([bytes.subarray(0, 5), Buffer.alloc(32), bytes.subarray(37)]),
    ],
    [
      'with another key',
      (bytes) => Buffer.concat([bytes.subarray(0, 37), Buffer.alloc(32), bytes.subarray(69)]),
    ],
    ['said to be locked', (bytes) => Buffer.concat([bytes.subarray(0, 4), Buffer.of(1), bytes.subarray(5)])],
    [
      'with a bit flipped',
      (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]),
    ],
  ])('%s is told to be damaged, is not made anew, and can be forgotten', async (_, change) => {
    await here().create('alice')
    const damaged = change(readFileSync(path()))
    writeFileSync(path(), damaged)
    expect(await codeOf(client(url, as('alice')))).toBe('identity-damaged')
    expect(await codeOf(here().export('alice', 'p'))).toBe('identity-damaged')
    expect(await codeOf(here().create('alice'))).toBe('identity-taken')
    expect(readFileSync(path())).toEqual(damaged)
    expect((await here().list()).map(({ name }) => name)).toEqual(['alice'])
    await here().forget('alice')
    await client(url, as('alice'))
  })

  it('of one identity does not open under the name of another', async () => {
    await here().create('alice')
    writeFileSync(join(directory, 'identity-bob'), readFileSync(path()))
    expect(await codeOf(client(url, as('bob')))).toBe('identity-damaged')
  })

  it('that cannot be read, or written, is a failure of the storage with its cause', async () => {
    mkdirSync(path())
    const error = await client(url, as('alice')).catch((each: unknown) => each)
    expect(error).toMatchObject({ code: 'storage-failed', cause: { code: 'EISDIR' } })
    mkdirSync(join(directory, 'lock-bob.directory'))
    expect(await codeOf(here().create('bob'))).toBe('storage-failed')
    // And nothing of the failed tries stands in the way of the next.
    expect(readdirSync(directory).toSorted()).toEqual(['identity-alice', 'lock-bob.directory'])
    writeFileSync(join(directory, 'a-file'), '')
    const inFile = identities.at(join(directory, 'a-file', 'under'))
    expect(await codeOf(inFile.create('alice'))).toBe('storage-failed')
  })
})

describe.each(['kept', 'in memory'])('a store %s', (kind) => {
  const opened = async () =>
    kind === 'kept'
      ? openKept({ name: 'alice', directory })
      : { store: memoryStore(), release: () => Promise.resolve() }

  it('gives back what was set last, and copies what it takes and gives', async () => {
    const { store, release } = await opened()
    expect(await store.get('a')).toBeUndefined()
    const value = Uint8Array.of(1, 2)
    const setting = store.set('a', value)
    value.fill(9)
    await setting
    const got = await store.get('a')
    expect(got).toEqual(Uint8Array.of(1, 2))
    got?.fill(9)
    expect(await store.get('a')).toEqual(Uint8Array.of(1, 2))
    await Promise.all([
      store.set('a', new Uint8Array(STORE_VALUE_BYTES_MAX)),
      store.set('a', Uint8Array.of(3)),
    ])
    expect(await store.get('a')).toEqual(Uint8Array.of(3))
    await store.set('b/../\u0000 é', Uint8Array.of(4))
    await store.delete('a')
    await store.delete('a')
    expect(await store.get('a')).toBeUndefined()
    expect(await store.get('b/../\u0000 é')).toEqual(Uint8Array.of(4))
    await release()
  })

  it('is bounded in the size of a value', async () => {
    const { store, release } = await opened()
    expect(await codeOf(store.set('a', new Uint8Array(STORE_VALUE_BYTES_MAX + 1)))).toBe('too-large')
    expect(await store.get('a')).toBeUndefined()
    await release()
  })
})

describe('a store', () => {
  it('is bounded in the number of its values', async () => {
    const store = memoryStore()
    for (let i = 0; i < STORE_ENTRIES_MAX; i++) await store.set(`${i}`, new Uint8Array())
    expect(await codeOf(store.set('one more', new Uint8Array()))).toBe('too-large')
    await store.set('7', Uint8Array.of(1))
    await store.delete('8')
    await store.set('one more', new Uint8Array())
  })

  it('outlives its process, apart for each identity, and shows neither names nor values', async () => {
    const [alice, bob] = [
      await openKept({ name: 'alice', directory }),
      await openKept({ name: 'bob', directory }),
    ]
    await alice.store.set('ticket of carol', new TextEncoder().encode('a value of alice'))
    expect(await bob.store.get('ticket of carol')).toBeUndefined()
    await alice.release()
    await bob.release()
    const [file] = readdirSync(join(directory, 'values-alice'))
    expect(file).not.toContain('carol')
    expect(readFileSync(join(directory, 'values-alice', file as string), 'latin1')).not.toContain('value')
    const again = await openKept({ name: 'alice', directory })
    expect(await again.store.get('ticket of carol')).toEqual(new TextEncoder().encode('a value of alice'))
    await again.release()
  })

  it('of an identity that was released is closed, after what was under way', async () => {
    const { store, release } = await openKept({ name: 'alice', directory })
    const setting = store.set('a', Uint8Array.of(1))
    await release()
    await setting
    expect(await codeOf(store.set('a', Uint8Array.of(2)))).toBe('closed')
    const again = await openKept({ name: 'alice', directory })
    expect(await again.store.get('a')).toEqual(Uint8Array.of(1))
    await again.release()
  })
})
