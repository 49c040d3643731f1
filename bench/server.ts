// The servers under test: the Worker as it is deployed, and the bare one, each in a workerd of its own. No development
// proxy in between: it would cost three times what is measured.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { root } from '../scripts/paths.ts'
import { TEST_SECRET } from '../test/support/passes.ts'
import type { Side } from './benchmark.ts'

export interface Server {
  readonly side: Side
  readonly port: number
  /** Where its objects tell what nobody else is told. */
  readonly probePort: number
  readonly pid: number
  stop(): Promise<void>
}

interface Kind {
  readonly entry: string
  /** Of its objects, by what they are bound to. */
  readonly classes: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
}

const KINDS: Readonly<Record<Side, Kind>> = {
  ours: {
    entry: join(root, 'workers', 'index.ts'),
    classes: {
      ROOMS: 'SignalingRoom',
      MAILBOXES: 'RelayMailbox',
      REGISTRIES: 'NetworkRegistry',
      SHARDS: 'DhtShard',
    },
    // What a crowd behind one generator does is far over what one member may: the limits stay, but do not bite.
    settings: {
      ROOM_TOKENS_PER_SECOND: '1000000',
      ROOM_BYTES_PER_SECOND: '1073741824',
      PRESENCE_TIMEOUT_MS: '600000',
      MAILBOX_LETTERS_MAX: '100000',
      MAILBOX_BYTES_MAX: '1073741824',
      MAILBOX_CONTACTS_PER_SECOND: '1000000',
      MAILBOX_CONTACTS_BYTES_PER_SECOND: '1073741824',
      MAILBOX_SOCKET_TOKENS_PER_SECOND: '1000000',
      MAILBOX_SOCKET_BYTES_PER_SECOND: '1073741824',
      DHT_REQUESTS_PER_SECOND: '1000000',
      DHT_SPLIT_PER_SECOND: '1000000',
      DHT_PEER_RECORDS: '10000000',
      DHT_PEER_BYTES: '4294967296',
      PASS_SECRET: TEST_SECRET,
      STAMP_BITS: '4',
    },
  },
  bare: {
    entry: join(root, 'bench', 'bare', 'worker.ts'),
    classes: { ROOMS: 'BareRoom', MAILBOXES: 'BareMailbox', TABLES: 'BareTable' },
    settings: {},
  },
}

/** Asks for the work a deployment asks for, where benchmarks else ask for next to none. */
export function serveWithStamps(): Promise<Server> {
  return serve('ours', { ...KINDS.ours.settings, STAMP_BITS: '' })
}

export async function serve(
  side: Side,
  settings: Readonly<Record<string, string>> = KINDS[side].settings,
): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'waypost-bench-'))
  mkdirSync(join(folder, 'objects'))
  await bundle(KINDS[side].entry, join(folder, 'worker.js'))
  await bundle(join(root, 'bench', 'bare', 'probe.ts'), join(folder, 'probe.js'))
  const config = join(folder, 'config.capnp')
  writeFileSync(config, configOf({ ...KINDS[side], settings }, join(folder, 'objects')))
  const { default: binary } = createRequire(import.meta.url)('workerd') as { default: string }
  // It tells the port it was given on the fourth descriptor, as JSON.
  const child = spawn(binary, ['serve', '--experimental', '--control-fd=3', config], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  })
  const orphaned = () => child.kill('SIGKILL')
  process.once('exit', orphaned)
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  // Not asked to end but ended: it would wait for its sockets to close, and what it keeps is thrown away.
  const stop = async () => {
    child.kill('SIGKILL')
    await gone
    process.off('exit', orphaned)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const [port, probePort] = await Promise.all([portOf(child), portOf(child, 'probe')])
    return { side, port, probePort, pid: child.pid as number, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Both, and both stopped however the work ends. */
export async function withServers<Result>(
  work: (servers: Readonly<Record<Side, Server>>) => Promise<Result>,
): Promise<Result> {
  const ours = await serve('ours')
  try {
    const bare = await serve('bare')
    try {
      return await work({ ours, bare })
    } finally {
      await bare.stop()
    }
  } finally {
    await ours.stop()
  }
}

/** As wrangler (4.155.0) does it with our wrangler.toml: the same conditions and target, nothing minified. */
export const workerBundle = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2024',
  platform: 'browser',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:*', 'node:*'],
  loader: { '.sql': 'text' },
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
} as const satisfies BuildOptions

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({ ...workerBundle, entryPoints: [entry], outfile })
}

function configOf({ classes, settings }: Kind, objects: string): string {
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8')
  const date = /^compatibility_date = (".*")/m.exec(toml)?.[1]
  const flags = /^compatibility_flags = (\[.*\])/m.exec(toml)?.[1]
  if (date === undefined || flags === undefined) throw new Error('wrangler.toml has no date or flags')
  const named = Object.entries(classes)
  const namespaces = named.map(
    ([, name]) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`,
  )
  const bound = named.map(([binding, name]) => `(name = "${binding}", durableObjectNamespace = "${name}")`)
  const probed = named.map(
    ([binding, name]) =>
      `(name = "${binding}", durableObjectNamespace = (className = "${name}", serviceName = "edge"))`,
  )
  const set = Object.entries(settings).map(
    ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    (name = "probe", worker = .probe),
    (name = "objects", disk = (path = ${JSON.stringify(objects)}, writable = true)),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:0", http = (), service = "edge"),
    (name = "probe", address = "127.0.0.1:0", http = (), service = "probe"),
  ],
);
const edge :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = ${date},
  compatibilityFlags = ${flags},
  durableObjectNamespaces = [${namespaces.join(', ')}],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [${[...bound, ...set].join(', ')}],
);
const probe :Workerd.Worker = (
  modules = [(name = "probe.js", esModule = embed "probe.js")],
  compatibilityDate = ${date},
  bindings = [${probed.join(', ')}],
);
`
}

/** Of what it listens on, each once it is told. */
export async function portOf(child: ChildProcess, socket = 'http'): Promise<number> {
  const control = child.stdio[3]
  if (!control || !('on' in control)) throw new Error('workerd has no control pipe')
  const told = new RegExp(`"socket":"${socket}","port":(\\d+)`)
  return new Promise((resolve, reject) => {
    let said = ''
    control.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const port = told.exec(said)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`workerd ended with ${code} before it listened`)))
  })
}
