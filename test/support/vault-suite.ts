// What every vault must do, whatever it lies in: the same promises asked of memory, of Node's files and, in a page of a real
// browser, of IndexedDB. So nothing here knows a test runner: a promise that is not kept throws.

import type { Vault } from '../../client/identities/vault.ts'
import {
  VAULT_BYTES_MAX,
  VAULT_COMMIT_BYTES_MAX,
  VAULT_ENTRIES_MAX,
  VAULT_NAME_BYTES_MAX,
  VAULT_VALUE_BYTES_MAX,
} from '../../protocol/limits/identities.ts'

export interface Held {
  readonly vault: () => Promise<Vault>
  readonly release: () => Promise<void>
}

export interface VaultHost {
  /** The identity of this name, of this test alone; made when there is none. */
  open(name: string): Promise<Held>
  /** Where there is something to open again after it was released. */
  readonly forget?: (name: string) => Promise<void>
}

type Kept = (host: VaultHost) => Promise<void>

const bytes = (...all: number[]) => Uint8Array.from(all)

/** Of any length, and like no other. */
export function bytesOf(seed: number, length: number): Uint8Array {
  const value = new Uint8Array(length)
  let state = (seed * 2_654_435_761 + 1) >>> 0
  for (let i = 0; i < length; i++) {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    value[i] = state >>> 24
  }
  return value
}

type Changes = Readonly<Record<string, Uint8Array | undefined>>

export const changesOf = (changes: Changes) => new Map(Object.entries(changes))

function expectThat(so: boolean, what: string): void {
  if (!so) throw new Error(`not so: ${what}`)
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a?.length === b?.length && (a === undefined || a.every((byte, i) => byte === b?.[i]))
}

/** Exactly these, in order of name. */
async function expectHolds(vault: Vault, expected: Changes, prefix = ''): Promise<void> {
  const entries = await vault.entries(prefix)
  const names = entries.map(([name]) => name)
  const wanted = Object.keys(expected).sort()
  expectThat(
    names.join('\n') === wanted.join('\n'),
    `the names are ${JSON.stringify(wanted)}, not ${JSON.stringify(names)}`,
  )
  for (const [name, value] of entries) {
    expectThat(same(value, expected[name]), `${name} has its value`)
    expectThat(same(await vault.get(name), expected[name]), `get(${name}) gives it too`)
  }
}

async function expectRefused(code: string, refusing: Promise<unknown>): Promise<void> {
  const outcome = await refusing.then(
    () => 'nothing',
    (error: { code?: string; name: string }) => error.code ?? error.name,
  )
  expectThat(outcome === code, `refused with ${code}, not ${outcome}`)
}

async function opened(host: VaultHost, name = 'alice') {
  const held = await host.open(name)
  return { vault: await held.vault(), held }
}

/** By what they promise. */
export const VAULT_PROMISES: Readonly<Record<string, Kept>> = {
  'gives back what was committed, and forgets what was deleted': async (host) => {
    const { vault, held } = await opened(host)
    expectThat((await vault.get('a')) === undefined, 'nothing is there at first')
    await expectHolds(vault, {})
    await vault.commit(changesOf({ a: bytes(1), b: bytes(2, 2), c: bytes() }))
    await expectHolds(vault, { a: bytes(1), b: bytes(2, 2), c: bytes() })
    await vault.commit(changesOf({ a: bytes(3), b: undefined, d: bytes(4), never: undefined }))
    await vault.commit(new Map())
    await expectHolds(vault, { a: bytes(3), c: bytes(), d: bytes(4) })
    expectThat((await vault.get('b')) === undefined, 'b is gone')
    expectThat(vault.damaged === 0, 'nothing is damaged')
    await held.release()
  },

  'copies what it takes and what it gives': async (host) => {
    const { vault, held } = await opened(host)
    const value = bytes(1, 2)
    const changes = changesOf({ a: value })
    const committing = vault.commit(changes)
    value.fill(9)
    changes.set('b', value)
    await committing
    await expectHolds(vault, { a: bytes(1, 2) })
    ;(await vault.get('a'))?.fill(9)
    for (const [, each] of await vault.entries('')) each.fill(9)
    await expectHolds(vault, { a: bytes(1, 2) })
    // A part of a larger buffer is that part alone.
    await vault.commit(changesOf({ part: bytes(0, 1, 2, 3).subarray(1, 3) }))
    await expectHolds(vault, { part: bytes(1, 2) }, 'part')
    await held.release()
  },

  'lists by the beginning of names, in their order, whatever they are made of': async (host) => {
    const { vault, held } = await opened(host)
    const names = [
      'outbox/2',
      'outbox/10',
      'outbox',
      'inbox/1',
      '',
      'ø/é\u0000\n',
      '../..',
      'outboy',
      '😀',
      '\uffee',
    ]
    await vault.commit(changesOf(Object.fromEntries(names.map((name, i) => [name, bytes(i)]))))
    const listed = async (prefix: string) => (await vault.entries(prefix)).map(([name]) => name).join('|')
    expectThat((await listed('outbox/')) === 'outbox/10|outbox/2', 'a prefix')
    expectThat((await listed('outbox')) === 'outbox|outbox/10|outbox/2', 'a name is its own prefix')
    expectThat((await listed('nowhere')) === '', 'nothing begins so')
    expectThat((await listed('')) === [...names].sort().join('|'), 'all of them')
    for (const [i, name] of names.entries()) expectThat(same(await vault.get(name), bytes(i)), name)
    await held.release()
  },

  'takes commits in the order they are called, and shows each whole': async (host) => {
    const { vault, held } = await opened(host)
    const commits: Promise<void>[] = []
    const seen: Promise<readonly (readonly [string, Uint8Array])[]>[] = []
    for (let i = 0; i < 20; i++) {
      // Large and small in turn, so that one that overtook another would show.
      const length = i % 2 === 0 ? 100_000 : 1
      commits.push(vault.commit(changesOf({ a: bytesOf(i, length), b: bytes(i), [`only ${i}`]: bytes(i) })))
      seen.push(vault.entries(''))
    }
    await Promise.all(commits)
    for (const [i, entries] of (await Promise.all(seen)).entries()) {
      const values = new Map(entries)
      expectThat(values.size === i + 3, `after commit ${i} there are ${i + 3} values, not ${values.size}`)
      expectThat(same(values.get('a'), bytesOf(i, i % 2 === 0 ? 100_000 : 1)), `a is of commit ${i}`)
      expectThat(same(values.get('b'), bytes(i)), `and so is b`)
    }
    await held.release()
  },

  'keeps a value of a mebibyte, and none that is larger': async (host) => {
    const { vault, held } = await opened(host)
    const large = bytesOf(1, VAULT_VALUE_BYTES_MAX)
    await vault.commit(changesOf({ large }))
    await expectHolds(vault, { large })
    const tooLarge = new Uint8Array(VAULT_VALUE_BYTES_MAX + 1)
    await expectRefused('too-large', vault.commit(changesOf({ small: bytes(1), tooLarge })))
    await expectHolds(vault, { large })
    await held.release()
  },

  'refuses names and commits that are too large, and goes on': async (host) => {
    const { vault, held } = await opened(host)
    const longest = `${'é'.repeat(VAULT_NAME_BYTES_MAX >> 1)}x`
    const refused = vault.commit(changesOf({ [`${longest}x`]: bytes(1) }))
    const taken = vault.commit(changesOf({ [longest]: bytes(1) }))
    await expectRefused('too-large', refused)
    await taken
    const many = Math.ceil(VAULT_COMMIT_BYTES_MAX / VAULT_VALUE_BYTES_MAX)
    const value = new Uint8Array(VAULT_VALUE_BYTES_MAX)
    const all = Array.from({ length: many }, (_, i) => [`value ${i}`, value] as const)
    await expectRefused('too-large', vault.commit(new Map(all)))
    await expectHolds(vault, { [longest]: bytes(1) })
    await held.release()
  },

  'refuses more values than it may keep': async (host) => {
    const { vault, held } = await opened(host)
    const names = Array.from({ length: VAULT_ENTRIES_MAX }, (_, i) => `${i}`)
    await vault.commit(new Map(names.map((name) => [name, bytes(1)])))
    await expectRefused('too-large', vault.commit(changesOf({ 0: bytes(2), more: bytes(1) })))
    expectThat(same(await vault.get('0'), bytes(1)), 'and changes nothing')
    await vault.commit(changesOf({ 0: undefined, more: bytes(1), 1: bytes(3) }))
    await expectRefused('too-large', vault.commit(changesOf({ evenMore: bytes(1) })))
    await held.release()
    if (host.forget === undefined) return
    const again = await opened(host)
    await expectRefused('too-large', again.vault.commit(changesOf({ evenMore: bytes(1) })))
    await again.vault.commit(new Map(names.slice(0, 99).map((name) => [name, undefined])))
    await again.vault.commit(changesOf({ evenMore: bytes(1) }))
    await expectHolds(again.vault, { more: bytes(1) }, 'more')
    expectThat((await again.vault.entries('777')).length === 11, 'the others are there')
    await again.held.release()
  },

  'refuses more bytes than it may keep': async (host) => {
    const { vault, held } = await opened(host)
    const value = new Uint8Array(VAULT_VALUE_BYTES_MAX)
    const most = VAULT_BYTES_MAX / VAULT_VALUE_BYTES_MAX - 1 // What their names and seals take is of it too.
    for (let at = 0; at < most; at += 16) {
      const some = Array.from({ length: Math.min(16, most - at) }, (_, i) => [`${at + i}`, value] as const)
      await vault.commit(new Map(some))
    }
    const two = changesOf({ one: value, two: value })
    await expectRefused('too-large', vault.commit(two))
    expectThat((await vault.get('one')) === undefined, 'and keeps none of it')
    await vault.commit(new Map([...two, ['0', undefined], ['1', undefined]]))
    await vault.commit(changesOf({ 2: bytes(1), 3: undefined }))
    expectThat(same(await vault.get('two'), value), 'what was let in is there')
    await held.release()
  },

  'throws for what is neither a name nor a value': async (host) => {
    const { vault, held } = await opened(host)
    await expectRefused('TypeError', vault.commit(new Map([['a', 'text' as unknown as Uint8Array]])))
    await expectRefused('TypeError', vault.commit(new Map([[7 as unknown as string, bytes(1)]])))
    await expectRefused('TypeError', vault.commit(new Map([['half \ud83d', bytes(1)]])))
    await expectHolds(vault, {})
    await held.release()
  },

  'is closed when its identity is released, after what was under way': async (host) => {
    const { vault, held } = await opened(host)
    const committing = Array.from({ length: 5 }, (_, i) => vault.commit(changesOf({ [`${i}`]: bytes(i) })))
    const releasing = held.release()
    await expectRefused('closed', vault.commit(changesOf({ late: bytes(1) })))
    await Promise.all(committing)
    await releasing
    await held.release()
    await expectRefused('closed', vault.commit(changesOf({ late: bytes(1) })))
    await expectRefused('closed', vault.get('0'))
    await expectRefused('closed', vault.entries(''))
    await expectRefused('closed', held.vault())
    const unused = await host.open('bob')
    await unused.release()
    await expectRefused('closed', unused.vault())
    if (host.forget === undefined) return
    const again = await opened(host)
    await expectHolds(again.vault, Object.fromEntries([0, 1, 2, 3, 4].map((i) => [`${i}`, bytes(i)])))
    await again.held.release()
  },

  'is one, however often it is asked for': async (host) => {
    const held = await host.open('alice')
    const [one, other] = await Promise.all([held.vault(), held.vault()])
    await one.commit(changesOf({ a: bytes(1) }))
    await expectHolds(other, { a: bytes(1) })
    await held.release()
  },

  'is of one identity, and the other does not see it': async (host) => {
    const [alice, bob] = [await opened(host, 'alice'), await opened(host, 'bob')]
    await alice.vault.commit(changesOf({ a: bytes(1), b: bytes(2) }))
    await bob.vault.commit(changesOf({ b: bytes(3) }))
    await expectHolds(alice.vault, { a: bytes(1), b: bytes(2) })
    await expectHolds(bob.vault, { b: bytes(3) })
    await alice.held.release()
    await host.forget?.('alice')
    await expectHolds(bob.vault, { b: bytes(3) })
    await bob.held.release()
  },
}

/** Of those alone that are there after their holder is gone. */
export const KEPT_PROMISES: typeof VAULT_PROMISES = {
  'has everything when it is opened again': async (host) => {
    const expected: Record<string, Uint8Array> = {}
    for (let round = 0; round < 5; round++) {
      const { vault, held } = await opened(host)
      await expectHolds(vault, expected)
      const gone = Object.keys(expected)[0]
      const changes: Record<string, Uint8Array | undefined> = {
        [`of round ${round}`]: bytesOf(round, round * 50_000),
        'of every round': bytesOf(100 + round, 70),
        ...(gone === undefined ? {} : { [gone]: undefined }),
      }
      await vault.commit(changesOf(changes))
      if (gone !== undefined) delete expected[gone]
      for (const [name, value] of Object.entries(changes)) if (value !== undefined) expected[name] = value
      await expectHolds(vault, expected)
      await held.release()
    }
  },

  'is gone when its identity is forgotten': async (host) => {
    const { vault, held } = await opened(host)
    await vault.commit(changesOf({ a: bytes(1) }))
    await held.release()
    await host.forget?.('alice')
    const again = await opened(host)
    await expectHolds(again.vault, {})
    expectThat(again.vault.damaged === 0, 'nor is there anything that nobody can read any more')
    await again.held.release()
    await host.forget?.('alice')
  },
}
