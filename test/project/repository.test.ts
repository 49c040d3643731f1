// The repository as somebody meets it who has just cloned it: nothing in it knows the machine it was written on, what
// the documents tell them to run exists, and an installation is the same everywhere.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../../scripts/paths.ts'
import { exists, read, readJson, trackedFiles } from './tree.ts'

const manifest = readJson('package.json')
const lock = readJson('package-lock.json')

// Absolute paths that belong to one machine. The lookbehind lets URL paths and relative ones pass.
const MACHINE_PATH = /(?<![\w.:/~$}*-])\/(?:work|root|home|Users|tmp)\/[\w.-]+/

const isText = (path: string) => !/\.(?:png|ico|svg|woff2|bin|wasm)$/.test(path)

describe('the repository', () => {
  it('names no path of the machine it was written on', () => {
    const found = trackedFiles()
      .filter((path) => isText(path) && path !== 'test/project/repository.test.ts')
      .flatMap((path) =>
        read(path)
          .split('\n')
          .flatMap((line, index) =>
            MACHINE_PATH.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
          ),
      )
    expect(found).toEqual([])
  })

  it.each(['open("/root/thing")', `cd ${'/'}work/somewhere`, "'/home/me/x'"])(
    'would see the path in %s',
    (line) => {
      expect(line).toMatch(MACHINE_PATH)
    },
  )

  it.each(['https://a.example/work/x', './workshop/here', 'GET /v1/rooms/x'])(
    'sees no path in %s',
    (line) => {
      expect(line).not.toMatch(MACHINE_PATH)
    },
  )

  it('has a licence, and says which', () => {
    expect(read('LICENSE')).toContain('Apache License')
    expect(manifest.license).toBe('Apache-2.0')
  })

  it('can be checked by CI without anything but npm', () => {
    expect(read('.ci/run')).toMatch(/^npm test$/m)
    if (process.platform !== 'win32') expect(statSync(join(root, '.ci/run')).mode & 0o111).not.toBe(0)
  })
})

describe('the dependencies', () => {
  const runtime: Record<string, string> = manifest.dependencies
  const wanted: Record<string, string> = { ...manifest.devDependencies, ...runtime }

  it('are pinned exactly', () => {
    for (const [name, version] of Object.entries(wanted))
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/)
  })

  it('agree with the lockfile', () => {
    expect(lock.packages[''].devDependencies).toEqual(manifest.devDependencies)
    expect(lock.packages[''].dependencies).toEqual(runtime)
    for (const [name, version] of Object.entries(wanted)) {
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version)
    }
  })

  // Who installs the client installs lattice code, what content of the DHT is written in, and what these need; nothing else.
  it('are of development, all but the lattice code and the formats of content', () => {
    const lattices = ['ciphers', 'curves', 'hashes', 'post-quantum'].map((name) => `@noble/${name}`)
    const formats = ['@ipld/dag-pb', 'ipfs-unixfs', 'multiformats']
    const theirs = ['protons-runtime', 'uint8-varint', 'uint8arraylist', 'uint8arrays']
    // Curves come with the hybrids; we name them nowhere.
    const named = lattices.filter((name) => name !== '@noble/curves')
    expect(Object.keys(runtime).sort()).toEqual([...named, ...formats].sort())
    const installed = Object.entries(lock.packages).filter(([, entry]) => isRuntime(entry))
    expect(installed.map(([folder]) => folder).sort()).toEqual(
      [...lattices, ...formats, ...theirs].map((name) => `node_modules/${name}`).sort(),
    )
  })

  it('of the client are imported where they are at home, and nowhere else', () => {
    const importers = trackedFiles().filter(
      (path) =>
        /^(?:client|protocol|workers|durable-objects)\/.*\.ts$/.test(path) && /from '@/.test(read(path)),
    )
    expect(importers).toEqual(['client/dht/dag.ts', 'protocol/crypto/blake3.ts', 'protocol/crypto/pure.ts'])
  })

  it('come from whatever registry npm is told to use', () => {
    expect(read('package-lock.json')).not.toMatch(/https?:\/\/[^"]*\.tgz/)
    expect(read('.npmrc')).not.toMatch(/registry\s*=\s*http/)
  })

  // The registry once lacked some platforms of a fresh release: npm then writes a lockfile that npm ci refuses.
  it('are locked for every platform they name', () => {
    const missing = Object.entries<LockEntry>(lock.packages).flatMap(([folder, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {})
        .filter((name) => lock.packages[`node_modules/${name}`] === undefined)
        .filter((name) => lock.packages[`${folder}/node_modules/${name}`] === undefined)
        .map((name) => `${folder} wants ${name}`),
    )
    expect(missing).toEqual([])
  })
})

interface LockEntry {
  readonly dev?: boolean
  readonly optional?: boolean
  readonly devOptional?: boolean
  readonly peer?: boolean
  readonly name?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

function isRuntime(entry: unknown): boolean {
  const { dev, devOptional, name } = entry as LockEntry
  return name !== 'waypost' && dev !== true && devOptional !== true
}

describe('the documents', () => {
  const documents = trackedFiles().filter((path) => path.endsWith('.md'))
  const commands = (text: string) =>
    [...text.matchAll(/\bnpm run (?:--?[\w-]+ )*([\w:][\w:-]*)/g)].map((match) => match[1] ?? '')

  it.each(documents)('%s names only scripts that exist', (path) => {
    for (const name of commands(read(path))) expect(Object.keys(manifest.scripts), path).toContain(name)
  })

  it.each(documents)('%s links only to files that exist', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      (match) => match[1] ?? '',
    )
    for (const link of links) expect(exists(join(path, '..', link)), `${path} links to ${link}`).toBe(true)
  })

  it('the scripts that call files call files that exist', () => {
    for (const [name, command] of Object.entries<string>(manifest.scripts)) {
      const file = /^node (\S+)/.exec(command)?.[1]
      if (file !== undefined && file !== 'bench/run.ts') expect(exists(file), `${name}: ${file}`).toBe(true)
    }
  })
})
