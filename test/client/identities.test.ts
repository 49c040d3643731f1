// Identities that Node keeps: real files, real processes, one of which is killed.

import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openKept } from '../../client/identities/keeper.ts'
import { identities, isPeerId, type KeptIdentity } from '../../client/index.ts'
import { client, codeOf } from './clients.ts'
import { as, directory, here, kill, program, url } from './identity-place.ts'

describe('an identity', () => {
  it('is made on first use, and is the same whenever it is opened again', async () => {
    const first = await client(url, as('alice'))
    const { id } = first
    await first.close()
    const again = await client(url, as('alice'))
    expect(again.id).toBe(id)
    expect(await here().list()).toEqual([{ name: 'alice', id, locked: false }])
    expect(await here().id('alice')).toBe(id)
    expect(isPeerId(id)).toBe(true)
  })

  it('is one of several, and none of them is what a client without one has', async () => {
    const names = ['alice', 'Alice', 'al.ice', 'al:ice~@', 'alice-2', 'alice-2-3']
    const made: KeptIdentity[] = []
    for (const name of names) made.push(await here().create(name))
    const [one, other] = [await client(url), await client(url)]
    expect(new Set([...made.map(({ id }) => id), one.id, other.id]).size).toBe(names.length + 2)
    expect((await here().list()).map(({ name }) => name)).toEqual([...names].sort())
    // One whose name begins as another's does is not in the way of it.
    await client(url, as('alice-2-3'))
    expect((await client(url, as('alice-2'))).id).toBe(made[4]?.id)
  })

  it('lies in files that nobody else may read, in a directory nobody else may enter', async () => {
    const home = join(directory, 'made', 'here')
    chmodSync(directory, 0o755)
    const opened = await openKept({ name: 'alice', directory: home })
    await opened.store.set('ticket', new Uint8Array(9))
    expect(statSync(home).mode & 0o777).toBe(0o700)
    const files = readdirSync(home, { recursive: true, withFileTypes: true })
    const modes = files.map((file) => statSync(join(file.parentPath, file.name)).mode & 0o777)
    expect(modes.toSorted()).toEqual([0o600, 0o600, 0o600, 0o700]) // itself, its lock, the value, and its directory
    await opened.release()
    expect(readdirSync(home).toSorted()).toEqual(['identity-alice', 'values-alice'])
  })

  it('is not made twice, nor forgotten when it was never there', async () => {
    const { id } = await here().create('alice')
    expect(await codeOf(here().create('alice'))).toBe('identity-taken')
    expect(await here().id('alice')).toBe(id)
    expect(await codeOf(here().forget('bob'))).toBe('identity-unknown')
    expect(await codeOf(here().id('bob'))).toBe('identity-unknown')
    expect(await codeOf(here().export('bob', 'p'))).toBe('identity-unknown')
    expect(await identities.at(join(directory, 'nowhere')).list()).toEqual([])
  })

  it('forgotten is gone, with all it kept', async () => {
    const { id } = await here().create('alice')
    const opened = await openKept({ name: 'alice', directory })
    await opened.store.set('ticket', Uint8Array.of(1))
    expect(await codeOf(here().forget('alice'))).toBe('identity-in-use')
    await opened.release()
    await here().forget('alice')
    expect(readdirSync(directory)).toEqual([])
    const next = await openKept({ name: 'alice', directory })
    expect(next.identity.id).not.toBe(id)
    expect(await next.store.get('ticket')).toBeUndefined()
    await next.release()
  })

  it('made by two at once is made once', async () => {
    const made = await Promise.allSettled([here().create('alice'), here().create('alice')])
    const codes = made.map((each) => (each.status === 'fulfilled' ? 'made' : each.reason.code))
    expect(codes.filter((code) => code === 'made').length).toBeLessThanOrEqual(1)
    expect(codes.every((code) => ['made', 'identity-taken', 'identity-in-use'].includes(code))).toBe(true)
    expect((await here().list()).length).toBe(codes.filter((code) => code === 'made').length)
  })
})

describe('one holder', () => {
  it('keeps others out until it closes', async () => {
    const first = await client(url, as('alice'))
    expect(await codeOf(client(url, as('alice')))).toBe('identity-in-use')
    await first.close()
    await first.close()
    expect((await client(url, as('alice'))).id).toBe(first.id)
  })

  it('that failed to connect holds nothing', async () => {
    expect(await codeOf(client(url, { ...as('alice'), network: 'refused' }))).toBe('edge-refused')
    const abort = new AbortController()
    abort.abort()
    expect(await codeOf(client(url, { ...as('alice'), signal: abort.signal }))).toBe('aborted')
    await client(url, as('alice'))
  })

  it('is told at once that it is none, though no edge answers', async () => {
    await client(url, as('alice'))
    const beganMs = performance.now()
    expect(await codeOf(client('http://127.0.0.1:9', as('alice')))).toBe('identity-in-use')
    expect(performance.now() - beganMs).toBeLessThan(5_000)
  })

  it('in another process keeps this one out, until it is killed', async () => {
    const { child, says } = program(`const waypost = await connect(url, { identity })
      say(waypost.id)
      setInterval(() => {}, 1_000)`)
    await expect.poll(() => says().length).toBe(1)
    expect(await codeOf(client(url, as('alice')))).toBe('identity-in-use')
    expect(await codeOf(here().forget('alice'))).toBe('identity-in-use')
    expect(await here().id('alice')).toBe(says()[0])
    await kill(child)
    expect((await client(url, as('alice'))).id).toBe(says()[0])
  })

  it('here keeps another process out, which ends by itself', async () => {
    const { id, close } = await client(url, as('alice')).then((waypost) => ({
      id: waypost.id,
      close: () => waypost.close(),
    }))
    const source = `const ended = await connect(url, { identity }).then(
        async (waypost) => (await waypost.close(), waypost.id),
        (error) => error.code)
      say(ended)`
    const refused = program(source)
    await new Promise((resolve) => refused.child.once('close', resolve))
    expect(refused.says()).toEqual(['identity-in-use'])
    await close()
    const admitted = program(source)
    await new Promise((resolve) => admitted.child.once('close', resolve))
    expect(admitted.says()).toEqual([id])
  })

  it.skipIf(process.platform !== 'linux')(
    'is not who has the process id of one that was killed',
    async () => {
      const { id } = await here().create('alice')
      const opened = await openKept({ name: 'alice', directory })
      const lock = readdirSync(directory).find((file) => file.startsWith('lock-')) as string
      const ours = readFileSync(join(directory, lock), 'utf8')
      await opened.release()
      // As a container leaves it behind, whose next process has the same id: ours, begun at another time.
      writeFileSync(join(directory, 'lock-alice.left'), ours.replace(/\d+$/, '1'))
      expect((await client(url, as('alice'))).id).toBe(id)
      expect(readdirSync(directory)).not.toContain('lock-alice.left')
    },
  )

  it('of many who come at once is at most one', async () => {
    await here().create('alice')
    const source = `const held = await connect(url, { identity }).catch((error) => error.code)
      say(typeof held === 'string' ? held : 'held')
      setInterval(() => {}, 1_000)`
    const all = Array.from({ length: 4 }, () => program(source))
    await expect.poll(() => all.every(({ says }) => says().length === 1)).toBe(true)
    const said = all.map(({ says }) => says()[0])
    expect(said.filter((word) => word === 'held').length).toBeLessThanOrEqual(1)
    expect(said.every((word) => word === 'held' || word === 'identity-in-use')).toBe(true)
  })
})

describe('a passphrase', () => {
  it('locks an identity, and opens it', async () => {
    const { id } = await here().create('alice', { passphrase: 'correct horse' })
    expect(await here().list()).toEqual([{ name: 'alice', id, locked: true }])
    expect(await codeOf(client(url, as('alice')))).toBe('identity-locked')
    expect(await codeOf(client(url, as('alice', 'wrong')))).toBe('wrong-passphrase')
    expect((await client(url, as('alice', 'correct horse'))).id).toBe(id)
  })

  it('given on first use locks it too; given to one without a lock, it is refused', async () => {
    const waypost = await client(url, as('alice', 'correct horse'))
    await waypost.close()
    expect(await codeOf(client(url, as('alice')))).toBe('identity-locked')
    await here().create('bob')
    expect(await codeOf(client(url, as('bob', 'correct horse')))).toBe('wrong-passphrase')
  })
})

describe('a backup', () => {
  it('carries an identity to another place, under another name and another lock', async () => {
    const there = identities.at(join(directory, 'elsewhere'))
    const { id } = await here().create('alice')
    const backup = await here().export('alice', 'of the backup')
    expect(await there.import('Alice B', backup, 'x').catch((error) => error.name)).toBe('RangeError')
    expect(await there.import('bob', backup, 'of the backup', { lock: 'of bob' })).toEqual({
      name: 'bob',
      id,
      locked: true,
    })
    const identity = { name: 'bob', passphrase: 'of bob', directory: join(directory, 'elsewhere') }
    expect((await client(url, { identity })).id).toBe(id)
  })

  it('of a locked identity needs its passphrase', async () => {
    const { id } = await here().create('alice', { passphrase: 'of alice' })
    expect(await codeOf(here().export('alice', 'of the backup'))).toBe('identity-locked')
    expect(await codeOf(here().export('alice', 'p', { unlock: 'of the backup' }))).toBe('wrong-passphrase')
    const backup = await here().export('alice', 'of the backup', { unlock: 'of alice' })
    expect(await here().import('bob', backup, 'of the backup')).toEqual({ name: 'bob', id, locked: false })
  })

  it('may be made while the identity is in use', async () => {
    const { id } = await client(url, as('alice'))
    expect((await here().import('copy', await here().export('alice', 'p'), 'p')).id).toBe(id)
  })

  it('says what is wrong, and then nothing was changed', async () => {
    const { id } = await here().create('alice')
    const backup = await here().export('alice', 'p')
    expect(await codeOf(here().import('alice', backup, 'p'))).toBe('identity-taken')
    expect(await codeOf(here().import('bob', backup, 'q'))).toBe('wrong-passphrase')
    expect(await codeOf(here().import('bob', backup.slice(0, -3), 'p'))).toBe('backup-damaged')
    expect(await codeOf(here().import('bob', backup.replace('-1-', '-2-'), 'p'))).toBe('backup-damaged')
    expect(await here().list()).toEqual([{ name: 'alice', id, locked: false }])
  })

  it('brings an identity back, and nothing of what its device kept', async () => {
    const opened = await openKept({ name: 'alice', directory })
    await opened.store.set('ticket', Uint8Array.of(1))
    await opened.release()
    const backup = await here().export('alice', 'p')
    const kept = readFileSync(
      join(directory, 'values-alice', readdirSync(join(directory, 'values-alice'))[0] as string),
    )
    await here().forget('alice')
    await here().import('alice', backup, 'p')
    const again = await openKept({ name: 'alice', directory })
    expect(again.identity.id).toBe(opened.identity.id)
    await again.store.set('ticket', Uint8Array.of(2))
    const [entry] = readdirSync(join(directory, 'values-alice'))
    writeFileSync(join(directory, 'values-alice', entry as string), kept)
    expect(await again.store.get('ticket')).toBeUndefined()
    await again.release()
  })
})
