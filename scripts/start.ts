// `npm start`: the whole edge on this machine, in one command. It runs wrangler's local mode with its state kept on disk
// between runs, says where it is once /health answers, and takes everything down with it when it stops.

import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keepDevVars } from './dev-vars.ts'
import { root } from './paths.ts'

const PORT_DEFAULT = 8787
const PORTS_TRIED_MAX = 20

// A cold start with the dashboard built takes about 5 s on two busy cores.
const START_MS_MAX = 90_000

// workerd closes its sockets and databases in well under a second; what is left after this is stuck.
const STOP_MS_MAX = 5_000

const PARENT_CHECK_MS = 250

const STATE_FOLDER = '.wrangler/state'

function fail(problem: string): never {
  process.stderr.write(`${problem}\n`)
  process.exit(1)
}

/** What follows `npm start`. npm keeps `--port` for itself unless a `--` stands before it, and leaves us the number. */
function portArgument(): string | undefined {
  try {
    const { values, positionals } = parseArgs({
      options: { port: { type: 'string', short: 'p' } },
      allowPositionals: true,
    })
    return values.port ?? positionals[0]
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\nusage: npm start -- [--port <number>]`)
  }
}

/** The port somebody asked for, which is then not negotiable, or undefined. */
function requestedPort(): number | undefined {
  const text = portArgument() ?? process.env.PORT
  if (text === undefined || text === '') return undefined
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) fail(`"${text}" is not a port`)
  return port
}

function isFreeOn(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      // A machine without IPv6 has no ::1 to be taken.
      resolve(error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT')
    })
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

// Both loopback addresses: a browser may try either for "localhost" and must not meet another program there.
const isFree = async (port: number) => (await isFreeOn(port, '127.0.0.1')) && (await isFreeOn(port, '::1'))

async function choosePort(): Promise<number> {
  const requested = requestedPort()
  if (requested !== undefined) {
    if (!(await isFree(requested))) fail(`port ${requested} is taken`)
    return requested
  }
  for (let port = PORT_DEFAULT; port < PORT_DEFAULT + PORTS_TRIED_MAX; port++) {
    if (await isFree(port)) return port
  }
  return fail(`no free port from ${PORT_DEFAULT} to ${PORT_DEFAULT + PORTS_TRIED_MAX - 1}`)
}

// Nothing leaves the machine: no usage figures, no update banner, no look-up of where this computer is.
const QUIET = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_LOG_PATH: '.wrangler/logs',
  NO_COLOR: '1',
}

function startWrangler(port: number): ChildProcess {
  const wrangler = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const flags = ['--local', '--ip', 'localhost', '--port', String(port), '--inspector-port', '0']
  return spawn(
    process.execPath,
    [wrangler, 'dev', ...flags, '--persist-to', STATE_FOLDER, '--show-interactive-dev-session=false'],
    {
      cwd: root,
      // No stdin, so that nothing can ask a question; its own process group, so that nothing survives us.
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      env: { ...process.env, ...QUIET },
    },
  )
}

/** Shows the Worker's own output once it runs; before that keeps it, as the reason should the start fail. */
class Output {
  #kept = ''
  #live = false

  take(chunk: Buffer): void {
    if (this.#live) process.stdout.write(chunk)
    else this.#kept += chunk.toString()
  }

  goLive(): void {
    this.#live = true
    this.#kept = ''
  }

  kept(): string {
    return this.#kept
  }
}

/** How the edge is: healthy, not yet, or set so that it never will be, with the sentence that says what is wrong. */
async function stateOf(
  address: string,
): Promise<'healthy' | 'starting' | { readonly misconfigured: string }> {
  try {
    const response = await fetch(`${address}/health`, { signal: AbortSignal.timeout(2_000) })
    if (response.status === 200) return 'healthy'
    const { error } = (await response.json()) as { error?: { code: string; message: string } }
    return error?.code === 'misconfigured' ? { misconfigured: error.message } : 'starting'
  } catch {
    return 'starting'
  }
}

/** Signals the process group, which holds wrangler, esbuild and workerd. Absent members are no error. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // The group has already gone.
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const port = await choosePort()
const address = `http://localhost:${port}`
const output = new Output()
keepDevVars(root)
const child = startWrangler(port)
child.stdout?.on('data', (chunk: Buffer) => output.take(chunk))
child.stderr?.on('data', (chunk: Buffer) => output.take(chunk))

let stopping = false
let failed = false
const exited = new Promise<number>((resolve) => {
  child.once('error', () => resolve(1))
  child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)))
})

function stop(): void {
  if (stopping) return
  stopping = true
  signalGroup(child, 'SIGTERM')
  setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_MS_MAX).unref()
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

// npm hands a SIGTERM to the shell it runs us in, and the shell dies without passing it on: being orphaned is a signal too.
const parent = process.ppid
setInterval(() => {
  if (process.ppid !== parent) stop()
}, PARENT_CHECK_MS).unref()

async function announceWhenHealthy(): Promise<void> {
  const deadlineMs = performance.now() + START_MS_MAX
  while (!stopping && child.exitCode === null && child.signalCode === null) {
    const state = await stateOf(address)
    if (typeof state === 'object') {
      process.stderr.write(`Waypost cannot start: ${state.misconfigured} (in wrangler.toml or .dev.vars)\n`)
      failed = true
      return stop()
    }
    if (state === 'healthy') {
      output.goLive()
      process.stdout.write(
        `Waypost is running at ${address}\n\n` +
          `  dashboard   ${address}/\n` +
          `  health      ${address}/health\n` +
          `  clients     connect('${address}', { network: 'demo' })\n` +
          `  state       ${STATE_FOLDER} (delete it to begin anew)\n` +
          '  admin       whoever has the ADMIN_TOKEN in .dev.vars\n\n' +
          'Stop with Ctrl-C.\n',
      )
      return
    }
    if (performance.now() > deadlineMs) {
      process.stderr.write(
        `${output.kept()}\nWaypost did not answer ${address}/health within ${START_MS_MAX / 1000} s\n`,
      )
      failed = true
      stop()
      return
    }
    await sleep(200)
  }
}

process.stdout.write('Starting Waypost …\n')
await Promise.race([announceWhenHealthy(), exited])
const code = await exited
// wrangler has gone; whatever it left behind goes too.
signalGroup(child, 'SIGKILL')
if (!stopping) {
  process.stderr.write(`${output.kept()}\nThe local edge ended unexpectedly (exit code ${code})\n`)
  failed = true
}
process.exit(failed ? 1 : 0)
