// The doctor's page in a real browser on a real edge: what it says of networks that let everything through, or not UDP, or no
// WebRTC, and whether everybody can read it. STUN servers are real and answer as behind the NAT a test wants.

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { controlsOf, faintTexts, tabOrder } from '../support/accessibility.ts'
import { TestBrowser } from '../support/browser.ts'
import { DevelopmentEdge } from '../support/development-edge.ts'
import { type Mapping, StunServer } from '../support/stun-server.ts'
import { findTurnServer, TURN_SECRET, TurnServer } from '../support/turn-server.ts'

const lacking = findTurnServer() === undefined ? ' (not run: there is no turnserver on this machine)' : ''

let edge: DevelopmentEdge
let turn: TurnServer | undefined
let browser: TestBrowser
let stun: StunServer[] = []
let pages: Page[] = []

beforeAll(async () => {
  turn = lacking === '' ? await TurnServer.start() : undefined
  const vars = turn === undefined ? {} : { TURN_URLS: turn.url, TURN_SECRET }
  ;[edge, browser] = await Promise.all([
    DevelopmentEdge.start({ ICE_SERVERS: '[]', ...vars }),
    TestBrowser.launch(),
  ])
})
afterEach(async () => {
  await Promise.all([...pages.map(leave), ...stun.map((server) => server.stop())])
  pages = []
  stun = []
})
afterAll(async () => {
  await browser?.close()
  await Promise.all([edge?.stop(), turn?.stop()])
})

/** Closes a page that may just be asking for something: who answers it here then has nobody to answer, which is no failure. */
async function leave(page: Page): Promise<void> {
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.context().close()
}

interface Patient {
  /** What STUN servers there are, and what each of them says. */
  readonly servers?: readonly (Mapping | 'silent' | undefined)[]
  /** Whether the edge says that it has TURN. */
  readonly turn?: boolean
  /** Runs in the page before its own scripts. */
  readonly before?: () => void
}

/** Opens the doctor's page, and waits until it has looked. */
async function examine({ servers = [], turn: withTurn = false, before }: Patient): Promise<Page> {
  const page = await browser.emptyPage()
  pages.push(page)
  if (before !== undefined) await page.addInitScript(before)
  stun = await Promise.all(servers.map((mapping) => StunServer.start(mapping)))
  const iceServers = stun.map(({ url }) => ({ urls: url }))
  await page.route('**/v1/bootstrap*', async (route) => {
    const response = await route.fetch()
    const { turn: _, ...body } = await response.json()
    await route.fulfill({ response, json: { ...body, iceServers, ...(withTurn && { turn: true }) } })
  })
  await page.goto(`${edge.url}/#doctor`)
  await done(page)
  return page
}

const done = (page: Page) => page.locator('#findings[aria-busy="false"]').waitFor({ timeout: 60_000 })

async function finding(page: Page, id: string): Promise<{ state: string | null; text: string }> {
  const row = page.locator(`.finding[data-id="${id}"]`)
  const text = (await row.textContent()) ?? ''
  return { state: await row.getAttribute('data-state'), text: text.replace(/\s+/g, ' ').trim() }
}

const ids = (page: Page) =>
  page.locator('.finding').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id')))

describe('the doctor', () => {
  it('says what is well of a browser that nothing is in the way of', async () => {
    const same = { address: '203.0.113.7', port: 40_000 }
    const page = await examine({ servers: [same, same] })
    const seen = 'edge socket pass webrtc udp nat turn clock crypto storage policy'.split(' ')
    expect(await ids(page)).toEqual(seen)
    const trouble: string[] = []
    for (const id of seen) {
      const { state, text } = await finding(page, id)
      // Chromium of this machine may lack some of the cryptography; all else is as it should be.
      if (state !== 'ok' && id !== 'crypto') trouble.push(`${id} ${text}`)
    }
    expect(trouble).toEqual([])
    expect((await finding(page, 'edge')).text).toMatch(/Fine.*Answers in [<\d]+ ms/)
    expect((await finding(page, 'socket')).text).toMatch(/Opens in [<\d]+ ms; a round trip takes [<\d]+ ms/)
    expect((await finding(page, 'nat')).text).toContain('one door for all')
    expect((await finding(page, 'turn')).text).toContain('This edge has none')
    expect(await page.locator('#verdict').textContent()).toMatch(/^This browser connects/)
  })

  it('tells a NAT that shows each server another port', async () => {
    const servers = [40_000, 40_001].map((port) => ({ address: '203.0.113.7', port }))
    const page = await examine({ servers })
    expect(await finding(page, 'udp')).toMatchObject({ state: 'ok' })
    const { state, text } = await finding(page, 'nat')
    expect([state, text]).toEqual(['warn', expect.stringContaining('symmetric')])
    expect(await finding(page, 'turn')).toMatchObject({ state: 'warn' })
  })

  it('does not guess of which kind a NAT is from one answer', async () => {
    const one = await examine({ servers: [{ address: '203.0.113.7', port: 40_000 }] })
    expect((await finding(one, 'nat')).text).toContain('only two STUN servers')
  })

  it('says that UDP is blocked where no STUN server answers', async () => {
    const page = await examine({ servers: ['silent', 'silent'] })
    expect(stun.map(({ asked }) => asked > 0)).toEqual([true, true])
    const { state, text } = await finding(page, 'udp')
    expect([state, text]).toEqual(['bad', expect.stringContaining('UDP does not get out')])
    expect(await finding(page, 'nat')).toMatchObject({ state: 'warn' })
    expect(await finding(page, 'webrtc')).toMatchObject({ state: 'ok' })
    expect(await page.locator('#verdict').textContent()).toContain('with trouble')
  })

  it('says that WebRTC is switched off, and asks nothing of it then', async () => {
    const page = await examine({
      servers: [undefined],
      before: () => {
        Reflect.deleteProperty(globalThis, 'RTCPeerConnection')
      },
    })
    const { state, text } = await finding(page, 'webrtc')
    expect([state, text]).toEqual(['bad', expect.stringContaining('no link can be direct')])
    expect(await ids(page)).not.toContain('udp')
    expect(await finding(page, 'socket')).toMatchObject({ state: 'ok' })
    expect(stun[0]?.asked).toBe(0)
  })

  it('says that sockets are blocked, that the clock is wrong, and that nothing is kept', async () => {
    const page = await examine({
      before: () => {
        globalThis.WebSocket = class extends WebSocket {
          constructor(_url: string | URL, protocols?: string | string[]) {
            super('ws://127.0.0.1:1/', protocols)
          }
        }
        const now = Date.now.bind(Date)
        Date.now = () => now() + 3_600_000
        Object.defineProperty(globalThis, 'indexedDB', { value: undefined })
      },
    })
    expect(await finding(page, 'socket')).toMatchObject({ state: 'bad' })
    const { state, text } = await finding(page, 'clock')
    expect([state, text]).toEqual(['bad', expect.stringMatching(/1 h 0 min ahead|59 min \d+ s ahead/)])
    expect(await finding(page, 'storage')).toMatchObject({ state: 'warn' })
    expect(await page.locator('#verdict').textContent()).toContain('cannot connect')
  })

  it('says that the edge does not answer', async () => {
    const page = await examine({})
    await page.route('**/v1/**', (route) => route.abort())
    await page.getByRole('button', { name: 'Look again' }).click()
    await page.locator('#findings[aria-busy="true"]').waitFor()
    await done(page)
    const { state, text } = await finding(page, 'edge')
    expect([state, text]).toEqual(['bad', expect.stringContaining('Does not answer.')])
    expect(await finding(page, 'pass')).toMatchObject({ state: 'bad' })
    // What only the edge can say is not said of it.
    expect((await finding(page, 'udp')).text).toContain('Cannot be looked at')
    expect(await ids(page)).not.toContain('turn')
  })

  it('says that the edge answers and refuses, and in which words', async () => {
    const page = await examine({})
    const error = { code: 'misconfigured', message: 'TURN_URLS is set, and TURN_SECRET is not' }
    await page.route('**/v1/bootstrap*', (route) => route.fulfill({ status: 500, json: { error } }))
    await page.getByRole('button', { name: 'Look again' }).click()
    await page.locator('#findings[aria-busy="true"]').waitFor()
    await done(page)
    const { state, text } = await finding(page, 'edge')
    expect([state, text]).toEqual(['bad', expect.stringContaining(`The edge refused: ${error.message}.`)])
    expect(text).toContain('whoever runs the edge must look')
    expect(await page.locator('#verdict').textContent()).toContain('which does not serve it')
  })

  it('gives a report that can be sent to somebody: no secret, no whole address', async () => {
    const servers = [{ address: '203.0.113.7', port: 40_000 }]
    const page = await examine({ servers })
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Copy report' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    const report = await page.evaluate(() => navigator.clipboard.readText())
    expect(report).toContain('[ok] UDP')
    expect(report).toContain('203.0.x.x')
    expect(report).toContain(`edge 127.0.0.1:${edge.port}`)
    const all = `${report} ${await page.locator('body').textContent()}`
    expect(all).not.toContain('203.0.113.7')
    expect(all).not.toMatch(/[\w-]{60,}/) // A pass, a key.
  })

  it.skipIf(lacking !== '')(`sends itself a message through TURN${lacking}`, async () => {
    const page = await examine({ turn: true })
    const { state, text } = await finding(page, 'turn')
    expect([state, text]).toEqual(['ok', expect.stringMatching(/carried a message .* in \d+ ms/)])
    expect(await page.locator('body').textContent()).not.toContain(TURN_SECRET)
  })

  it('says that TURN credentials are refused', async () => {
    const page = await browser.emptyPage()
    pages.push(page)
    await page.route('**/v1/bootstrap*', async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, json: { ...(await response.json()), turn: true } })
    })
    const error = { code: 'turn-unavailable', message: 'the TURN service does not answer; try again' }
    await page.route('**/v1/turn*', (route) => route.fulfill({ status: 503, json: { error } }))
    await page.goto(`${edge.url}/#doctor`)
    await done(page)
    const { state, text } = await finding(page, 'turn')
    expect([state, text]).toEqual(['bad', expect.stringContaining(error.message)])
  })
})

describe('everybody', () => {
  it.each(['light', 'dark'] as const)('can read it in a %s scheme', async (colorScheme) => {
    const page = await examine({ servers: ['silent'] })
    await page.emulateMedia({ colorScheme })
    await page.locator('#report-details summary').click()
    expect(await faintTexts(page, 4.5)).toEqual([])
  })

  it('can use it by keyboard and hears what its controls are', async () => {
    const page = await examine({})
    expect((await controlsOf(page)).filter(({ name }) => name === '')).toEqual([])
    const { present, reached, unmarked } = await tabOrder(page)
    expect(present.length).toBeGreaterThanOrEqual(4)
    expect([reached, unmarked]).toEqual([present, []])
  })

  it('finds it from the dashboard, and the way back; on a phone nothing is cut off', async () => {
    const page = await examine({})
    await page.setViewportSize({ width: 360, height: 740 })
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(await overflow()).toBeLessThanOrEqual(0)
    await page.getByRole('link', { name: 'Try it' }).click()
    await page.locator('#room-pill').waitFor()
    expect(await overflow()).toBeLessThanOrEqual(0)
    await page.getByRole('link', { name: 'Doctor', exact: true }).click()
    await page.locator('#findings').waitFor()
  })
})
