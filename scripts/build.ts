// Builds what is published (dist/client, dist/protocol, dist/min) and what is deployed (dist/dashboard).
// `--dashboard` builds the latter only, which is what wrangler runs before each deploy; `--package` the former only.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, parse, relative } from 'node:path'
import { build } from 'esbuild'
import { browserBundle, PUBLISHED_FILES } from './bundle.ts'
import { dist, root } from './paths.ts'
import { checkSize } from './size.ts'

// The dashboard loads nothing from elsewhere and talks to its own edge only; no page may frame it.
const DASHBOARD_HEADERS = `/*
  Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
  Cross-Origin-Opener-Policy: same-origin
  Permissions-Policy: camera=(), microphone=(), geolocation=()
`

class BuildError extends Error {}

async function buildDashboard(): Promise<void> {
  const source = join(root, 'client', 'dashboard')
  const target = join(dist, 'dashboard')
  const files = new Map<string, Uint8Array>([['_headers', new TextEncoder().encode(DASHBOARD_HEADERS)]])
  const present = existsSync(source) ? readdirSync(source, { recursive: true, encoding: 'utf8' }) : []
  for (const name of present)
    if (/^[^/\\]+\.(html|svg)$/.test(name)) files.set(name, readFileSync(join(source, name)))
  // Code by what begins it; and a stylesheet for each page, which is fetched with the page's code.
  const entries = present.filter((name) => name === 'main.ts' || /-worker\.ts$|\.css$/.test(name))
  if (entries.length > 0) {
    const built = await build({
      ...browserBundle,
      entryPoints: entries.map((name) => ({ in: join(source, name), out: parse(name).name })),
      outdir: target,
      write: false,
    })
    for (const { path, contents } of built.outputFiles) files.set(relative(target, path), contents)
  }
  replace(target, files)
}

/**
 * What is as it should be is left alone: another `wrangler dev` may be serving it this very moment, and one that lists the
 * folder must never find it half empty.
 */
function replace(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, contents] of files) {
    const path = join(folder, name)
    if (existsSync(path) && readFileSync(path).equals(contents)) continue
    // Whole or not at all, for whoever reads it meanwhile.
    const draft = `${path}.${process.pid}.draft`
    writeFileSync(draft, contents)
    renameSync(draft, path)
  }
  for (const name of readdirSync(folder))
    if (!files.has(name) && !name.endsWith('.draft'))
      rmSync(join(folder, name), { recursive: true, force: true })
}

async function buildPackage(): Promise<void> {
  for (const name of ['client', 'protocol', 'min']) {
    rmSync(join(dist, name), { recursive: true, force: true })
  }
  const entry = join(root, 'client', 'index.ts')
  if (!existsSync(entry)) return
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const compiled = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
    stdio: 'inherit',
  })
  if (compiled.status !== 0) throw new BuildError('the client does not compile')
  await build({
    ...browserBundle,
    entryPoints: PUBLISHED_FILES,
    outdir: join(dist, 'min'),
    sourcemap: 'linked',
    sourcesContent: false,
  })
  const problem = await checkSize()
  if (problem !== undefined) throw new BuildError(problem)
}

try {
  if (!process.argv.includes('--package')) await buildDashboard()
  if (!process.argv.includes('--dashboard')) await buildPackage()
} catch (error) {
  // esbuild has printed its own messages by now.
  process.stdout.write(`build: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
