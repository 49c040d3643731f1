// What a local edge is set to that no deployment is: its secrets, made once and kept, so that who was let in before a restart
// still is after it; and that whoever is at this machine may look at everything, at once. wrangler reads them from .dev.vars,
// which git ignores and nobody else on the machine may read.

import { randomBytes } from 'node:crypto'
import { appendFileSync, chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const DEV_VARS = '.dev.vars'

const newSecret = () => randomBytes(32).toString('base64url')

const WANTED: Readonly<Record<string, () => string>> = {
  PASS_SECRET: newSecret,
  ADMIN_TOKEN: newSecret,
  NETWORK_VIEW: () => 'open',
  REPORT_EVERY_MS: () => '5000',
}

/** Adds what is missing and changes nothing that is there. True when something was added. */
export function keepDevVars(folder: string): boolean {
  const path = join(folder, DEV_VARS)
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const missing = Object.entries(WANTED).filter(
    ([name]) => !new RegExp(`^\\s*(?:export\\s+)?${name}\\s*=`, 'm').test(text),
  )
  if (missing.length === 0) return false
  const lead =
    text === '' ? '# Of the local edge, made by `npm start`. Delete the file for new secrets.\n' : ''
  const end = text === '' || text.endsWith('\n') ? '' : '\n'
  const lines = missing.map(([name, make]) => `${name}=${make()}\n`)
  appendFileSync(path, `${end}${lead}${lines.join('')}`, { mode: 0o600 })
  chmodSync(path, 0o600) // A file that was there has the mode it had.
  return true
}
