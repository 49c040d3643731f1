// The repository as the project tests see it: the files git knows or would add, so that neither node_modules nor build
// output nor somebody's scratch file in an ignored folder is ever judged.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/paths.ts'

export const trackedFiles = (): readonly string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
    .toString()
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)))

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')
export const readJson = (path: string) => JSON.parse(read(path))
export const exists = (path: string): boolean => existsSync(join(root, path))
