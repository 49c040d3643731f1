// Documents say what is so: links lead somewhere, tables of settings and words agree with the code.

import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../protocol/errors.ts'
import type { Setting } from '../../protocol/settings/kinds.ts'
import { VERSION } from '../../protocol/version.ts'
import { root } from '../../scripts/paths.ts'
import { SETTINGS } from '../../workers/settings/table.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = globSync('**/*.md', {
  cwd: root,
  exclude: (path) => /node_modules|dist|\.wrangler/.test(`${path}`),
})

describe('documents', () => {
  it('are found at all', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/operations.md']))
  })

  it.each(documents)('%s links only to what exists', (document) => {
    const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string)
    const local = links.filter((link) => !/^[a-z]+:/.test(link) && !link.startsWith('#'))
    const missing = local.filter(
      (link) => !existsSync(join(root, dirname(document), link.replace(/#.*$/, ''))),
    )
    expect(missing).toEqual([])
  })

  it('give every setting as the table has it: its default, range, and what it does', () => {
    const rows = Object.entries<Setting<unknown, never>>(SETTINGS).map(
      ([name, { otherwise, least = '', most = '', what, isSecret }]) =>
        isSecret
          ? `| \`${name}\` | ${what} |`
          : `| \`${name}\` | ${otherwise} | ${least} | ${most} | ${what} |`,
    )
    const told = read('docs/operations.md').match(/^\| `[A-Z_]+` \|.*$/gm)
    expect(told).toEqual(rows.map((row) => row.replaceAll('|  |', '| |').replaceAll('|  |', '| |')))
  })

  it('and wrangler.toml set only what is a setting, and no secret', () => {
    const vars = read('wrangler.toml').split('[vars]')[1] ?? ''
    const names = [...vars.matchAll(/^([A-Z_]+) *=/gm)].map((match) => match[1])
    expect(names.length).toBeGreaterThan(0)
    const settings = Object.entries(SETTINGS).filter(([, { isSecret }]) => !isSecret)
    for (const name of names) expect(settings.map(([one]) => one)).toContain(name)
  })

  it('and the package agree on the version', () => {
    expect((JSON.parse(read('package.json')) as { version: string }).version).toBe(VERSION)
    expect(read('docs/operations.md')).toContain(`"version": "${VERSION}"`)
  })

  it('leave no error code unexplained where it is defined', () => {
    const source = read('protocol/errors.ts')
    for (const code of ERROR_CODES) expect(source).toMatch(new RegExp(`'${code}', // .+`))
  })
})
