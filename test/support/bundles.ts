// What tests have bundled, kept in dist/ from one process to the next: bundling costs a core most of a second, and half a hundred files
// of tests want the same few bundles. A bundle is found again only while every file that went into it is what it was.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type BuildOptions, build, version } from 'esbuild'
import { dist, root } from '../../scripts/paths.ts'

interface Bundle {
  /** What each of them held, by its path. */
  readonly inputs: Readonly<Record<string, string>>
  /** By their names. */
  readonly files: Readonly<Record<string, string>>
}

const FOLDER = join(dist, 'test-bundles')
const digest = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

/** The files that esbuild makes of these options, as text and by their names. */
export async function bundled(options: BuildOptions, folder = FOLDER): Promise<ReadonlyMap<string, string>> {
  const path = join(folder, `${digest(JSON.stringify([version, options]))}.json`)
  const { files } = kept(path) ?? (await made(options, path))
  return new Map(Object.entries(files))
}

function kept(path: string): Bundle | undefined {
  try {
    const bundle: Bundle = JSON.parse(readFileSync(path, 'utf8'))
    for (const [input, held] of Object.entries(bundle.inputs)) if (digestOf(input) !== held) return undefined
    return bundle
  } catch {
    // Not made yet, or of a file that has gone since.
    return undefined
  }
}

async function made(options: BuildOptions, path: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...options,
    absWorkingDir: root,
    outdir: 'bundled',
    write: false,
    metafile: true,
  })
  // Code that has no file is in the options.
  const files = Object.keys(metafile.inputs).filter((input) => existsSync(join(root, input)))
  const bundle: Bundle = {
    inputs: Object.fromEntries(files.map((input) => [input, digestOf(input)])),
    files: Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text])),
  }
  mkdirSync(dirname(path), { recursive: true })
  // Others may be reading it, or making it just now.
  const ours = `${path}.${process.pid}`
  writeFileSync(ours, JSON.stringify(bundle))
  renameSync(ours, path)
  return bundle
}

function digestOf(input: string): string {
  return digest(readFileSync(join(root, input)))
}
