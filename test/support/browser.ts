// Real Chromium pages that hold the SDK, for tests. Each peer is a page in a context of its own, so in a renderer process
// of its own, as different people's browsers are.

import { createServer, type Server } from 'node:http'
import { build } from 'esbuild'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type * as Sdk from '../../client/index.ts'
import { findBrowser } from '../../scripts/find-browser.mjs'
import { root } from '../../scripts/paths.ts'

declare global {
  /** In test pages: the SDK, and whatever a test keeps there between steps. */
  var sdk: typeof Sdk
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>test page</title>
<script type="module">import * as sdk from './sdk.js'; globalThis.sdk = sdk; globalThis.ready = true</script>`

export interface BrowserOptions {
  /** Chromium may use no candidate but a TURN server's, and there is none: as on a network that lets nothing through. */
  readonly webrtcBlocked?: boolean
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
    const { server, url } = await serveSdk()
    const browser = await chromium.launch({
      executablePath: await browserPath(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
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
    const context: BrowserContext = await this.#browser.newContext()
    if (this.#options.webrtcBlocked) await context.addInitScript(blockWebrtc)
    return this.#open(context)
  }

  /** Another tab of the same person's browser: it shares what the origin keeps. */
  async tabBeside(page: Page): Promise<Page> {
    return this.#open(page.context())
  }

  /** Where the pages are. */
  get url(): string {
    return this.#url
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
    const session = await this.#browser.newBrowserCDPSession()
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    for (const { id } of processInfo) process.kill(id, 'SIGSTOP')
    return () => {
      for (const { id } of processInfo) process.kill(id, 'SIGCONT')
    }
  }

  /** The processes that hold pages. */
  async renderers(): Promise<number[]> {
    const session = await this.#browser.newBrowserCDPSession()
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** Runs in the page, before anything else. */
function blockWebrtc(): void {
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super({ ...configuration, iceTransportPolicy: 'relay' })
    }
  }
}

async function bundled(entry: string): Promise<string> {
  const bundle = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  })
  return bundle.outputFiles[0]?.text ?? ''
}

async function serveSdk(): Promise<{ server: Server; url: string }> {
  // What identities keep for links is no part of the API: tests reach it by a script of its own.
  const [sdk, keeper] = await Promise.all([
    bundled('client/index.ts'),
    bundled('client/identities/keeper.ts'),
  ])
  const scripts = new Map([
    ['/sdk.js', sdk],
    ['/keeper.js', keeper],
  ])
  const server = createServer((request, response) => {
    const script = scripts.get(request.url ?? '')
    response.setHeader('Content-Type', script === undefined ? 'text/html' : 'text/javascript')
    response.end(script ?? PAGE)
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
