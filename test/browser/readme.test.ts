// The README's ten lines, run as they stand in two real browsers; only the edge's address is another.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { root } from '../../scripts/paths.ts'
import { goesOffline, TestBrowser } from '../support/browser.ts'
import { LocalEdge } from '../support/local-edge.ts'

declare global {
  var waypost: import('../../client/index.ts').Waypost
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

const MEETING = /```js\n(import \{ connect \}[\s\S]*?)```/
const IDENTITY = /```js\n(import \{ connect, identities \}[\s\S]*?)```/
const DHT = /## What everybody may find[\s\S]*?```js\n([\s\S]*?)```/
const readme = readFileSync(join(root, 'README.md'), 'utf8')

function example(which: RegExp): string {
  const [, code] = which.exec(readme) ?? []
  if (code === undefined) throw new Error('the README has no example')
  expect(code).toContain("from 'waypost'")
  expect(code).toContain('http://localhost:8787')
  return code.replace("from 'waypost'", "from './sdk.js'").replace('http://localhost:8787', edge.url)
}

/** Runs it as a module of the page; gives the lines it logs, as they come, and one more at its end. */
async function run(page: Page, which = MEETING): Promise<string[]> {
  const lines: string[] = []
  // What the browser itself has to say, of a socket closed before it was open, say, is no line of the example's.
  page.on('console', (message) => message.type() === 'log' && lines.push(message.text()))
  await page.addScriptTag({ type: 'module', content: `${example(which)}\nconsole.log('the end')` })
  return lines
}

it('the example of the README does what it says', async () => {
  const [first, second, watching] = await Promise.all([browser.page(), browser.page(), browser.page()])
  const firstSaw = await run(first)
  // The first must be in before the second comes: a look from a third page tells, and is itself welcomed.
  await expect.poll(() => peersSeenFrom(watching), { timeout: 20_000 }).toBe(1)
  await watching.close()
  const secondSaw = await run(second)
  const some = (lines: string[], what: RegExp) =>
    expect.poll(() => lines.some((line) => what.test(line)), { timeout: 20_000 }).toBe(true)
  await some(firstSaw, /says to all hello$/)
  await some(firstSaw, /^delivered (relay|direct)$/)
  await some(secondSaw, /says .*welcome.* (relay|direct)$/i)
})

it('the mail of the README reaches a peer that is away', async () => {
  const [, code = ''] = /## Peers who are away[\s\S]*?```js\n([\s\S]*?)```/.exec(readme) ?? []
  const here = (text: string) =>
    text.replace("from 'waypost'", "from './sdk.js'").replace('http://localhost:8787', edge.url)
  const [alice, bob] = [await browser.page(), await browser.page()]
  const opens = async (url: string) => {
    const waypost = await sdk.connect(url, { identity: 'bob' })
    Object.assign(globalThis, { waypost })
    return waypost.id
  }
  const id = await bob.evaluate(opens, edge.url)
  await bob.waitForFunction(() => globalThis.waypost.status().mail?.state === 'open')
  await bob.evaluate(() => globalThis.waypost.close())
  const saw: string[] = []
  alice.on('console', (message) => message.type() === 'log' && saw.push(message.text()))
  await alice.addScriptTag({ type: 'module', content: here(code).replace('send(bob,', `send('${id}',`) })
  await expect.poll(() => saw, { timeout: 20_000 }).toContain('handed over mailbox')
  const heard = bob.evaluate(async (url) => {
    const waypost = await sdk.connect(url, { identity: 'bob' })
    return new Promise((resolve) => waypost.on('message', ({ data, via }) => resolve([data, via])))
  }, edge.url)
  expect(await heard).toEqual(['see you tomorrow', 'mailbox'])
  await expect.poll(() => saw.join(' '), { timeout: 20_000 }).toMatch(/is (delivered|read)/)

  // The same in a page that starts without a network, and is given one then.
  await alice.reload()
  await alice.waitForFunction('globalThis.ready === true')
  await goesOffline(alice)
  saw.length = 0
  const started = `${here(code.replace('const receipt', "console.log('started')\n$&")).replace('send(bob,', `send('${id}',`)}`
  await alice.addScriptTag({ type: 'module', content: started })
  await expect.poll(() => saw, { timeout: 20_000 }).toContain('started')
  expect(saw).not.toContain('handed over mailbox')
  await alice.context().setOffline(false)
  await expect.poll(() => saw, { timeout: 20_000 }).toContain('handed over mailbox')
})

it('what the README puts in the DHT is found there', async () => {
  const page = await browser.page()
  const lines = await run(page, DHT)
  await expect.poll(() => lines, { timeout: 20_000 }).toEqual(['hello, whoever reads this', 'the end'])
})

/** The part about streams, between two pages: handler and opener as they stand. */
it('the streams of the README do what it says', async () => {
  const [, code = ''] = /## Streams[\s\S]*?```js\n([\s\S]*?)```/.exec(readme) ?? []
  const [handler, opener] = code.split('\n\n')
  if (handler === undefined || opener === undefined) throw new Error('the README shows no streams')
  const enter = `import { connect } from './sdk.js'
    const waypost = await connect('${edge.url}', { network: 'streams' })
    const room = await waypost.join('lobby')\n`
  const [serving, asking] = [await browser.page(), await browser.page()]
  await serving.addScriptTag({ type: 'module', content: `${enter}${handler}\nglobalThis.serving = true` })
  await serving.waitForFunction('globalThis.serving === true')
  const saw: string[] = []
  asking.on('console', (message) => saw.push(message.text()))
  const content = `${enter}const [peer] = room.peers.values()\n${opener}`
  await asking.addScriptTag({ type: 'module', content })
  await expect.poll(() => saw, { timeout: 20_000 }).toContain('HELLO, STREAMS')
})

function peersSeenFrom(page: Page): Promise<number> {
  return page.evaluate(async (url) => {
    const waypost = await sdk.connect(url, { network: 'demo' })
    const { size } = (await waypost.join('lobby')).peers
    await waypost.close()
    return size
  }, edge.url)
}

it('the example of identities is the same peer each time, though it was forgotten and brought back', async () => {
  const page = await browser.page()
  const said: string[] = []
  for (let i = 0; i < 2; i++) {
    const lines = await run(page, IDENTITY)
    await expect.poll(() => lines.at(-1), { timeout: 20_000 }).toBe('the end')
    said.push(...lines.slice(0, -1))
    await page.reload()
    await page.waitForFunction('globalThis.ready === true')
  }
  expect(said).toHaveLength(2)
  expect(said[0]).toMatch(/^I am b[a-z2-7]{55}$/)
  expect(said[1]).toBe(said[0])
})
