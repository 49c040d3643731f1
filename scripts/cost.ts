// npm run cost: writes docs/cost.md anew. A test fails while the page is not what this makes of it.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { costPage } from './cost/page.ts'
import { root } from './paths.ts'

writeFileSync(join(root, 'docs', 'cost.md'), costPage())
