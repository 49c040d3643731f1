// The package as an application gets it from npm: what is in it, that its types hold, that a bundler keeps only what is
// used of it, and what is installed beside it. Builds it once first, into dist/, as `npm pack` would.

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LAZY_PARTS, measure } from '../../scripts/bundle.ts'
import { root } from '../../scripts/paths.ts'
import { importsOf, parse } from './source.ts'
import { exists, readJson } from './tree.ts'

const DEPENDENCIES = Object.keys(readJson('package.json').dependencies).sort()
/** By those, and named by us nowhere: curves by the hybrids, protobuf by UnixFS. */
const BROUGHT = ['@noble/curves', 'protons-runtime', 'uint8-varint', 'uint8arraylist', 'uint8arrays']

const run = (script: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'pipe' })

function packedFiles(): readonly string[] {
  const npm = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  const answer = JSON.parse(npm.stdout)
  // npm 12 answers with an object by package name, npm 11 with a list.
  const [pack] = Array.isArray(answer) ? answer : Object.values(answer)
  return (pack as { files: readonly { path: string }[] }).files.map(({ path }) => path)
}

/** Without the file in it. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

describe.skipIf(!exists('client/index.ts'))('the package', () => {
  let files: readonly string[] = []
  let consumer = ''

  beforeAll(() => {
    run('scripts/build.ts', '--package')
    files = packedFiles()
    consumer = mkdtempSync(join(tmpdir(), 'waypost-consumer-'))
    for (const path of files) {
      const target = join(consumer, 'node_modules', 'waypost', path)
      mkdirSync(dirname(target), { recursive: true })
      cpSync(join(root, path), target)
    }
    // What npm would install beside it.
    for (const name of [...DEPENDENCIES, ...BROUGHT]) {
      const installed = join('node_modules', name)
      cpSync(join(root, installed), join(consumer, installed), { recursive: true, dereference: true })
    }
  }, 60_000)

  afterAll(() => rmSync(consumer, { recursive: true, force: true }))

  const bundled = (code: string) => measure({ code, folder: consumer })

  it('holds the client and the protocol, their sources, and nothing else', () => {
    const expected = [
      /^dist\/(?:client|protocol)\/.*\.(?:js|js\.map|d\.ts|d\.ts\.map)$/,
      /^dist\/min\/[\w.-]+\.js(?:\.map)?$/,
      /^(?:client|protocol)\/.*\.ts$/,
      /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
    ]
    expect(files.filter((path) => !expected.some((pattern) => pattern.test(path)))).toEqual([])
    expect(files.filter((path) => path.includes('dashboard'))).toEqual([])
    for (const path of [
      'dist/client/index.js',
      'dist/client/index.d.ts',
      'dist/min/waypost.min.js',
      'LICENSE',
    ]) {
      expect(files).toContain(path)
    }
  })

  it('has a file behind everything it exports', () => {
    const targets = Object.values<string | object>(readJson('package.json').exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values<string>({ ...target }),
    )
    for (const target of targets) expect(files).toContain(target.replace('./', ''))
  })

  it('imports nothing but itself, and lattice code and the codecs of content where they are wanted', () => {
    const scripts = files.filter((path) => /^dist\/(?:client|protocol)\/.*\.js$/.test(path))
    const sources = parse(
      Object.fromEntries(
        scripts.map((path) => [path.replace(/js$/, 'ts'), readFileSync(join(root, path), 'utf8')]),
      ),
    )
    const foreign = sources.flatMap((source) =>
      importsOf(source)
        .filter(({ specifier }) => !/^\.{1,2}\/.*\.js$/.test(specifier))
        .map(({ specifier }) => ({ path: source.path, name: packageOf(specifier) })),
    )
    expect(new Set(foreign.map(({ path }) => path))).toEqual(
      new Set([
        'dist/client/dht/cids.ts',
        'dist/client/dht/dag.ts',
        'dist/client/dht/kept.ts',
        'dist/protocol/crypto/blake3.ts',
        'dist/protocol/crypto/pure.ts',
      ]),
    )
    expect([...new Set(foreign.map(({ name }) => name))].sort()).toEqual(DEPENDENCIES)
  })

  it('has a ready-made build whose first files hold no lattice code, and which lacks nothing', async () => {
    const folder = join(root, 'dist', 'min')
    const whole = await measure(join(folder, 'waypost.min.js'))
    const made = await measure(join(root, 'client', 'index.ts'))
    expect(made.lazy.map(({ name }) => name)).toEqual(Object.keys(LAZY_PARTS))
    expect(Math.abs(whole.gzippedBytes / made.gzippedBytes - 1)).toBeLessThan(0.05)
    const lattices = made.lazy.at(-1)?.gzippedBytes ?? 0
    expect(lattices).toBeGreaterThan(made.gzippedBytes / 2)
  })

  it('gives a consumer types that check without skipping a library', () => {
    writeFileSync(
      join(consumer, 'use.ts'),
      `import { connect } from 'waypost'\nexport const start: typeof connect = connect\n`,
    )
    const compilerOptions = {
      target: 'ES2022',
      lib: ['ES2024', 'DOM', 'DOM.AsyncIterable', 'ESNext.Disposable'],
      module: 'NodeNext',
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: [],
    }
    writeFileSync(join(consumer, 'package.json'), JSON.stringify({ type: 'module' }))
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }))
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const checked = spawnSync(process.execPath, [tsc, '-p', consumer], { encoding: 'utf8' })
    expect(checked.stdout).toBe('')
    expect(checked.status).toBe(0)
  })

  it('lets a bundler drop what an application does not use', async () => {
    const nothing = await bundled(`import 'waypost'`)
    const whole = await bundled(`import * as waypost from 'waypost'; globalThis.kept = waypost`)
    const small = await bundled(`import { WaypostError } from 'waypost'; globalThis.kept = WaypostError`)
    expect(nothing.minifiedBytes).toBeLessThan(200)
    expect(small.minifiedBytes).toBeGreaterThan(nothing.minifiedBytes)
    expect(small.minifiedBytes).toBeLessThan(whole.minifiedBytes / 4)
    expect([nothing.lazy, small.lazy]).toEqual([[], []])
  })
})
