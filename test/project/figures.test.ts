// Figures that documents and alert rules speak of are figures that there are, and none goes without a word.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../../scripts/paths.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const namesIn = (text: string) => new Set(text.match(/waypost_[a-z_]+[a-z]/g) ?? [])

const written = new Set(
  ['workers/routes/metrics.ts', 'workers/network/metrics.ts']
    .flatMap((path) => [...read(path).matchAll(/'(waypost_[a-z_]+)'/g)])
    .map(([, name]) => name as string),
)

it('every figure of /metrics is in the page for operators, and no other', () => {
  expect(written.size).toBeGreaterThan(15)
  const said = namesIn(read('docs/operations.md'))
  expect([...written].filter((name) => !said.has(name))).toEqual([])
  const strange = [...said].filter((name) => !written.has(name) && name !== 'waypost_network')
  expect(strange).toEqual([])
})

it('alerts are about figures that there are', () => {
  const named = [...namesIn(read('docs/alerts.yml'))].map((name) => name.replace(/_(bucket|sum|count)$/, ''))
  expect(named.length).toBeGreaterThan(4)
  expect(named.filter((name) => !written.has(name))).toEqual([])
})
