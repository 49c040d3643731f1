// The secrets of a local edge: made once and kept, so that who was let in before a restart still is after it. wrangler
// reads them from .dev.vars, which git ignores and nobody else on the machine may read.

import { randomBytes } from 'node:crypto'
import { appendFileSync, chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const DEV_VARS = '.dev.vars'

/** Adds what is missing and changes nothing that is there. True when something was added. */
export function keepSecrets(folder: string): boolean {
  const path = join(folder, DEV_VARS)
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (/^\s*(?:export\s+)?PASS_SECRET\s*=/m.test(text)) return false
  const lead =
    text === '' ? '# Secrets of the local edge, made by `npm start`. Delete the file for new ones.\n' : ''
  const end = text === '' || text.endsWith('\n') ? '' : '\n'
  appendFileSync(path, `${end}${lead}PASS_SECRET=${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
  chmodSync(path, 0o600) // A file that was there has the mode it had.
  return true
}
