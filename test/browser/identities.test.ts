// Identities in a real browser: kept over reloads, used by one tab at a time, carried to another browser, and forgotten.
// And what IndexedDB then holds, looked at as any script of the page could.

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { chooseSuite } from '../../protocol/crypto/choose.ts'
import { identityFromSeed, seedsOf } from '../../protocol/crypto/identity.ts'
import { makeBackup } from '../../protocol/crypto/keeping/backup.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { TestBrowser } from '../support/browser.ts'
import { LocalEdge } from '../support/local-edge.ts'

declare global {
  /** In the page of the test that asks for it. */
  var keeper: typeof import('../../client/identities/keeper.ts')
}

let edge: LocalEdge
let browser: TestBrowser

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([LocalEdge.start(), TestBrowser.launch()])
})
afterEach(() => browser?.closePages())
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

/** Connects as this identity and keeps the Waypost; gives its id, or the code of what went wrong. */
function connects(page: Page, identity: string | { name: string; passphrase?: string }): Promise<string> {
  return page.evaluate(
    async ([url, identity]) => {
      try {
        const waypost = await sdk.connect(url, { identity })
        Object.assign(globalThis, { waypost })
        return waypost.id
      } catch (error) {
        if (error instanceof sdk.WaypostError) return error.code
        throw error
      }
    },
    [edge.url, identity] as const,
  )
}

async function reloads(page: Page): Promise<void> {
  await page.reload()
  await page.waitForFunction('globalThis.ready === true')
}

/** The result, or the code of the WaypostError. */
function identitiesOf(page: Page, call: string, ...args: readonly unknown[]): Promise<unknown> {
  return page.evaluate(
    async ([call, args]) => {
      try {
        const calls = sdk.identities as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
        return await calls[call as string]?.(...(args as unknown[]))
      } catch (error) {
        if (error instanceof sdk.WaypostError) return error.code
        throw error
      }
    },
    [call, args] as const,
  )
}

/** Everything in every database of the origin: bytes as hexadecimal, keys as what may be done with them. */
function everythingKept(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const said: string[] = []
    const asked = <Result>(request: IDBRequest<Result>) =>
      new Promise<Result>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const say = async (value: unknown): Promise<void> => {
      if (value instanceof CryptoKey) {
        const taken = await crypto.subtle.exportKey('raw', value).then(
          () => 'can be taken out',
          (error: DOMException) => error.name,
        )
        said.push(`key ${value.type} ${value.algorithm.name} ${value.extractable} ${taken}`)
      } else if (value instanceof Uint8Array) {
        said.push([...value].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
      } else if (typeof value === 'object' && value !== null) {
        for (const each of Object.values(value)) await say(each)
      } else said.push(String(value))
    }
    for (const { name } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name as string))
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store)
        const [keys, values] = await Promise.all([asked(objects.getAllKeys()), asked(objects.getAll())])
        for (const each of [...keys, ...values]) await say(each)
      }
      database.close()
    }
    return said
  })
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('an identity', () => {
  it('is the same after a reload, for those who meet it too', async () => {
    const [alice, bob] = await Promise.all([browser.page(), browser.page()])
    const id = await connects(alice, 'alice')
    expect(id).toMatch(/^b[a-z2-7]{55}$/)
    const meets = (page: Page) =>
      page.evaluate(async () => {
        const { waypost } = globalThis as unknown as { waypost: import('../../client/index.ts').Waypost }
        const room = await waypost.join('identities')
        return [...room.peers.keys()] as string[]
      })
    await meets(alice)
    await reloads(alice)
    expect(await connects(alice, 'alice')).toBe(id)
    await meets(alice)
    await connects(bob, 'bob')
    expect(await meets(bob)).toContain(id)
    expect(await identitiesOf(alice, 'list')).toEqual([{ name: 'alice', id, locked: false }])
  })

  it('is at hand at once after each of many reloads, though the page never closed it', async () => {
    const page = await browser.page()
    const id = await connects(page, 'alice')
    for (let i = 0; i < 10; i++) {
      await reloads(page)
      expect(await connects(page, 'alice')).toBe(id)
    }
  })

  it('is not what two tabs get that ask for none', async () => {
    const one = await browser.page()
    const two = await browser.tabBeside(one)
    const idOf = (page: Page) => page.evaluate(async (url) => (await sdk.connect(url)).id, edge.url)
    expect(await idOf(one)).not.toBe(await idOf(two))
    expect(await everythingKept(one)).toEqual([])
  })
})

describe('two tabs', () => {
  it.each<[string, (page: Page) => Promise<void>]>([
    ['closes its Waypost', (page) => page.evaluate('waypost.close()')],
    ['is closed', (page) => page.close()],
    ['crashes', (page) => browser.killPage(page)],
    ['goes elsewhere', async (page) => void (await page.goto('about:blank'))],
  ])('do not have one identity: the second gets it when the first %s', async (_, ends) => {
    const one = await browser.page()
    const two = await browser.tabBeside(one)
    const id = await connects(one, 'alice')
    const beganMs = performance.now()
    expect(await connects(two, 'alice')).toBe('identity-in-use')
    expect(performance.now() - beganMs).toBeLessThan(5_000)
    expect(await connects(two, 'bob')).not.toBe(id)
    await two.evaluate('waypost.close()')
    await ends(one)
    await expect.poll(() => connects(two, 'alice'), { timeout: 10_000 }).toBe(id)
  })

  it('do not have one identity, nor does one tab twice, and one that failed to connect has none', async () => {
    const page = await browser.page()
    const failing = page.evaluate(() =>
      sdk.connect('http://127.0.0.1:9', { identity: 'alice', timeoutMs: 200 }).catch(({ code }) => code),
    )
    expect(await failing).toBe('edge-unreachable')
    const id = await connects(page, 'alice')
    expect(id).toMatch(/^b/)
    expect(await connects(page, 'alice')).toBe('identity-in-use')
  })

  it('cannot forget what the other uses; then it is gone, and so is all of it', async () => {
    const one = await browser.page()
    const two = await browser.tabBeside(one)
    const id = await connects(one, 'alice')
    expect(await identitiesOf(two, 'forget', 'alice')).toBe('identity-in-use')
    await one.evaluate('waypost.close()')
    await identitiesOf(two, 'forget', 'alice')
    expect(await everythingKept(one)).toEqual([])
    expect(await identitiesOf(two, 'forget', 'alice')).toBe('identity-unknown')
    expect(await connects(one, 'alice')).not.toBe(id)
  })
})

describe('a backup', () => {
  it('carries an identity into another browser', async () => {
    const [here, there] = await Promise.all([browser.page(), browser.page()])
    const id = await connects(here, 'alice')
    const backup = await identitiesOf(here, 'export', 'alice', 'correct horse')
    expect(await identitiesOf(there, 'id', 'alice')).toBe('identity-unknown')
    expect(await identitiesOf(there, 'import', 'alice', backup, 'wrong horse')).toBe('wrong-passphrase')
    expect(await identitiesOf(there, 'import', 'alice', `${backup}x`, 'correct horse')).toBe('backup-damaged')
    expect(await identitiesOf(there, 'import', 'alice', backup, 'correct horse')).toEqual({
      name: 'alice',
      id,
      locked: false,
    })
    expect(await identitiesOf(there, 'import', 'alice', backup, 'correct horse')).toBe('identity-taken')
    expect(await connects(there, 'alice')).toBe(id)
  })
})

describe('IndexedDB', () => {
  const ROOT = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1)

  it.each([undefined, 'correct horse'])(
    'holds a key nobody can take out, and no seed (lock: %s)',
    async (lock) => {
      const subtle = crypto.subtle as unknown as Subtle
      const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))
      const suite = await chooseSuite({ subtle, random })
      const backup = await makeBackup({ subtle, suite }, ROOT, 'p')
      const seeds = await seedsOf(suite.hash, ROOT)
      const id = (await identityFromSeed(suite, seeds.identity)).id

      const page = await browser.page()
      const imported = await identitiesOf(page, 'import', 'alice', backup, 'p', lock && { lock })
      expect(imported).toMatchObject({ name: 'alice' })
      const identity = lock === undefined ? 'alice' : { name: 'alice', passphrase: lock }
      expect(await connects(page, identity)).toBe(peerIdText(id))
      const kept = await everythingKept(page)
      expect(kept).toContain('key secret AES-GCM false InvalidAccessError')
      expect(kept.filter((each) => each.startsWith('key '))).toHaveLength(1)
      // It would be found: the id is.
      expect(kept.join(' ')).toContain(hex(id))
      for (const secret of [ROOT, ...Object.values(seeds)]) {
        expect(kept.join(' ')).not.toContain(hex(secret).slice(0, 16))
        expect(kept.join(' ')).not.toContain(hex(secret).slice(-16))
      }
    },
  )

  it('gives nothing without the passphrase of a locked one', async () => {
    const page = await browser.page()
    const made = (await identitiesOf(page, 'create', 'alice', { passphrase: 'correct horse' })) as {
      id: string
    }
    expect(await connects(page, 'alice')).toBe('identity-locked')
    expect(await connects(page, { name: 'alice', passphrase: 'wrong' })).toBe('wrong-passphrase')
    expect(await connects(page, { name: 'alice', passphrase: 'correct horse' })).toBe(made.id)
  })

  it('keeps what links put beside it over a reload, unreadable, until it is forgotten', async () => {
    const page = await browser.page()
    const store = async (act: 'set' | 'get') => {
      const content = `import * as keeper from './keeper.js'; globalThis.keeper = keeper`
      await page.addScriptTag({ type: 'module', content })
      await page.waitForFunction('globalThis.keeper !== undefined')
      return page.evaluate(async (act) => {
        const { store, release } = await keeper.openKept('alice')
        if (act === 'set') await store.set('ticket of carol', new TextEncoder().encode('a value'))
        const value = await store.get('ticket of carol')
        await release()
        return value && new TextDecoder().decode(value)
      }, act)
    }
    expect(await store('get')).toBeUndefined()
    expect(await store('set')).toBe('a value')
    await reloads(page)
    expect(await store('get')).toBe('a value')
    const kept = (await everythingKept(page)).join(' ')
    expect(kept).not.toContain('carol')
    expect(kept).not.toContain(hex(new TextEncoder().encode('a value')))
    await identitiesOf(page, 'forget', 'alice')
    expect(await everythingKept(page)).toEqual([])
    expect(await store('get')).toBeUndefined()
  })

  it('whose record was changed is a damaged identity', async () => {
    const page = await browser.page()
    await identitiesOf(page, 'create', 'alice')
    const change = (how: string) =>
      page.evaluate(async (how) => {
        const database = await new Promise<IDBDatabase>((resolve) => {
          const request = indexedDB.open('waypost identities')
          request.onsuccess = () => resolve(request.result)
        })
        const store = database.transaction('identities', 'readwrite').objectStore('identities')
        await new Promise<void>((resolve) => {
          const reading = store.get('alice')
          reading.onsuccess = () => {
            const kept = reading.result
            if (how === 'a bit') kept.sealed[20] ^= 1
            store.put(how === 'a bit' ? kept : 7, 'alice').onsuccess = () => resolve()
          }
        })
        database.close()
      }, how)
    await change('a bit')
    expect(await connects(page, 'alice')).toBe('identity-damaged')
    await change('all of it')
    expect(await connects(page, 'alice')).toBe('identity-damaged')
    expect(await identitiesOf(page, 'list')).toEqual([{ name: 'alice', id: undefined, locked: false }])
    await identitiesOf(page, 'forget', 'alice')
    expect(await connects(page, 'alice')).toMatch(/^b/)
  })
})

describe('where something is missing', () => {
  const bootstrap = { version: { software: '1', wire: WIRE_VERSION }, network: 'default', iceServers: [] }

  /** On plain http from an address that is not this machine's own, as far as the browser knows. */
  async function onPlainHttp(page: Page): Promise<void> {
    await page.route('http://plain.test/**', async (route) => {
      const { pathname } = new URL(route.request().url())
      if (pathname === '/v1/bootstrap') return route.fulfill({ json: bootstrap })
      return route.fulfill({ response: await route.fetch({ url: new URL(pathname, browser.url).href }) })
    })
    await page.goto('http://plain.test/')
    await page.waitForFunction('globalThis.ready === true')
  }

  const tries = (page: Page) =>
    page.evaluate(async () => {
      const edge = new URL('/', location.href)
      const failing = await sdk.connect(edge, { identity: 'alice' }).catch((error: unknown) => error)
      const [code, message] =
        failing instanceof sdk.WaypostError ? [failing.code, failing.message] : ['none', String(failing)]
      const listing = await sdk.identities.list().catch((error) => error.code as string)
      const { id } = await sdk.connect(edge)
      return { code, message, listing, id: id as string }
    })

  it('a page without crypto.subtle is told so, and is somebody all the same for now', async () => {
    const page = await browser.page()
    await onPlainHttp(page)
    expect(await page.evaluate(() => isSecureContext)).toBe(false)
    expect(await tries(page)).toEqual({
      code: 'unsupported',
      message: expect.stringContaining('crypto.subtle'),
      listing: 'unsupported',
      id: expect.stringMatching(/^b/),
    })
  })

  it.each<[string, string, string]>([
    ['no IndexedDB', 'IndexedDB', `Object.defineProperty(globalThis, 'indexedDB', { value: undefined })`],
    [
      'an IndexedDB that is closed to it',
      'IndexedDB',
      `IDBFactory.prototype.open = () => { throw new DOMException('not here', 'SecurityError') }`,
    ],
    ['no Web Locks', 'navigator.locks', `Object.defineProperty(navigator, 'locks', { value: undefined })`],
  ])('a page with %s too', async (_, named, without) => {
    const page = await browser.page()
    await page.route('**/v1/bootstrap*', (route) => route.fulfill({ json: bootstrap }))
    await page.evaluate(without)
    expect(await tries(page)).toEqual({
      code: 'unsupported',
      message: expect.stringContaining(named),
      listing: 'unsupported',
      id: expect.stringMatching(/^b/),
    })
  })
})
