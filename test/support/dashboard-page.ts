// The dashboard in one tab, as somebody who uses it sees it: tests say what they do and what they wait to see.

import type { Locator, Page } from 'playwright-core'
import type { TestBrowser } from './browser.ts'
import type { DevelopmentEdge } from './development-edge.ts'

export class DashboardPage {
  readonly page: Page
  /** What the browser complained of: a refused script, style or connection, a failure nobody caught. */
  readonly complaints: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => {
      // An edge that is down is no fault of the page; anything else it says is.
      if (message.type() === 'error' && !/ERR_CONNECTION|WebSocket connection/.test(message.text()))
        this.complaints.push(message.text())
    })
  }

  /** In a browser profile of its own, or beside another tab. */
  static async open(browser: TestBrowser, edge: DevelopmentEdge, room: string): Promise<DashboardPage> {
    const tab = new DashboardPage(await browser.emptyPage())
    await tab.page.goto(`${edge.url}/#try/${encodeURIComponent(room)}`)
    await tab.joined()
    return tab
  }

  static async of(page: Page): Promise<DashboardPage> {
    const tab = new DashboardPage(page)
    await tab.joined()
    return tab
  }

  find(selector: string): Locator {
    return this.page.locator(selector)
  }

  async joined(): Promise<void> {
    await this.find('#room-pill')
      .and(this.page.getByText('Joined', { exact: true }))
      // A request that a development server loses while it starts is given up after 20 s, and made again.
      .waitFor({ timeout: 60_000 })
  }

  name(): Promise<string> {
    return this.find('#name').inputValue()
  }

  async renames(name: string): Promise<void> {
    await this.find('#name').fill(name)
    await this.find('#name').press('Enter')
  }

  row(name: string): Locator {
    return this.find('.peer').filter({ has: this.page.locator('.name').getByText(name, { exact: true }) })
  }

  async sees(name: string): Promise<void> {
    await this.row(name).waitFor()
  }

  async seesNo(name: string): Promise<void> {
    await this.row(name).waitFor({ state: 'detached' })
  }

  async reaches(name: string, via: 'direct' | 'relay'): Promise<void> {
    await this.row(name).locator('.badge').getByText(via, { exact: true }).waitFor()
  }

  /** To everybody; gives the message's line. */
  async says(text: string): Promise<Locator> {
    await this.find('#to').selectOption('')
    return this.#send(text)
  }

  /** To one; gives the message's line. */
  async writes(name: string, text: string): Promise<Locator> {
    await this.row(name).getByRole('button').click()
    return this.#send(text)
  }

  async hears(text: string): Promise<Locator> {
    const line = this.find('.message').filter({
      has: this.page.locator('.text').getByText(text, { exact: true }),
    })
    await line.waitFor()
    return line
  }

  async edgeIs(words: RegExp): Promise<void> {
    await this.find('#edge-pill').filter({ hasText: words }).waitFor()
  }

  #send(text: string): Promise<Locator> {
    return this.find('#text')
      .fill(text)
      .then(() => this.find('#text').press('Enter'))
      .then(() => this.hears(text))
  }
}
