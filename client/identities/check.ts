// Checks of what applications pass in about identities: misuse throws, and names the argument.

import { PASSPHRASE_LENGTH_MAX } from '../../protocol/limits/identities.ts'
import { isIdentityName } from '../../protocol/names.ts'
import { checkOptions } from '../options.ts'
import type { IdentityChoice } from '../types.ts'

export interface Chosen {
  readonly name: string
  readonly passphrase: string | undefined
  readonly directory: string | undefined
}

export function checkChosen(what: string, choice: IdentityChoice): Chosen {
  if (typeof choice === 'string') {
    checkName(what, choice)
    return { name: choice, passphrase: undefined, directory: undefined }
  }
  if (typeof choice !== 'object' || choice === null)
    throw new TypeError(`${what} must be a name, or { name, passphrase?, directory? }`)
  checkOptions(what, choice, ['name', 'passphrase', 'directory'])
  const { name, passphrase, directory } = choice
  checkName(`${what}: name`, name)
  if (passphrase !== undefined) checkPassphrase(`${what}: passphrase`, passphrase)
  checkDirectory(what, directory)
  return { name, passphrase, directory }
}

export function checkName(what: string, name: string): void {
  if (typeof name !== 'string') throw new TypeError(`${what} must be a string`)
  if (!isIdentityName(name)) throw new RangeError(`${what} is not well formed: ${JSON.stringify(name)}`)
}

export function checkPassphrase(what: string, passphrase: string): void {
  if (typeof passphrase !== 'string') throw new TypeError(`${what} must be a string`)
  if (passphrase === '') throw new RangeError(`${what} must not be empty`)
  if (passphrase.length > PASSPHRASE_LENGTH_MAX)
    throw new RangeError(`${what} must have at most ${PASSPHRASE_LENGTH_MAX} characters`)
}

export function checkBackup(what: string, backup: string): void {
  if (typeof backup !== 'string') throw new TypeError(`${what} must be a string`)
}

export function checkDirectory(what: string, directory: string | undefined): void {
  if (directory === undefined) return
  if (typeof directory !== 'string') throw new TypeError(`${what}: the directory must be a string`)
  if (directory === '') throw new RangeError(`${what}: the directory must not be empty`)
}

/** The one option a call has, which is a passphrase. */
export function takeOption<Name extends string>(
  what: string,
  option: Name,
  options: { readonly [name in Name]?: string } | undefined,
): string | undefined {
  checkOptions(what, options, [option])
  const passphrase = options?.[option]
  if (passphrase !== undefined) checkPassphrase(`${what}: ${option}`, passphrase)
  return passphrase
}
