// What is deployed: the Worker holds no cryptography in JavaScript but BLAKE3, which is little and of which there is no other,
// and what names of IPNS are signed with. The rest is slower there than a free Worker's whole time for a request, and a bundler
// takes in whatever a dynamic import might want.

import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { root } from '../../scripts/paths.ts'

async function filesIn(entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    loader: { '.sql': 'text' },
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  return Object.keys(metafile.inputs)
}

const blake3 = await filesIn('protocol/crypto/blake3.ts')
const ipns = await filesIn('workers/routing/ipns.ts')

const javascriptCrypto = (files: readonly string[]) =>
  files.filter(
    (path) =>
      !blake3.includes(path) &&
      !ipns.includes(path) &&
      (path.includes('@noble/') || path.endsWith('crypto/pure.ts')),
  )

it('the Worker is bundled without lattice code', async () => {
  const files = await filesIn('workers/index.ts')
  expect(files).toContain('protocol/crypto/platform.ts')
  expect(javascriptCrypto(files)).toEqual([])
})

it('BLAKE3 brings no other algorithm with it that anybody would call', () => {
  const brought = blake3
    .filter((path) => path.includes('@noble/'))
    .map((path) => path.replace(/^.*@noble\//, ''))
  expect(brought.sort()).toEqual(
    ['_blake', '_md', '_u64', 'blake2', 'blake3', 'utils'].map((name) => `hashes/${name}.js`).sort(),
  )
})

it('what checks the DHT is bundled with that and nothing else', async () => {
  for (const entry of ['records', 'provided', 'node'])
    expect(javascriptCrypto(await filesIn(`protocol/crypto/dht/${entry}.ts`))).toEqual([])
})

it('and it would be seen', async () => {
  expect(javascriptCrypto(await filesIn('protocol/crypto/choose.ts')).length).toBeGreaterThan(2)
})
