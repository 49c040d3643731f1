// Real Chromium pages that hold the SDK, for tests. Each peer is a page in a context of its own, so in a renderer process
// of its own, as different people's browsers are.

import { createServer, type Server } from 'node:http'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type * as Sdk from '../../client/index.ts'
import { browserBundle, PUBLISHED_FILES } from '../../scripts/bundle.ts'
import { findBrowser } from '../../scripts/find-browser.mjs'
import { bundled } from './bundles.ts'
import { cheapPlacesBundled } from './cheap-places.ts'

declare global {
  /** In test pages: the SDK, and whatever a test keeps there between steps. */
  var sdk: typeof Sdk
}

const pageOf = (sdk: string, ahead = '') => `<!doctype html><meta charset="utf-8"><title>test page</title>
<script type="module">${ahead}import * as sdk from './${sdk}'; globalThis.sdk = sdk; globalThis.ready = true</script>`
const PAGE = pageOf('sdk.js')
/** As the README has it for pages that connect at once. */
const PUBLISHED_PAGE = pageOf('waypost.min.js', "import './waypost.keys.js'; import './waypost.direct.js'; ")

/**
 * Each window's address bar is pages of its own in newer Chromiums, which start before ours does and cost a second of a core; and a
 * process is kept ready for a next page of each, which there is not: a tenth of what a page costs. This switch is in place of playwright's own, of which the last ones here are what matters to pages on loopback.
 */
const FEATURES_OFF = [
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'AimEnabled',
  'SpareRendererForSitePerProcess',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
]

export interface BrowserOptions {
  /** Chromium may use no candidate but a TURN server's, and there is none: as on a network that lets nothing through. */
  readonly webrtcBlocked?: boolean
  /** The SDK in several files and without readable names, as the package has it for pages. */
  readonly asPublished?: boolean
  /** Its pages work a moment for their places in the mesh, not a second each: where places are not what is tested. */
  readonly cheapPlaces?: boolean
}

/** A Chromium, and a server that gives its pages the SDK. */
export class TestBrowser {
  readonly #browser: Browser
  readonly #server: Server
  readonly #url: string
  readonly #options: BrowserOptions

  private constructor(browser: Browser, server: Server, url: string, options: BrowserOptions) {
    this.#options = options
    this.#browser = browser
    this.#server = server
    this.#url = url
  }

  static async launch(options: BrowserOptions = {}): Promise<TestBrowser> {
    const { server, url } = await serveSdk(options)
    const browser = await chromium.launch({
      executablePath: await browserPath(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        `--disable-features=${FEATURES_OFF.join(',')}`,
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--allow-loopback-in-peer-connection',
      ],
    })
    return new TestBrowser(browser, server, url, options)
  }

  /** A page with the SDK in `sdk`, in a renderer of its own. */
  async page(): Promise<Page> {
    return this.#open(await this.#context())
  }

  /** A page in a renderer of its own that has gone nowhere yet. */
  async emptyPage(): Promise<Page> {
    return (await this.#context()).newPage()
  }

  /** Another tab of the same person's browser: it shares what the origin keeps. */
  async tabBeside(page: Page): Promise<Page> {
    return this.#open(page.context())
  }

  /** Where the pages are. */
  get url(): string {
    return this.#url
  }

  async #context(): Promise<BrowserContext> {
    const context = await this.#browser.newContext()
    if (this.#options.webrtcBlocked) await context.addInitScript(blockWebrtc)
    return context
  }

  async #open(context: BrowserContext): Promise<Page> {
    const page = await context.newPage()
    page.on('pageerror', (error) => process.stderr.write(`page error: ${error.stack ?? error.message}\n`))
    await page.goto(this.#url)
    await page.waitForFunction('globalThis.ready === true')
    return page
  }

  /** The renderer dies as in a crash: no event runs, no socket is closed by the page. */
  async killPage(page: Page): Promise<void> {
    const session = await page.context().newCDPSession(page)
    const crashed = new Promise((resolve) => page.once('crash', resolve))
    session.send('Page.crash').catch(() => {})
    await crashed
  }

  /** Every process of the browser stops where it is, as on a laptop whose lid was closed. Gives the way to open it again. */
  async sleep(): Promise<() => void> {
    const processes = await this.#processes()
    for (const { id } of processes) process.kill(id, 'SIGSTOP')
    return () => {
      for (const { id } of processes) process.kill(id, 'SIGCONT')
    }
  }

  /** The processes that hold pages. */
  async renderers(): Promise<number[]> {
    return (await this.#processes()).filter(({ type }) => type === 'renderer').map(({ id }) => id)
  }

  /**
   * Closes all pages, as between two tests that share none: what stays open pings, dials and paints under those that come after, which
   * was most of what long files cost.
   */
  async closePages(): Promise<void> {
    await Promise.all(
      this.#browser.contexts().map(async (context) => {
        // Who may just be asking a route of the test's is not answered any more. A page that crashed has nobody to tell.
        const pages = context
          .pages()
          .map((page) => page.unrouteAll({ behavior: 'ignoreErrors' }).catch(() => {}))
        await Promise.all(pages)
        await context.close()
      }),
    )
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #processes(): Promise<readonly { readonly type: string; readonly id: number }[]> {
    const session = await this.#browser.newBrowserCDPSession()
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    return processInfo
  }
}

/** Until its browser lets nothing through: that says so before the process that is to do it has heard of it. */
export async function goesOffline(page: Page): Promise<void> {
  await page.context().setOffline(true)
  await page.waitForFunction(() =>
    fetch(location.href, { cache: 'no-store' }).then(
      () => false,
      () => true,
    ),
  )
}

/** Runs in the page, before anything else. */
function blockWebrtc(): void {
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super({ ...configuration, iceTransportPolicy: 'relay' })
    }
  }
}

/** As scripts/build.ts makes the files of `waypost/min`. */
const published = () => bundled({ ...browserBundle, entryPoints: PUBLISHED_FILES })

/** What identities keep for links is no part of the API: tests reach it by a script of its own. */
async function readable(cheapPlaces: boolean): Promise<ReadonlyMap<string, string>> {
  const ones = { 'sdk.js': 'client/index.ts', 'keeper.js': 'client/identities/keeper.ts' }
  const plugins = cheapPlaces ? [cheapPlacesBundled] : []
  const made = Object.entries(ones).map(async ([name, entry]) => {
    const files = await bundled({
      entryPoints: [entry],
      bundle: true,
      format: 'esm',
      target: 'es2022',
      plugins,
    })
    const [script = ''] = files.values()
    return [name, script] as const
  })
  return new Map(await Promise.all(made))
}

async function serveSdk(options: BrowserOptions): Promise<{ server: Server; url: string }> {
  const { asPublished = false, cheapPlaces = false } = options
  const scripts = await (asPublished ? published() : readable(cheapPlaces))
  const server = createServer((request, response) => {
    const script = scripts.get((request.url ?? '').slice(1))
    response.setHeader('Content-Type', script === undefined ? 'text/html' : 'text/javascript')
    response.end(script ?? (asPublished ? PUBLISHED_PAGE : PAGE))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return { server, url: `http://127.0.0.1:${address.port}/` }
}

async function browserPath(): Promise<string> {
  const path = await findBrowser()
  if (path === undefined) throw new Error('no Chromium here: `npm test` installs one')
  return path
}
