// A whole edge as one process: the built Worker in a bare workerd, its objects in a folder. Up in a fifth of a second, so
// it can be killed and started again by the hundred; and nobody but workerd has its files open.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, portOf } from '../../bench/server.ts'
import { root } from '../../scripts/paths.ts'
import { freePort } from './local-edge.ts'
import { TEST_SECRET } from './passes.ts'

type Settings = Readonly<Record<string, string>>

// Limits that one computer full of senders would meet, and nobody else.
const TEST_SETTINGS: Settings = {
  PASS_SECRET: TEST_SECRET,
  STAMP_BITS: '4',
  ICE_SERVERS: '[]',
  MAILBOX_CONTACTS_PER_SECOND: '1000000',
  MAILBOX_CONTACTS_BYTES_PER_SECOND: '1073741824',
  MAILBOX_STRANGERS_PER_SECOND: '1000000',
  MAILBOX_STRANGERS_BYTES_PER_SECOND: '1073741824',
}

export class BareEdge {
  readonly port: number
  readonly #folder: string
  #child: ChildProcess | undefined
  #orphaned: () => void = () => {}

  private constructor(port: number, folder: string) {
    this.port = port
    this.#folder = folder
  }

  /** `entry`: of the Worker, if it is not the real one. */
  static async start(settings: Settings = {}, entry = join(root, 'workers', 'index.ts')): Promise<BareEdge> {
    const folder = mkdtempSync(join(tmpdir(), 'waypost-bare-'))
    const edge = new BareEdge(await freePort(), folder)
    mkdirSync(edge.objects)
    await bundle(entry, join(folder, 'worker.js'))
    writeFileSync(edge.#config, configOf(edge.port, edge.objects, { ...TEST_SETTINGS, ...settings }))
    await edge.up()
    return edge
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Where the objects' files are: a folder for each class. */
  get objects(): string {
    return join(this.#folder, 'objects')
  }

  get #config(): string {
    return join(this.#folder, 'config.capnp')
  }

  /** On the same port and with the same objects as before; resolves when it listens. */
  async up(): Promise<void> {
    await portOf(this.spawn())
  }

  /** Started, and not waited for: it may be killed before it listens. */
  spawn(): ChildProcess {
    const { default: binary } = createRequire(import.meta.url)('workerd') as { default: string }
    const child = spawn(binary, ['serve', '--experimental', '--control-fd=3', this.#config], {
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    })
    this.#child = child
    this.#orphaned = () => child.kill('SIGKILL')
    process.once('exit', this.#orphaned)
    return child
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined) return
    process.off('exit', this.#orphaned)
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await gone
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** What wrangler.toml says of the platform and of the objects, as workerd wants it said. */
function configOf(port: number, objects: string, settings: Settings): string {
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8')
  const date = /^compatibility_date = (".*")/m.exec(toml)?.[1]
  const flags = /^compatibility_flags = (\[.*\])/m.exec(toml)?.[1]
  const classes = [...toml.matchAll(/\{ name = (".*?"), class_name = (".*?") \}/g)]
  if (date === undefined || flags === undefined || classes.length === 0)
    throw new Error('wrangler.toml has no date, no flags, or no objects')
  const namespaces = classes.map(
    ([, , name]) => `(className = ${name}, uniqueKey = ${name}, enableSql = true)`,
  )
  const bindings = [
    ...classes.map(([, binding, name]) => `(name = ${binding}, durableObjectNamespace = ${name})`),
    ...Object.entries(settings).map(
      ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
    ),
  ]
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    (name = "objects", disk = (path = ${JSON.stringify(objects)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "edge")],
);
const edge :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = ${date},
  compatibilityFlags = ${flags},
  durableObjectNamespaces = [${namespaces.join(', ')}],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [${bindings.join(', ')}],
);
`
}
