// What a local edge is set to: secrets made once, kept, and nobody else's to read.

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseSecret } from '../../protocol/crypto/admission/keys.ts'
import { DEV_VARS, keepDevVars } from '../../scripts/dev-vars.ts'
import { problemsOf } from '../../workers/settings/settings.ts'
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
  expect(keepDevVars(folder)).toBe(true)
  expect(secretIn(text())).toHaveLength(32)
  expectPrivate()
})

it('are kept', () => {
  keepDevVars(folder)
  const before = text()
  expect(keepDevVars(folder)).toBe(false)
  expect(text()).toBe(before)
})

it('are added to what somebody wrote there, which stays', () => {
  writeFileSync(path(), '# PASS_SECRET=no\nOTHER=1')
  chmodSync(path(), 0o644)
  expect(keepDevVars(folder)).toBe(true)
  expect(text().startsWith('# PASS_SECRET=no\nOTHER=1\n')).toBe(true)
  expect(secretIn(text())).toHaveLength(32)
  expectPrivate()
})

it('of somebody’s own are left alone', () => {
  const own = 'PASS_SECRET="own"\nADMIN_TOKEN=own\nNETWORK_VIEW=admin\nREPORT_EVERY_MS=0\n'
  writeFileSync(path(), own)
  expect(keepDevVars(folder)).toBe(false)
  expect(text()).toBe(own)
})

it('are settings that the edge takes', () => {
  keepDevVars(folder)
  const vars = Object.fromEntries(
    [...text().matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  )
  expect(Object.keys(vars).sort()).toEqual(['ADMIN_TOKEN', 'NETWORK_VIEW', 'PASS_SECRET', 'REPORT_EVERY_MS'])
  expect(problemsOf(vars)).toEqual([])
})

it('are never committed', () => expect(read('.gitignore')).toMatch(/^\.dev\.vars/m))
