// The dashboard in real browsers on a real edge: two tabs find each other and talk, the edge's health shows, and the page
// is usable on a phone, by keyboard, in both colour schemes.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { controlsOf, faintTexts, tabOrder } from '../support/accessibility.ts'
import { TestBrowser } from '../support/browser.ts'
import { DashboardPage } from '../support/dashboard-page.ts'
import { DevelopmentEdge } from '../support/development-edge.ts'

let edge: DevelopmentEdge
let browser: TestBrowser
let rooms = 0
let opened: DashboardPage[] = []

beforeAll(async () => {
  ;[edge, browser] = await Promise.all([DevelopmentEdge.start(), TestBrowser.launch()])
})
afterEach(async () => {
  const complaints = opened.flatMap((tab) => tab.complaints)
  await Promise.all(opened.map((tab) => tab.page.context().close()))
  opened = []
  expect(complaints).toEqual([])
})
afterAll(async () => {
  await browser?.close()
  await edge?.stop()
})

async function open(room: string): Promise<DashboardPage> {
  const tab = await DashboardPage.open(browser, edge, room)
  opened.push(tab)
  return tab
}

/** Two tabs that see each other, and the name each shows for the other. */
async function pair(): Promise<{ a: DashboardPage; b: DashboardPage; nameA: string; nameB: string }> {
  const room = `dashboard ${++rooms}`
  const [a, b] = await Promise.all([open(room), open(room)])
  await Promise.all([a.renames('Alice'), b.renames('Bob')])
  await Promise.all([a.sees('Bob'), b.sees('Alice')])
  return { a, b, nameA: 'Alice', nameB: 'Bob' }
}

describe('two tabs of the dashboard', () => {
  it('find each other by nothing but the link, each with a name drawn for it', async () => {
    const first = await open(`dashboard ${++rooms}`)
    await first.find('#peers-empty').waitFor()
    const [page] = await Promise.all([
      first.page.context().waitForEvent('page'),
      first.find('#another-tab').click(),
    ])
    const second = await DashboardPage.of(page)
    await Promise.all([first.sees(await second.name()), second.sees(await first.name())])
    expect(await first.name()).toMatch(/^\p{Lu}\p{L}+ \p{Lu}\p{L}+$/u)
    expect(await first.find('#peers-count').textContent()).toBe('1')
    expect(second.page.url()).toBe(first.page.url())
  })

  it('become directly connected, and show how long a message takes', async () => {
    const { a, b } = await pair()
    await Promise.all([a.reaches('Bob', 'direct'), b.reaches('Alice', 'direct')])
    await a.row('Bob').getByText('Direct connection open', { exact: true }).waitFor()
    await a
      .row('Bob')
      .getByText(/^[<\d]+ ms$/)
      .waitFor()
    await a
      .find('#events')
      .getByText(/ is connected directly$/)
      .waitFor()
  })

  it('talk to everybody, and to one with a receipt', async () => {
    const { a, b } = await pair()
    await Promise.all([a.reaches('Bob', 'direct'), b.reaches('Alice', 'direct')])
    await a.says('to all who are here')
    const all = await b.hears('to all who are here')
    expect(await all.locator('.who').textContent()).toMatch(/^Alice …\w{6} to everybody /)
    const sent = await a.writes('Bob', 'to you alone')
    await sent.getByText(/^delivered · direct · [<\d]+ ms$/).waitFor()
    const one = await b.hears('to you alone')
    expect(await one.locator('.who').textContent()).toMatch(/^Alice …\w{6} to you /)
  })

  it('show another name at once, and the text of others as nothing but text', async () => {
    const { a, b } = await pair()
    const markup = '<img src=x onerror=alert(1)>'
    await b.renames(`  ${markup}\u202e `)
    await a.sees(markup)
    await b.says(`<b>${markup}</b>`)
    const line = await a.hears(`<b>${markup}</b>`)
    expect(await line.locator('b, img').count()).toBe(0)
    expect(await a.find('.peers img, .chat img, .events img').count()).toBe(0)
  })

  it('stay on the relay when one of them wants so, and say why', async () => {
    const { a, b } = await pair()
    await a.find('#relay-only').check()
    await a.joined()
    await Promise.all([a.sees('Bob'), b.reaches('Alice', 'relay')])
    await a.row('Bob').getByText('No direct connection: you chose relay only').waitFor()
    await b.row('Alice').getByText('No direct connection: it wants relay only').waitFor()
    const sent = await b.writes('Alice', 'by the relay')
    await sent.getByText(/^delivered · relay · [<\d]+ ms$/).waitFor()
  })

  it('see a closed tab go, and send nothing meant for it to anybody else', async () => {
    const { a, b } = await pair()
    await a.writes('Bob', 'only for Bob')
    await b.page.close()
    await a.seesNo('Bob')
    await a.find('#events').getByText('Bob left').waitFor()
    const chosen = a.find('#to option:checked')
    expect(await chosen.textContent()).toMatch(/^Bob …\w{6}, who left$/)
    await a.says('to everybody again')
    expect(await a.find('#to option').allTextContents()).toEqual(['Everybody'])
  })

  it('do not meet those of another room', async () => {
    const { a, b } = await pair()
    await b.find('#room').fill('somewhere / else')
    await b.find('#room').press('Enter')
    await a.seesNo('Bob')
    await b.joined()
    await b.find('#room-title').getByText('somewhere / else').waitFor()
    expect(await b.find('.peer').count()).toBe(0)
  })
})

describe('a room that cannot be joined', () => {
  it('says why, keeps within the page, and is left for another', async () => {
    const tab = await open(`dashboard ${++rooms}`)
    await tab.page.evaluate(() => {
      location.hash = `\u202e${'x'.repeat(200)}`
    })
    await tab.find('#room-pill').getByText('Not in the room').waitFor()
    expect(await tab.find('#room-why').textContent()).toMatch(/^Join: not a room's name: .{1,100}…\.$/)
    expect(await tab.find('#room-name').textContent()).toBe(`${'x'.repeat(47)}…`)
    await tab.page.setViewportSize({ width: 360, height: 740 })
    expect(await tab.page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
    await tab.find('#join-again').click()
    await tab.find('#room-pill').getByText('Not in the room').waitFor()
    await tab.find('#room').fill(`dashboard ${++rooms}`)
    await tab.find('#room').press('Enter')
    await tab.joined()
  })
})

describe('this edge', () => {
  it('is shown with its version, the latency of its objects, ICE servers and limits', async () => {
    const tab = await open(`dashboard ${++rooms}`)
    await tab.edgeIs(/^Edge up · [<\d,]+ ms$/)
    const facts = tab.find('#edge-facts')
    await facts.getByText('NetworkRegistry').waitFor()
    expect(await facts.getByText(/^answers in [<\d]+ ms$/).count()).toBe(4)
    await facts.getByText('stun:stun.cloudflare.com:3478').waitFor()
    await tab.find('summary').getByText('Limits').click()
    await tab.find('#edge-limits').getByText('100/s, 200 at once').waitFor()
  })

  it('is shown as gone when it goes and as back when it comes, while direct messages go on', async () => {
    const { a, b } = await pair()
    await Promise.all([a.reaches('Bob', 'direct'), b.reaches('Alice', 'direct')])
    await edge.kill()
    await a.edgeIs(/^Edge not reachable$/)
    await a.find('#room-pill').getByText('Reconnecting…').waitFor()
    const sent = await a.writes('Bob', 'without an edge')
    await sent.getByText(/^delivered · direct/).waitFor()
    const waiting = await b.says('for when it is back')
    await waiting.getByText('goes out when the room is back').waitFor()
    await edge.up()
    await a.edgeIs(/^Edge up/)
    await a
      .find('#events')
      .getByText(/^The edge is back, after /)
      .waitFor()
    await Promise.all([a.joined(), b.joined(), a.sees('Bob'), b.sees('Alice')])
    await waiting.getByText('sent · relay').waitFor()
  })
})

describe('the page', () => {
  it('fits a phone, whatever others call themselves', async () => {
    const { a, b } = await pair()
    await a.page.setViewportSize({ width: 360, height: 740 })
    await b.renames('WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW')
    await b.says('W'.repeat(900))
    await a.hears('W'.repeat(900))
    await a.find('summary').getByText('Join from your own code').click()
    const widths = await a.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
    expect(widths).toEqual([360, 360])
  })

  it('does not move when peers and messages arrive', async () => {
    const room = `dashboard ${++rooms}`
    const a = await open(room)
    await a.edgeIs(/^Edge up/)
    await a.page.evaluate(() => {
      const moved: number[] = []
      Object.assign(globalThis, { moved })
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
          moved.push((entry as PerformanceEntry & { value: number }).value)
      }).observe({ type: 'layout-shift' })
    })
    const b = await open(room)
    await a.reaches(await b.name(), 'direct')
    await b.says('does anything move?')
    await a.hears('does anything move?')
    const moved = await a.page.evaluate(() => (globalThis as unknown as { moved: number[] }).moved)
    expect(moved.reduce((sum, value) => sum + value, 0)).toBeLessThan(0.01)
  })

  it('names every control, and is reached by the Tab key in the order it is read, visibly', async () => {
    const { a } = await pair()
    await a.find('#to').selectOption({ index: 1 })
    const controls = await controlsOf(a.page)
    expect(controls.length).toBeGreaterThan(12)
    expect(controls.filter(({ name }) => name.trim() === '')).toEqual([])
    expect(controls).toContainEqual({ role: 'button', name: 'Write to Bob' })
    const { present, reached, unmarked } = await tabOrder(a.page)
    expect(reached).toEqual(present)
    expect(unmarked).toEqual([])
  })

  it('says arrivals and messages to those who listen', async () => {
    const { a, b } = await pair()
    const heard = a.find('#announcer[aria-live="polite"]')
    await b.says('can you hear me')
    await heard.getByText('Bob to everybody: can you hear me').waitFor()
    await b.page.close()
    await heard.getByText('Bob left').waitFor()
  })

  it.each(['light', 'dark'] as const)(
    'is legible in the %s scheme, whatever it shows',
    async (colorScheme) => {
      const { a, b } = await pair()
      await a.page.emulateMedia({ colorScheme })
      await b.says('from them')
      await a.hears('from them')
      await a.writes('Bob', 'from me')
      for (const tone of ['good', 'relay', 'bad', 'quiet']) {
        await a.page.evaluate((tone) => {
          for (const element of document.querySelectorAll<HTMLElement>('[data-tone]'))
            element.dataset.tone = tone
          for (const details of document.querySelectorAll('details')) details.open = true
        }, tone)
        expect(await faintTexts(a.page, 4.5), tone).toEqual([])
      }
    },
  )
})
