// How the client is bundled: once for a <script type="module">, and in memory to measure it. Kept apart from the build
// so that the size check, the build and the tests cannot disagree about what "the bundle" is.

import { gzipSync } from 'node:zlib'
import { type BuildOptions, build } from 'esbuild'
import { root } from './paths.ts'

// Baseline of the browsers that have what the client needs anyway; esbuild lowers nothing newer than this.
export const BROWSER_TARGET = 'es2022'

export const browserBundle: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: BROWSER_TARGET,
  legalComments: 'none',
  logLevel: 'warning',
  // The Node build of the transports is reached by a dynamic import that a browser never runs.
  external: ['node:*', 'node-datachannel'],
}

export interface Size {
  readonly minifiedBytes: number
  readonly gzippedBytes: number
  /** Of what is loaded later, if at all: code behind a dynamic `import()`. */
  readonly lazyGzippedBytes: number
}

/** What a page loads at once when it imports `entry`, and what it may load later. */
export async function measure(entry: string): Promise<Size> {
  const result = await build({
    ...browserBundle,
    entryPoints: [entry],
    splitting: true,
    metafile: true,
    write: false,
    outdir: 'measured',
  })
  const outputs = result.metafile.outputs
  const first = Object.keys(outputs).find((path) => outputs[path]?.entryPoint !== undefined)
  const needed = new Set<string>()
  const visit = (path: string) => {
    if (needed.has(path)) return
    needed.add(path)
    for (const used of outputs[path]?.imports ?? []) {
      if (used.kind === 'import-statement' && used.external !== true) visit(used.path)
    }
  }
  if (first !== undefined) visit(first)
  const isNeeded = (path: string) => [...needed].some((name) => path.replaceAll('\\', '/').endsWith(name))
  const gzipped = (files: typeof result.outputFiles) =>
    files.reduce((sum, file) => sum + gzipSync(file.contents, { level: 9 }).byteLength, 0)
  const core = result.outputFiles.filter((file) => isNeeded(file.path))
  return {
    minifiedBytes: core.reduce((sum, file) => sum + file.contents.byteLength, 0),
    gzippedBytes: gzipped(core),
    lazyGzippedBytes: gzipped(result.outputFiles.filter((file) => !isNeeded(file.path))),
  }
}
