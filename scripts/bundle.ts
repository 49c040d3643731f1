// How the client is bundled: once for a <script type="module">, and in memory to measure it. Kept apart from the build
// so that the size check, the build and the tests cannot disagree about what "the bundle" is.

import { gzipSync } from 'node:zlib'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { root } from './paths.ts'

// Baseline of the browsers that have what the client needs anyway; esbuild lowers nothing newer than this.
export const BROWSER_TARGET = 'es2022'

/**
 * Chromium compiles a function when it is first called, on the page's own thread, unless the file's first line says that all of
 * them will be: then beside the loading, on another (version 136, 2025). Of a first visit's way from connect() to its first
 * message that is up to half; others take it for a comment.
 */
const COMPILE_AHEAD = '//# allFunctionsCalledOnLoad'

/** What is behind a dynamic import stays a file of its own, fetched when it is wanted. */
export const browserBundle = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  splitting: true,
  format: 'esm',
  platform: 'browser',
  target: BROWSER_TARGET,
  legalComments: 'none',
  banner: { js: COMPILE_AHEAD },
  logLevel: 'warning',
  chunkNames: '[name]-[hash]',
  // The Node build of the transports is reached by a dynamic import that a browser never runs.
  external: ['node:*', 'node-datachannel'],
} as const satisfies BuildOptions

/**
 * The files of `waypost/min` by the names they are imported and preloaded by. The second and third are wanted by every page that
 * connects, and small pages connect at once: they would otherwise load them when they already wait.
 */
export const PUBLISHED_FILES = {
  'waypost.min': 'client/index.ts',
  'waypost.keys': 'client/secure.ts',
  'waypost.direct': 'client/direct.ts',
} as const

/** What the client loads later, if at all: each part by the files whose dynamic import brings it. */
export const LAZY_PARTS = {
  'keys and links': ['client/secure.ts'],
  'direct connections': ['client/direct.ts'],
  mail: ['client/mail/mail.ts'],
  'several edges': ['client/edges/edges.ts'],
  'the DHT': ['client/dht/dht.ts'],
  'content of the DHT': ['client/dht/dag.ts'],
  'identities that are kept': ['client/identities/keeper.ts'],
  vaults: ['client/identities/vault.ts'],
  'vaults in Node': ['client/identities/vault-log.ts'],
  BLAKE3: ['protocol/crypto/blake3.ts'],
  'lattice code in JavaScript': ['protocol/crypto/mixed.ts', 'protocol/crypto/pure.ts'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export interface PartSize {
  readonly name: string
  readonly gzippedBytes: number
}

export interface Size {
  /** Of the core: what a page loads at once. */
  readonly minifiedBytes: number
  readonly gzippedBytes: number
  /** What may be loaded later; what two of them share is counted with the first. */
  readonly lazy: readonly PartSize[]
}

/** A file, or the code of one and where it stands. */
export type Entry = string | { readonly code: string; readonly folder: string }

/** What a page loads at once when it imports `entry`, and what it may load later. */
export async function measure(entry: Entry): Promise<Size> {
  const options: BuildOptions =
    typeof entry === 'string'
      ? { entryPoints: { core: entry } }
      : { absWorkingDir: entry.folder, stdin: { contents: entry.code, resolveDir: entry.folder } }
  const result = await build({
    ...browserBundle,
    ...options,
    metafile: true,
    write: false,
    outdir: 'measured',
    logLevel: 'error', // importing for side effects there are none of is the point of one test
  })
  const { outputs } = result.metafile
  const contentOf = (path: string) =>
    result.outputFiles.find((file) => file.path.replaceAll('\\', '/').endsWith(`/${path}`))?.contents ??
    new Uint8Array()
  const counted = new Set<string>()
  const take = (first: readonly string[]): readonly Uint8Array[] => {
    const before = new Set(counted)
    for (const path of first) addImports(path, outputs, ['import-statement'], counted)
    return [...counted].filter((path) => !before.has(path)).map(contentOf)
  }
  // Dynamic imports make entry points too, so the first output need not be ours; its name says which is.
  const first = typeof entry === 'string' ? 'measured/core.js' : 'measured/stdin.js'
  // What tree shaking left nobody to import is written all the same, and never loaded.
  const reachable = addImports(first, outputs, ['import-statement', 'dynamic-import'], new Set())
  const core = take([first])
  const lazy = Object.entries<readonly string[]>(LAZY_PARTS).map(([name, files]) => ({
    name,
    gzippedBytes: gzipped(
      take([...reachable].filter((path) => files.includes(outputs[path]?.entryPoint ?? ''))),
    ),
  }))
  const others = take([...reachable])
  return {
    minifiedBytes: core.reduce((sum, bytes) => sum + bytes.byteLength, 0),
    gzippedBytes: gzipped(core),
    lazy: [...lazy, { name: 'other parts', gzippedBytes: gzipped(others) }].filter(
      (part) => part.gzippedBytes > 0,
    ),
  }
}

function addImports(
  path: string,
  outputs: Metafile['outputs'],
  kinds: readonly string[],
  to: Set<string>,
): ReadonlySet<string> {
  if (to.has(path)) return to
  to.add(path)
  for (const used of outputs[path]?.imports ?? []) {
    if (kinds.includes(used.kind) && used.external !== true) addImports(used.path, outputs, kinds, to)
  }
  return to
}

function gzipped(files: readonly Uint8Array[]): number {
  return files.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).byteLength, 0)
}
