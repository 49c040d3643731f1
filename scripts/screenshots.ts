// `npm run screenshots`: builds the dashboard and writes the README's pictures anew, into docs/images or the folder that is named.

import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { takePictures } from '../test/browser/pictures.ts'
import { root } from './paths.ts'

const folder = resolve(process.argv[2] ?? join(root, 'docs', 'images'))
const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.ts'), '--dashboard'], {
  stdio: 'inherit',
})
if (built.status !== 0) process.exit(1)
await takePictures(folder)
process.stdout.write(`pictures are in ${folder}\n`)
