// Mail between real browsers that are never there together, and between those that are and then are not: tabs that are closed in
// the middle of sending, reloaded in the middle of receiving, crash, go offline, and have their mailbox taken by another device.

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { MailStatus, Receipt, Via, Waypost } from '../../client/index.ts'
import { goesOffline, TestBrowser } from '../support/browser.ts'
import { LocalEdge } from '../support/local-edge.ts'

interface Mailed {
  readonly waypost: Waypost
  readonly heard: unknown[]
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

/** Connects as the identity of that name; what it hears goes into `mailed.heard`. Gives its id. */
function arrives(page: Page, { listens = true, room = '' } = {}): Promise<string> {
  return page.evaluate(
    async ([url, listens, room]) => {
      const waypost = await sdk.connect(url, { identity: 'me' })
      const heard: unknown[] = []
      const plain = (data: unknown) => (data instanceof Uint8Array ? data.length : data)
      if (listens) waypost.on('message', ({ data, via }) => void heard.push([plain(data), via]))
      Object.assign(globalThis, { mailed: { waypost, heard } })
      if (room !== '') await waypost.join(room)
      return waypost.id as string
    },
    [edge.url, listens, room] as const,
  )
}

const mailedIn = 'globalThis.mailed'
const leaves = (page: Page) => page.evaluate(`${mailedIn}.waypost.close()`)
const heardBy = (page: Page) => page.evaluate(`${mailedIn}.heard`) as Promise<unknown[]>
const textsOf = async (page: Page) => (await heardBy(page)).map((each) => (each as unknown[])[0])
const statusOf = (page: Page) =>
  page.evaluate(`${mailedIn}.waypost.status().mail`) as Promise<MailStatus | undefined>

/** Others can write to it. */
async function isOpen(page: Page): Promise<void> {
  await expect.poll(async () => (await statusOf(page))?.state).toBe('open')
}

async function reloads(page: Page): Promise<void> {
  await page.reload()
  await page.waitForFunction('globalThis.ready === true')
}

/** Closes a tab that is offline, and opens another with the network. */
async function reopened(tab: Page): Promise<Page> {
  const context = tab.context()
  await tab.close()
  await context.setOffline(false)
  const again = await context.newPage()
  await again.goto(browser.url)
  await again.waitForFunction('globalThis.ready === true')
  return again
}

function sends(page: Page, to: string, data: string | number): Promise<Receipt> {
  return page.evaluate(
    ([to, data]) => {
      const { waypost } = (globalThis as unknown as { mailed: Mailed }).mailed
      return waypost.send(to, typeof data === 'string' ? data : new Uint8Array(data))
    },
    [to, data] as const,
  )
}

/** Calls send() and waits for nothing. */
function begins(page: Page, to: string, text: string): Promise<void> {
  return page.evaluate(
    ([to, text]) => {
      const { waypost } = (globalThis as unknown as { mailed: Mailed }).mailed
      waypost.send(to, text).catch(() => {})
    },
    [to, text] as const,
  )
}

/** A page whose mailbox is open, and who has left again. */
async function withMailbox(): Promise<{ page: Page; id: string }> {
  const page = await browser.page()
  const id = await arrives(page)
  await isOpen(page)
  await leaves(page)
  return { page, id }
}

/** The way there is to the peer now. `undefined`: none is left, and the sender knows it. */
async function has(page: Page, way: Via | undefined, id: string): Promise<void> {
  const wayTo = (id: string) => {
    const { waypost } = (globalThis as unknown as { mailed: Mailed }).mailed
    return waypost.status().links.find(({ peer }) => peer === id)?.via
  }
  await expect.poll(() => page.evaluate(wayTo, id)).toBe(way)
}

/**
 * Comes back, into no room, and hears exactly this. What is sent to it last goes into its mailbox after whatever was sent to it
 * before, by whichever way that was tried: it says that nothing else is on its way.
 */
async function hears(page: Page, from: Page, id: string, texts: readonly unknown[]): Promise<void> {
  await arrives(page)
  await sends(from, id, 'the last')
  await expect.poll(() => textsOf(page)).toContain('the last')
  expect(await textsOf(page)).toEqual([...texts, 'the last'])
}

describe('two that are never there together', () => {
  it('hold a conversation', async () => {
    const [alice, bob] = [await browser.page(), await withMailbox()]
    const alices = await arrives(alice)
    expect(await sends(alice, bob.id, 'are you there?')).toMatchObject({ via: 'mailbox' })
    await isOpen(alice)
    await leaves(alice)
    await arrives(bob.page)
    await expect.poll(() => heardBy(bob.page)).toEqual([['are you there?', 'mailbox']])
    expect(await sends(bob.page, alices, 'I am')).toMatchObject({ via: 'mailbox' })
    expect(await sends(bob.page, alices, 300 * 1024)).toMatchObject({ via: 'mailbox' })
    await leaves(bob.page)
    await reloads(alice)
    await arrives(alice)
    await expect.poll(() => textsOf(alice)).toEqual(['I am', 300 * 1024])
  })
})

describe('a message', () => {
  // 0: send() was called, and the next thing that happened was the end of the page.
  it.each([0, 300])(
    'whose tab is closed %i ms after send() leaves when it is opened again, once',
    async (ms) => {
      const [tab, bob] = [await browser.page(), await withMailbox()]
      await arrives(tab)
      await isOpen(tab)
      await goesOffline(tab)
      const next = await browser.tabBeside(tab).catch(() => undefined)
      expect(next).toBeUndefined() // Offline is offline.
      await begins(tab, bob.id, 'in haste')
      await new Promise((resolve) => setTimeout(resolve, ms))
      const again = await reopened(tab)
      await arrives(again)
      await expect.poll(async () => (await statusOf(again))?.outbox).toBe(0)
      await hears(bob.page, again, bob.id, ['in haste'])
    },
  )

  it('written offline leaves when there is a network, once', async () => {
    const [alice, bob] = [await browser.page(), await withMailbox()]
    await arrives(alice)
    await isOpen(alice)
    await goesOffline(alice)
    await begins(alice, bob.id, 'from the train')
    await expect.poll(async () => (await statusOf(alice))?.outbox).toBe(1)
    await alice.context().setOffline(false)
    await expect.poll(async () => (await statusOf(alice))?.outbox).toBe(0)
    await hears(bob.page, alice, bob.id, ['from the train'])
  })
})

describe('a page that starts without a network, as one that was here before', () => {
  /** Loaded, and has not connected: what a service worker, say, gave it. */
  async function startsOffline(
    text: string,
  ): Promise<{ tab: Page; bob: Awaited<ReturnType<typeof withMailbox>> }> {
    const [alice, bob] = [await withMailbox(), await withMailbox()]
    await reloads(alice.page)
    await goesOffline(alice.page)
    expect(await arrives(alice.page)).toBe(alice.id)
    const started = await alice.page.evaluate(`${mailedIn}.waypost.status().bootstrap.state`)
    expect(started).toBe('kept')
    await begins(alice.page, bob.id, text)
    await expect.poll(async () => (await statusOf(alice.page))?.outbox).toBe(1)
    return { tab: alice.page, bob }
  }

  it('writes what leaves when there is one, once', async () => {
    const { tab, bob } = await startsOffline('from the train')
    await tab.context().setOffline(false)
    await expect.poll(async () => (await statusOf(tab))?.outbox).toBe(0)
    await isOpen(tab)
    const answered = () => tab.evaluate(`${mailedIn}.waypost.status().bootstrap.state`)
    await expect.poll(answered, { timeout: 40_000 }).toBe('answered')
    await hears(bob.page, tab, bob.id, ['from the train'])
  })

  it('and is closed: what it wrote leaves from the next that has one, once', async () => {
    const { tab, bob } = await startsOffline('from the tunnel')
    const again = await reopened(tab)
    await arrives(again)
    await expect.poll(async () => (await statusOf(again))?.outbox).toBe(0)
    await hears(bob.page, again, bob.id, ['from the tunnel'])
  })
})

describe('a page that is reloaded in the middle of receiving', () => {
  it('hears fifty messages each once, and in order', async () => {
    const [alice, bob] = [await browser.page(), await withMailbox()]
    await arrives(alice)
    const texts = Array.from({ length: 50 }, (_, i) => `number ${i}`)
    await Promise.all(texts.map((text) => sends(alice, bob.id, text)))
    // What was heard before a reload is kept where a reload does not reach.
    const heard: unknown[] = []
    await bob.page.exposeFunction('tell', (text: unknown) => void heard.push(text))
    const arrivesTelling = () =>
      bob.page.evaluate(async (url) => {
        const waypost = await sdk.connect(url, { identity: 'me' })
        const { tell } = globalThis as unknown as { tell(text: unknown): Promise<void> }
        let last: Promise<void> = Promise.resolve()
        // Done with each when it is told, one after another.
        waypost.on('message', ({ data }) => {
          last = last.then(() => tell(data))
          return last
        })
      }, edge.url)
    await arrivesTelling()
    await expect.poll(() => heard.length, { interval: 1 }).toBeGreaterThan(0)
    await reloads(bob.page)
    await arrivesTelling()
    await expect.poll(() => heard.at(-1)).toBe('number 49')
    // Those it was not done with come again; nothing that it was done with does, and none is missing.
    const again = heard.filter((text, i) => heard.indexOf(text) < i)
    expect(heard.filter((text, i) => heard.indexOf(text) === i)).toEqual(texts)
    expect(again.length).toBeLessThanOrEqual(49)
    const second = heard.slice(heard.lastIndexOf(again[0] ?? 'number 49'))
    expect(second).toEqual(texts.slice(texts.indexOf(second[0] as string)))
  })
})

describe('a peer on a link', () => {
  it('that crashes or is reloaded hears what was sent to it once in each life, and never twice', async () => {
    const [alice, bob] = [await browser.page(), await withMailbox()]
    await arrives(alice, { room: 'crash' })
    await arrives(bob.page, { room: 'crash' })
    await alice.waitForFunction((id) => {
      const { waypost } = (globalThis as unknown as { mailed: Mailed }).mailed
      return waypost.status().links.some((link) => link.peer === id)
    }, bob.id)
    expect((await sends(alice, bob.id, 'by link')).via).not.toBe('mailbox')
    expect(await textsOf(bob.page)).toEqual(['by link'])
    await reloads(bob.page)
    // By mail, which is kept as it is heard. What comes by a link may be heard again by a tab that crashes at once.
    await has(alice, undefined, bob.id)
    await begins(alice, bob.id, 'to nobody')
    await arrives(bob.page, { room: 'crash' })
    await expect.poll(() => heardBy(bob.page)).toEqual([['to nobody', 'mailbox']])
    await browser.killPage(bob.page)
    await begins(alice, bob.id, 'to a dead tab')
    const tab = await browser.tabBeside(bob.page)
    await hears(tab, alice, bob.id, ['to a dead tab'])
  })

  it('that crashed in the middle of a direct connection hears in order what went into it and what came after', async () => {
    const [alice, bob] = [await browser.page(), await withMailbox()]
    await arrives(alice, { room: 'direct' })
    await arrives(bob.page, { room: 'direct' })
    await has(alice, 'direct', bob.id)
    await browser.killPage(bob.page)
    // The connection does not know yet that nobody is there; when it does, the next is not to overtake these.
    await begins(alice, bob.id, 'to a dead tab')
    await begins(alice, bob.id, 'and another')
    await has(alice, undefined, bob.id)
    const tab = await browser.tabBeside(bob.page)
    await hears(tab, alice, bob.id, ['to a dead tab', 'and another'])
  })
})

describe('a second device', () => {
  it('takes the mailbox over; the first says so, and does not fight', async () => {
    const [phone, desk, alice] = [await browser.page(), await browser.page(), await browser.page()]
    const backup = await phone.evaluate(async () => {
      await sdk.identities.create('me')
      return sdk.identities.export('me', 'correct horse')
    })
    await desk.evaluate(async (backup) => {
      await sdk.identities.import('me', backup, 'correct horse')
    }, backup)
    const id = await arrives(phone)
    await isOpen(phone)
    expect(await arrives(desk)).toBe(id)
    await isOpen(desk)
    await expect.poll(async () => (await statusOf(phone))?.state).toBe('superseded')
    await arrives(alice)
    await sends(alice, id, 'to whoever you are')
    await expect.poll(() => textsOf(desk)).toEqual(['to whoever you are'])
    expect([(await statusOf(phone))?.state, (await statusOf(desk))?.state]).toEqual(['superseded', 'open'])
    expect(await textsOf(phone)).toEqual([])
  })
})
