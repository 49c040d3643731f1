// The edge as `npm start` runs it, on wrangler's development server, with the dashboard's files: for what needs those. It is
// many processes and takes seconds to be up, so all else is tested on a LocalEdge.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../scripts/paths.ts'
import { type EdgeVars, freePort, TEST_VARS } from './local-edge.ts'

const START_MS_MAX = 60_000
const POLL_MS = 50

export class DevelopmentEdge {
  readonly port: number
  readonly #state = mkdtempSync(join(tmpdir(), 'waypost-edge-'))
  readonly #vars: EdgeVars
  #child: ChildProcess | undefined
  #output = ''

  private constructor(port: number, vars: EdgeVars) {
    this.port = port
    this.#vars = { ...TEST_VARS, ...vars }
  }

  /** `vars`: in place of wrangler.toml's, one by one. */
  static async start(vars: EdgeVars = {}): Promise<DevelopmentEdge> {
    const edge = new DevelopmentEdge(await freePort(), vars)
    await edge.up()
    return edge
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Starts it, on the same port and with the same state as before, and waits until it is healthy. */
  async up(): Promise<void> {
    const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
    const vars = Object.entries(this.#vars).flatMap(([name, value]) => ['--var', `${name}:${value}`])
    const flags = ['--local', '--ip', '127.0.0.1', '--port', `${this.port}`, '--inspector-port', '0']
    const child = spawn(
      process.execPath,
      [
        wrangler,
        'dev',
        ...flags,
        '--persist-to',
        this.#state,
        '--show-interactive-dev-session=false',
        ...vars,
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, ...QUIET } },
    )
    this.#child = child
    this.#output = ''
    const keep = (chunk: Buffer) => {
      this.#output += chunk.toString()
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    await this.#healthy(child)
  }

  /** kill -9 of wrangler and workerd alike: nobody says goodbye to anybody. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.pid === undefined) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    signalGroup(child.pid, 'SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await gone
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#state, { recursive: true, force: true })
  }

  async #healthy(child: ChildProcess): Promise<void> {
    const deadlineMs = performance.now() + START_MS_MAX
    while (performance.now() < deadlineMs) {
      if (child.exitCode !== null) throw new Error(`the edge ended while starting:\n${this.#output}`)
      const ok = await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(2_000) }).then(
        (response) => response.ok,
        () => false,
      )
      if (ok) return
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    await this.kill()
    throw new Error(`the edge was not healthy in ${START_MS_MAX / 1_000} s:\n${this.#output}`)
  }
}

/** Nothing leaves the machine: no figures, no banner, no look-up of where this computer is. */
const QUIET = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_LOG_PATH: '.wrangler/logs',
  NO_COLOR: '1',
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // The group has already gone.
  }
}
