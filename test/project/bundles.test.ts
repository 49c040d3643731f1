// What tests have bundled is kept, and is made anew when anything in it has changed: else they would test what was.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bundled } from '../support/bundles.ts'

it('a bundle is what its files are, however often they change', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waypost-bundle-'))
  try {
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
    const entryPoints = { said: join(folder, 'said.ts') }
    const options = { entryPoints, bundle: true, format: 'esm', logLevel: 'silent' } as const
    const said = async (more = {}) => {
      const files = await bundled({ ...options, ...more }, join(folder, 'kept'))
      return [...files].map(([name, text]) => [name, /"(.*)"/.exec(text)?.[1]])
    }
    write('said.ts', "import { word } from './word.ts'\nconsole.log(word)")
    for (const word of ['one', 'one', 'other', 'one']) {
      write('word.ts', `export const word: string = '${word}'`)
      expect(await said()).toEqual([['said.js', word]])
    }
    expect(await said({ minify: true })).toEqual([['said.js', 'one']])
    rmSync(join(folder, 'word.ts'))
    await expect(said()).rejects.toThrow('word.ts')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
