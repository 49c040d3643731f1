// Real browsers behind emulated NATs, and our edge in the middle of them. The emulator lies beside the project where there is
// one (design/webrtc.md says what it is); it needs root and a kernel with network namespaces.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { root } from '../../scripts/paths.ts'

const LAB = process.env.NAT_LAB ?? join(root, '..', 'shared', 'lab', 'nat')
const NAME = 'waypostnat'
const SERVER = '198.51.100.10'
const EDGE = `http://${SERVER}:8787`
const PAGES = `http://${SERVER}:8788`
const STUN = 'stun:198.51.100.20:3478'
const EDGE_START_MS_MAX = 90_000
// No deployment's: a local run's own.
const VARS = {
  PASS_SECRET: 'a-secret-of-no-deployment-used-in-tests-only',
  STAMP_BITS: '4',
  ICE_SERVERS: JSON.stringify([{ urls: STUN }]),
}

const PAGE_SERVER = `
const [dir, port] = process.argv.slice(1)
const { createServer } = require('node:http'), { readFileSync } = require('node:fs')
const page = '<!doctype html><script type="module">import * as sdk from "./sdk.js"; globalThis.sdk = sdk; globalThis.ready = true</script>'
createServer((request, response) => {
  const isScript = request.url.endsWith('.js')
  response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html')
  response.end(isScript ? readFileSync(dir + '/sdk.js') : page)
}).listen(Number(port), '${SERVER}')
`

export const edge = EDGE

/** Undefined: everything is here. Else what is missing, in words. */
export function missing(): string | undefined {
  if (!existsSync(join(LAB, 'natlab'))) return 'there is no NAT emulator beside the project'
  if (!existsSync(join(LAB, 'node_modules')))
    return 'the NAT emulator is not installed: see its README, or name another copy in NAT_LAB'
  if (process.getuid?.() !== 0) return 'the NAT emulator needs root'
  return undefined
}

export async function natlab(...args: string[]): Promise<string> {
  const env = { ...process.env, NATLAB: NAME }
  const { stdout } = await promisify(execFile)(join(LAB, 'natlab'), args, { env })
  return stdout.trim()
}

export class Lab {
  readonly #folder = mkdtempSync(join(tmpdir(), 'waypost-nat-'))
  readonly #children: ChildProcess[] = []
  readonly #contexts = new Set<BrowserContext>()

  /** `nats`: name=type, a NAT and a client behind it. */
  static up(...nats: string[]): Promise<Lab> {
    return Lab.upWith({}, ...nats)
  }

  /** With these settings of the edge beside the usual ones. */
  static async upWith(vars: Readonly<Record<string, string>>, ...nats: string[]): Promise<Lab> {
    const lab = new Lab()
    await natlab('up', ...nats)
    try {
      await lab.#serve({ ...VARS, ...vars })
    } catch (error) {
      await lab.down()
      throw error
    }
    return lab
  }

  async down(): Promise<void> {
    await Promise.allSettled([...this.#contexts].map((context) => context.close()))
    for (const child of this.#children) if (child.pid !== undefined) end(child.pid)
    await natlab('down')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** A browser of its own, in the client's network, with the SDK in `sdk`. */
  async page(client: string): Promise<Page> {
    const profile = mkdtempSync(join(this.#folder, 'profile-'))
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: join(LAB, 'chromium-in'),
      env: { ...process.env, NATLAB_NS: `${NAME}-${client}`, TMPDIR: this.#folder } as Record<string, string>,
      args: [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        `--unsafely-treat-insecure-origin-as-secure=${PAGES},${EDGE}`,
      ],
    })
    this.#contexts.add(context)
    context.once('close', () => this.#contexts.delete(context))
    const page = context.pages()[0] ?? (await context.newPage())
    await page.goto(PAGES)
    await page.waitForFunction('globalThis.ready === true')
    return page
  }

  async #serve(settings: Readonly<Record<string, string>>): Promise<void> {
    const outfile = join(this.#folder, 'sdk.js')
    await build({
      absWorkingDir: root,
      entryPoints: ['client/index.ts'],
      bundle: true,
      format: 'esm',
      target: 'es2022',
      outfile,
    })
    this.#inServer(process.execPath, '-e', PAGE_SERVER, this.#folder, '8788')
    const vars = Object.entries(settings).flatMap(([name, value]) => ['--var', `${name}:${value}`])
    const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
    const flags = ['--local', '--ip', SERVER, '--port', '8787', '--inspector-port', '0']
    const state = ['--persist-to', join(this.#folder, 'edge'), '--show-interactive-dev-session=false']
    this.#inServer(process.execPath, wrangler, 'dev', ...flags, ...state, ...vars)
    const untilMs = Date.now() + EDGE_START_MS_MAX
    const probe = `fetch('${EDGE}/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`
    while (!(await this.#succeeds(process.execPath, '-e', probe))) {
      if (Date.now() > untilMs) throw new Error('the edge did not come up in the lab')
      await sleep(500)
    }
  }

  async #succeeds(...command: string[]): Promise<boolean> {
    return natlab('exec', 'srv', ...command).then(
      () => true,
      () => false,
    )
  }

  #inServer(...command: string[]): void {
    const child = spawn(join(LAB, 'natlab'), ['exec', 'srv', ...command], {
      cwd: root,
      env: { ...process.env, NATLAB: NAME, CI: '1', WRANGLER_SEND_METRICS: 'false' },
      stdio: 'ignore',
      detached: true,
    })
    this.#children.push(child)
  }
}

/** With all it started: its process group. */
function end(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
