// The repository as the project tests see it: the files git knows or would add, so that neither node_modules nor build
// output nor somebody's scratch file in an ignored folder is ever judged.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from '../../scripts/paths.ts'

export function trackedFiles(): readonly string[] {
  // CI may check out as one user and test as another, which git takes for an attack unless told otherwise.
  const trust = ['-c', 'safe.directory=*']
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const git = spawnSync('git', [...trust, ...list], { cwd: root, encoding: 'utf8' })
  const paths = git.status === 0 ? git.stdout.split('\0') : filesBelow()
  return paths.filter((path) => path !== '' && existsSync(join(root, path)))
}

/** What git would list, where there is no git: the source of a release, say. */
function filesBelow(): readonly string[] {
  const ignored = /^(?:\.git|\.wrangler|node_modules|dist|coverage)(?:\/|$)|\.(?:log|tgz)$/
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !ignored.test(path))
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')
export const readJson = (path: string) => JSON.parse(read(path))
export const exists = (path: string): boolean => existsSync(join(root, path))
