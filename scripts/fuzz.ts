// `npm run test:fuzz [-- --times 10]`: so many times the hostile frames that `npm test` throws at a room (test/edge/fuzz.test.ts), whose first
// ones are the same. Apart from it, since two hundred thousand take most of a minute.

import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { root } from './paths.ts'

const { values } = parseArgs({ options: { times: { type: 'string', default: '4' } } })
const times = Number(values.times)
if (!Number.isInteger(times) || times < 1) throw new RangeError('--times wants a whole number from 1 on')
const { status } = spawnSync('vitest', ['run', '--project', 'counted', 'test/edge/fuzz.test.ts'], {
  cwd: root,
  env: { ...process.env, FUZZ_TIMES: String(times) },
  stdio: 'inherit',
  shell: process.platform === 'win32',
})
process.exit(status ?? 1)
