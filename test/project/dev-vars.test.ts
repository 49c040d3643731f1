// The secrets of a local edge: made once, kept, and nobody else's to read.

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseSecret } from '../../protocol/crypto/admission/keys.ts'
import { DEV_VARS, keepSecrets } from '../../scripts/dev-vars.ts'
import { read } from './tree.ts'

let folder = ''
const path = () => join(folder, DEV_VARS)
const text = () => readFileSync(path(), 'utf8')
const secretIn = (lines: string) => parseSecret(/^PASS_SECRET=(.*)$/m.exec(lines)?.[1] ?? '')
const expectPrivate = () => {
  if (process.platform !== 'win32') expect(statSync(path()).mode & 0o777).toBe(0o600)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waypost-vars-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('are made where there are none, and are good ones', () => {
  expect(keepSecrets(folder)).toBe(true)
  expect(secretIn(text())).toHaveLength(32)
  expectPrivate()
})

it('are kept', () => {
  keepSecrets(folder)
  const before = text()
  expect(keepSecrets(folder)).toBe(false)
  expect(text()).toBe(before)
})

it('are added to what somebody wrote there, which stays', () => {
  writeFileSync(path(), '# PASS_SECRET=no\nOTHER=1')
  chmodSync(path(), 0o644)
  expect(keepSecrets(folder)).toBe(true)
  expect(text().startsWith('# PASS_SECRET=no\nOTHER=1\n')).toBe(true)
  expect(secretIn(text())).toHaveLength(32)
  expectPrivate()
})

it('of somebody’s own are left alone', () => {
  writeFileSync(path(), 'PASS_SECRET="own"\n')
  expect(keepSecrets(folder)).toBe(false)
  expect(text()).toBe('PASS_SECRET="own"\n')
})

it('are never committed', () => expect(read('.gitignore')).toMatch(/^\.dev\.vars/m))
