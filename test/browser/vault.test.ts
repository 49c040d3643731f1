// Vaults in a real browser: what every vault promises (test/support/vault-suite.ts), asked in its pages; and what only
// IndexedDB can suffer: a script that writes into it, a disk that is full, a database taken away, a tab that dies.

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TestBrowser } from '../support/browser.ts'
import { pageScript } from '../support/page-script.ts'
import { KEPT_PROMISES, VAULT_PROMISES } from '../support/vault-suite.ts'

declare global {
  /** In these pages: the keeper of identities, and the suite. */
  var vaults: Pick<typeof import('../../client/identities/keeper.ts'), 'openKept' | 'forget'> &
    typeof import('../support/vault-suite.ts') &
    typeof import('../support/raw-database.ts')
  var held: import('../support/vault-suite.ts').Held
}

const SOURCE = `
export { openKept, forget } from './client/identities/keeper.ts'
export { bytesOf, changesOf, KEPT_PROMISES, VAULT_PROMISES } from './test/support/vault-suite.ts'
export { changeRaw, rawContents } from './test/support/raw-database.ts'`

let browser: TestBrowser
let script: string
const pages: Page[] = []

beforeAll(async () => {
  ;[browser, script] = await Promise.all([TestBrowser.launch(), pageScript('vaults', SOURCE)])
})
afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.context().close()))
})
afterAll(async () => {
  await browser?.close()
})

/** Of a browser of its own, or a tab beside another. */
async function page(beside?: Page): Promise<Page> {
  const made = beside === undefined ? await browser.page() : await browser.tabBeside(beside)
  pages.push(made)
  await made.evaluate(script)
  return made
}

/** Opens the identity and its vault, and keeps both; the code of what went wrong. */
const opens = (page: Page) =>
  page.evaluate(async () => {
    try {
      globalThis.held = await vaults.openKept('alice')
      await held.vault()
      return 'open'
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  })

/** Values as a number each, which says what bytes they are. */
const commits = (page: Page, changes: Record<string, number | null>, length = 10) =>
  page.evaluate(
    async ([changes, length]) => {
      const bytes = Object.entries(changes).map(
        ([name, seed]) => [name, seed === null ? undefined : vaults.bytesOf(seed, length)] as const,
      )
      const vault = await held.vault()
      return vault.commit(new Map(bytes)).then(
        () => 'done',
        (error: { code?: string }) => error.code ?? String(error),
      )
    },
    [changes, length] as const,
  )

const lists = (page: Page) =>
  page.evaluate(async () => {
    const vault = await held.vault()
    const entries = await vault.entries('')
    return { names: entries.map(([name]) => name), damaged: vault.damaged }
  })

const releases = (page: Page) => page.evaluate(() => held.release())

describe("a vault in a browser's IndexedDB", () => {
  it.each(Object.keys({ ...VAULT_PROMISES, ...KEPT_PROMISES }))('%s', async (promise) => {
    const tab = await page()
    await tab.evaluate(async (promise) => {
      const host = {
        open: (name: string) => vaults.openKept(name),
        forget: (name: string) => vaults.forget(undefined, name),
      }
      await { ...vaults.VAULT_PROMISES, ...vaults.KEPT_PROMISES }[promise]?.(host)
    }, promise)
  })

  it('outlives a reload, shows nothing of what is in it, and is gone when its identity is forgotten', async () => {
    const tab = await page()
    expect(await opens(tab)).toBe('open')
    expect(await commits(tab, { 'outbox/carol': 1, 'inbox/7': 2 })).toBe('done')
    await tab.reload()
    await tab.evaluate(script)
    await expect.poll(() => opens(tab)).toBe('open')
    expect(await lists(tab)).toEqual({ names: ['inbox/7', 'outbox/carol'], damaged: 0 })
    const kept = await tab.evaluate(async () => {
      const value = [...vaults.bytesOf(1, 10)].join(' ')
      return { value, everything: JSON.stringify(await vaults.rawContents('waypost vault alice')) }
    })
    expect(kept.everything.length).toBeGreaterThan(100)
    for (const word of ['carol', 'outbox', 'inbox', kept.value]) expect(kept.everything).not.toContain(word)
    await releases(tab)
    await tab.evaluate(() => vaults.forget(undefined, 'alice'))
    expect(await tab.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([
      'waypost identities',
    ])
  })

  it('leaves the database of identities as it was, for applications of an earlier version', async () => {
    const tab = await page()
    const before = await tab.evaluate(async () => {
      const { identity, store, release } = await vaults.openKept('alice')
      await store.set('ticket', vaults.bytesOf(1, 10))
      await release()
      return { id: identity.id as string, raw: await vaults.rawContents('waypost identities') }
    })
    expect(before.raw).toMatchObject({ version: 1, stores: { identities: [{}], values: [{}] } })
    await opens(tab)
    await commits(tab, { a: 1 })
    await releases(tab)
    const after = await tab.evaluate(async () => {
      const { identity, store, release } = await vaults.openKept('alice')
      const ticket = await store.get('ticket')
      await release()
      const kept = ticket?.join() === vaults.bytesOf(1, 10).join()
      return { id: identity.id as string, raw: await vaults.rawContents('waypost identities'), kept }
    })
    expect(after).toEqual({ ...before, kept: true })
  })

  it('costs nothing who never asks for it', async () => {
    const tab = await page()
    await tab.evaluate(async () => (await vaults.openKept('alice')).release())
    const names = await tab.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
    expect(names).toEqual(['waypost identities'])
  })
})

describe('a script that writes into it', () => {
  it.each<[string, number, (values: Map<string, unknown>, slots: string[]) => void]>([
    [
      'by exchanging two values has both of them skipped',
      2,
      (values, [one, other]) => {
        const first = values.get(one as string)
        values.set(one as string, values.get(other as string))
        values.set(other as string, first)
      },
    ],
    ['by putting something else has it skipped', 1, (values, [one]) => values.set(one as string, 'text')],
    ['by taking a value away has it skipped', 1, (values, [one]) => values.delete(one as string)],
    [
      'under slots of its own has them skipped',
      2,
      (values) => {
        values.set('nonsense', new Uint8Array(50))
        values.set('', 7)
      },
    ],
  ])('%s', async (_, damaged, change) => {
    const tab = await page()
    await opens(tab)
    await commits(tab, { a: 1, b: 2, c: 3 })
    await releases(tab)
    await tab.evaluate((change) => vaults.changeRaw('waypost vault alice', change), String(change))
    expect(await opens(tab)).toBe('open')
    const found = await lists(tab)
    expect(found.damaged).toBe(damaged)
    expect(found.names.length).toBe(change.length < 2 ? 3 : 3 - damaged)
    expect(await commits(tab, { a: 4, b: 5, c: 6 })).toBe('done')
    expect((await lists(tab)).names).toEqual(['a', 'b', 'c'])
  })
})

describe('a browser that', () => {
  it('has no room fails a commit, which changes nothing, and takes the next when it has room again', async () => {
    const tab = await page()
    const session = await tab.context().newCDPSession(tab)
    const origin = new URL(browser.url).origin
    // Before anything is written: Chromium remembers for a while how much room it found.
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 500_000 })
    await opens(tab)
    expect(await commits(tab, { a: 1, b: 2 })).toBe('done')
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${i}`, i]))
    expect(await commits(tab, { ...many, a: 3, b: null }, 60_000)).toBe('storage-failed')
    expect(await commits(tab, { a: 3, b: null, c: 4 }, 1_000_000)).toBe('storage-failed')
    expect(await lists(tab)).toEqual({ names: ['a', 'b'], damaged: 0 })
    expect(await commits(tab, { b: null })).toBe('done')
    await session.send('Storage.overrideQuotaForOrigin', { origin })
    expect(await commits(tab, many, 60_000)).toBe('done')
    await releases(tab)
    await opens(tab)
    expect(await lists(tab)).toEqual({ names: [...Object.keys(many), 'a'].sort(), damaged: 0 })
    expect(await tab.evaluate(async () => [...((await (await held.vault()).get('a')) ?? [])])).toEqual(
      await tab.evaluate(() => [...vaults.bytesOf(1, 10)]),
    )
  })

  it('will not open the database fails with that, and may be asked again', async () => {
    const tab = await page()
    await tab.evaluate(() => {
      const { open } = IDBFactory.prototype
      IDBFactory.prototype.open = function (this: IDBFactory, name: string, version?: number) {
        if (name.includes('vault')) throw new DOMException('not here', 'SecurityError')
        return open.call(this, name, version)
      }
      Object.assign(globalThis, { restore: () => Object.assign(IDBFactory.prototype, { open }) })
    })
    expect(await opens(tab)).toBe('storage-failed')
    await tab.evaluate('restore()')
    expect(await commits(tab, { a: 1 })).toBe('done')
  })

  it('clears the site is not held up, and what was open says so until it is opened again', async () => {
    const tab = await page()
    await opens(tab)
    await commits(tab, { a: 1 })
    const other = await page(tab)
    const cleared = await other.evaluate(
      () =>
        new Promise<string>((resolve) => {
          indexedDB.deleteDatabase('waypost vault alice').onsuccess = () => resolve('cleared')
        }),
    )
    expect(cleared).toBe('cleared')
    expect(await commits(tab, { b: 1 })).toBe('storage-failed')
    await releases(tab)
    await opens(tab)
    expect(await lists(tab)).toEqual({ names: [], damaged: 0 })
    expect(await commits(tab, { b: 1 })).toBe('done')
  })

  it('loses a tab that commits has what it said was kept, and all or nothing of the rest', async () => {
    let beside = await page()
    let said = 0
    for (let round = 0; round < 6; round++) {
      const tab = await page(beside)
      await expect.poll(() => opens(tab)).toBe('open')
      const found = await tab.evaluate(async () => {
        const entries = await (await held.vault()).entries('')
        return entries.map(([name, value]) => [name, new TextDecoder().decode(value)] as const)
      })
      const numbers = new Set(found.map(([, text]) => Number(text.split(' ')[0])))
      expect(found.length).toBe(said === 0 ? found.length : 10)
      expect(numbers.size).toBeLessThanOrEqual(1)
      const last = [...numbers][0] ?? 0
      expect(last).toBeGreaterThanOrEqual(said)
      tab.on('console', (message) => {
        if (message.text().startsWith('committed ')) said = Number(message.text().slice(10))
      })
      await tab.evaluate((last) => {
        void (async () => {
          const vault = await held.vault()
          for (let number = last + 1; ; number++) {
            const value = new TextEncoder().encode(`${number} ${'x'.repeat((number * 977) % 20_000)}`)
            await vault.commit(new Map(Array.from({ length: 10 }, (_, i) => [`${i}`, value])))
            console.log(`committed ${number}`)
          }
        })()
      }, last)
      await expect.poll(() => said, { interval: 5 }).toBeGreaterThan(last)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200))
      await browser.killPage(tab)
      beside = await page(beside)
    }
    expect(said).toBeGreaterThan(5)
  })
})
