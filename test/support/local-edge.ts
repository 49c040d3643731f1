// A real edge as a process of its own, for tests that talk to it over the network, kill it, and start it again: the built
// Worker in a bare workerd, its objects in a folder, set as wrangler.toml says. Up in a fifth of a second, so it can be killed by
// the hundred; and nobody but workerd has its files open. It has no files of a dashboard: development-edge.ts has.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { portOf, workerBundle } from '../../bench/server.ts'
import { root } from '../../scripts/paths.ts'
import { bundled } from './bundles.ts'
import { cheapPlacesBundled } from './cheap-places.ts'
import { TEST_SECRET } from './passes.ts'

export type EdgeVars = Readonly<Record<string, string | number>>

/**
 * No deployment's secret; and stamps of no work, except where a test is about them: what is tested with a whole edge is what
 * comes after admission.
 */
export const TEST_VARS: EdgeVars = { PASS_SECRET: TEST_SECRET, STAMP_BITS: 4 }

export interface EdgeOptions {
  /** In place of wrangler.toml's [vars], one by one. */
  readonly vars?: EdgeVars
  /** In place of wrangler.toml's main: an edge of another kind. */
  readonly entry?: string
  /** Hears what the edge writes to its log, in place of whoever looks on. */
  readonly heard?: (text: string) => void
}

export class LocalEdge {
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'waypost-edge-'))
  #child: ChildProcess | undefined
  #orphaned: () => void = () => {}
  #heard: ((text: string) => void) | undefined

  private constructor(port: number) {
    this.port = port
  }

  static async start({ vars = {}, entry, heard }: EdgeOptions = {}): Promise<LocalEdge> {
    const edge = new LocalEdge(await freePort())
    edge.#heard = heard
    mkdirSync(edge.objects)
    const worker = await bundled({
      ...workerBundle,
      entryPoints: { worker: join(root, entry ?? setting('main')) },
      plugins: [cheapPlacesBundled],
    })
    writeFileSync(join(edge.#folder, 'worker.js'), worker.get('worker.js') ?? '')
    edge.#configure(vars)
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

  /** Of its process, while it is up. */
  get pid(): number {
    const { pid } = this.#child ?? {}
    if (pid === undefined) throw new Error('the edge is not up')
    return pid
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
    const heard = this.#heard
    const { default: binary } = createRequire(import.meta.url)('workerd') as { default: string }
    const child = spawn(binary, ['serve', '--experimental', '--control-fd=3', this.#config], {
      stdio: [
        'ignore',
        ...(heard === undefined ? (['inherit', 'inherit'] as const) : (['pipe', 'pipe'] as const)),
        'pipe',
      ],
    })
    for (const stream of heard === undefined ? [] : [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => heard?.(chunk.toString()))
    this.#child = child
    this.#orphaned = () => child.kill('SIGKILL')
    process.once('exit', this.#orphaned)
    return child
  }

  /** Deployed anew with other settings, at the same address. */
  async restart(vars: EdgeVars): Promise<void> {
    await this.kill()
    this.#configure(vars)
    await this.up()
  }

  /** kill -9: it says goodbye to nobody. */
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

  #configure(vars: EdgeVars): void {
    writeFileSync(this.#config, configOf(this.port, this.objects, { ...deployed(), ...TEST_VARS, ...vars }))
  }
}

const toml = () => readFileSync(join(root, 'wrangler.toml'), 'utf8')

/** What wrangler.toml says at its top. */
function setting(name: string): string {
  const value = new RegExp(`^${name} = "(.*)"`, 'm').exec(toml())?.[1]
  if (value === undefined) throw new Error(`wrangler.toml has no ${name}`)
  return value
}

/** Its [vars]: text in single quotes, or numbers. */
function deployed(): EdgeVars {
  const [, section] = /^\[vars\]\n([\s\S]*?)(?:^\[|$(?![\s\S]))/m.exec(toml()) ?? []
  const vars = [...(section ?? '').matchAll(/^([A-Z_]+) = (?:'(.*)'|(\d+))$/gm)]
  if (vars.length === 0) throw new Error('wrangler.toml has no vars')
  return Object.fromEntries(vars.map(([, name, text, number]) => [name, text ?? Number(number)]))
}

/** What wrangler.toml says of the platform and of the objects, as workerd wants it said. */
function configOf(port: number, objects: string, vars: EdgeVars): string {
  const flags = /^compatibility_flags = (\[.*\])/m.exec(toml())?.[1]
  const classes = [...toml().matchAll(/\{ name = (".*?"), class_name = (".*?") \}/g)]
  if (flags === undefined || classes.length === 0)
    throw new Error('wrangler.toml has no flags, or no objects')
  const namespaces = classes.map(
    ([, , name]) => `(className = ${name}, uniqueKey = ${name}, enableSql = true)`,
  )
  const bindings = [
    ...classes.map(([, binding, name]) => `(name = ${binding}, durableObjectNamespace = ${name})`),
    ...Object.entries(vars).map(
      ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(String(value))})`,
    ),
  ]
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    # Collectors of tests, and what stands for others' services, are on this machine, which is not the public's.
    (name = "internet", network = (allow = ["public", "private", "local"])),
    (name = "objects", disk = (path = ${JSON.stringify(objects)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "edge")],
);
const edge :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${setting('compatibility_date')}",
  compatibilityFlags = ${flags},
  durableObjectNamespaces = [${namespaces.join(', ')}],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [${bindings.join(', ')}],
);
`
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
