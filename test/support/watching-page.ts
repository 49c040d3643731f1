// The dashboard's pages about a network, as somebody sees them who watches or administers one.

import type { Locator, Page } from 'playwright-core'
import type { TestBrowser } from './browser.ts'

// A refusal that a test provokes is told by the browser as well as by the page; an edge that is away is no fault of the page.
const EXPECTED =
  /the server responded with a status of (401|403|404|501)|ERR_CONNECTION|ERR_EMPTY|ERR_ABORTED/

export class WatchingPage {
  readonly page: Page
  /** What the browser complained of: a refused script or style, a failure nobody caught. */
  readonly complaints: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) this.complaints.push(message.text())
    })
  }

  static async open(browser: TestBrowser, edge: string, address: string): Promise<WatchingPage> {
    const tab = new WatchingPage(await browser.emptyPage())
    await tab.page.setViewportSize({ width: 1280, height: 900 })
    await tab.page.goto(edge === '' ? address : `${edge}/${address}`)
    return tab
  }

  find(selector: string): Locator {
    return this.page.locator(selector)
  }

  /** The graph stands still. */
  async settled(): Promise<void> {
    await this.find('canvas.graph[data-settled="true"]').waitFor({ timeout: 60_000 })
  }

  async says(selector: string, words: string | RegExp): Promise<void> {
    await this.find(selector).filter({ hasText: words }).waitFor({ timeout: 30_000 })
  }

  async givesToken(token: string): Promise<void> {
    await this.find('#admin-token').fill(token)
    await this.find('#admin-token').press('Enter')
  }

  async close(): Promise<void> {
    await this.page.context().close()
  }
}
