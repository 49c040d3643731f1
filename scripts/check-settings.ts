// Before a deploy: reads wrangler.toml as wrangler does, and says of each setting that cannot be what it must be. Secrets it
// cannot see: the edge itself says so of those, to whoever asks it anything.
//
//   node scripts/check-settings.ts [wrangler.toml]

import { join } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import { root } from './paths.ts'
import { problemsInVars } from './vars.ts'

const { vars } = unstable_readConfig({ config: process.argv[2] ?? join(root, 'wrangler.toml') })
const problems = problemsInVars(vars)
for (const problem of problems) process.stderr.write(`settings: ${problem}\n`)
if (problems.length > 0) process.exit(1)
