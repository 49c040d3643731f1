// What is deployed: the Worker holds no cryptography in JavaScript. It is slower there than a free Worker's whole time for
// a request, and a bundler takes in whatever a dynamic import might want.

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

const javascriptCrypto = (files: readonly string[]) =>
  files.filter((path) => path.includes('@noble/') || path.endsWith('crypto/pure.ts'))

it('the Worker is bundled without lattice code', async () => {
  const files = await filesIn('workers/index.ts')
  expect(files).toContain('protocol/crypto/platform.ts')
  expect(javascriptCrypto(files)).toEqual([])
})

it('and it would be seen', async () => {
  expect(javascriptCrypto(await filesIn('protocol/crypto/choose.ts')).length).toBeGreaterThan(2)
})
