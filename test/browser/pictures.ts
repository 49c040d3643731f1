// The pictures in the README, taken of the built dashboard in a real browser: always of the same network, at the same time of a day
// that never was, so that only a changed page changes them. `npm run screenshots` writes them into docs/images.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { TestBrowser } from '../support/browser.ts'
import { LargeNetwork } from '../support/large-network.ts'
import { WatchingPage } from '../support/watching-page.ts'

export const PICTURES = ['network.png', 'history.png', 'administration.png'] as const

const AT_MS = Date.UTC(2026, 10, 22, 9, 30)
const SIZE = { width: 1_030, height: 840 }

/** Each picture is of a page as it is after what was done on it. */
const TAKEN: Readonly<Record<(typeof PICTURES)[number], (tab: WatchingPage, url: string) => Promise<void>>> =
  {
    'network.png': async (tab, url) => {
      await tab.page.goto(`${url}/#network`)
      await tab.settled()
      await tab.says('#network-freshness', 'Live')
      await tab.find('#peer-search').fill('chess')
      await tab.find('#peer-search').press('Enter')
      await tab.says('.details', 'Links')
    },
    'history.png': async (tab, url) => {
      await tab.page.goto(`${url}/#network`)
      await tab.settled()
      await tab.find('.charts-panel canvas').nth(5).waitFor()
    },
    'administration.png': async (tab, url) => {
      await tab.page.setViewportSize({ ...SIZE, height: 800 })
      await tab.page.goto(`${url}/#admin`)
      await tab.givesToken('shown-to-nobody')
      await tab.says('#audit-rows', 'Put on the blacklist')
    },
  }

/** What was built must be there: dist/dashboard. */
export async function takePictures(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const [browser, network] = await Promise.all([
    TestBrowser.launch(),
    LargeNetwork.start({ peers: 110, rooms: 9, links: 240, atMs: AT_MS, events: true }),
  ])
  try {
    for (const name of PICTURES) {
      const tab = await WatchingPage.open(browser, '', 'about:blank')
      await asOnThatDay(tab)
      await TAKEN[name](tab, network.url)
      // Nothing blinks or glows, whoever takes it.
      await tab.page.evaluate(() => {
        ;(document.activeElement as HTMLElement | null)?.blur()
        window.scrollTo(0, 0)
      })
      await unvarying(tab)
      const part = name === 'history.png' ? tab.find('.charts-panel') : tab.page
      await part.screenshot({ path: join(folder, name), animations: 'disabled', caret: 'hide' })
      await tab.close()
    }
  } finally {
    await Promise.all([browser.close(), network.stop()])
  }
}

/** Which port the server was given, and how long an answer took, differ each time and mean nothing in a picture. */
async function unvarying({ page }: WatchingPage): Promise<void> {
  await page.locator('#edge-pill').filter({ hasText: 'Edge up' }).waitFor()
  await page.evaluate(() => {
    for (const [id, text] of [
      ['host', 'waypost.example'],
      ['edge-pill', 'Edge up · 24 ms'],
    ] as const) {
      const element = document.getElementById(id)
      if (element !== null) element.textContent = text
    }
  })
}

async function asOnThatDay({ page }: WatchingPage): Promise<void> {
  await page.setViewportSize(SIZE)
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  const session = await page.context().newCDPSession(page)
  await session.send('Emulation.setTimezoneOverride', { timezoneId: 'UTC' })
  await page.clock.setFixedTime(AT_MS)
}
