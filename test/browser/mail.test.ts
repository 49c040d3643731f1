// Mail between real browsers that are never there together, and between those that are and then are not: tabs that are closed in
// the middle of sending, reloaded in the middle of receiving, crash, go offline, and have their mailbox taken by another device.

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MailStatus, Receipt, Waypost } from '../../client/index.ts'
import { TestBrowser } from '../support/browser.ts'
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

/** Comes back and hears exactly this: what is sent to it last says that nothing else is on its way. */
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
      await tab.context().setOffline(true)
      const next = await browser.tabBeside(tab).catch(() => undefined)
      expect(next).toBeUndefined() // Offline is offline.
      await begins(tab, bob.id, 'in haste')
      await new Promise((resolve) => setTimeout(resolve, ms))
      const context = tab.context()
      await tab.close()
      await context.setOffline(false)
      const again = await context.newPage()
      await again.goto(browser.url)
      await again.waitForFunction('globalThis.ready === true')
      await arrives(again)
      await expect.poll(async () => (await statusOf(again))?.outbox).toBe(0)
      await hears(bob.page, again, bob.id, ['in haste'])
    },
  )

  it('written offline leaves when there is a network, once', async () => {
    const [alice, bob] = [await browser.page(), await withMailbox()]
    await arrives(alice)
    await isOpen(alice)
    await alice.context().setOffline(true)
    await begins(alice, bob.id, 'from the train')
    await expect.poll(async () => (await statusOf(alice))?.outbox).toBe(1)
    await alice.context().setOffline(false)
    await expect.poll(async () => (await statusOf(alice))?.outbox).toBe(0)
    await hears(bob.page, alice, bob.id, ['from the train'])
  })
})
