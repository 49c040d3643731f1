// What a configuration file may say under [vars]: settings, each as it must be, and no secret.

import { problemsOf } from '../workers/settings/settings.ts'
import { type GivenSettings, SETTINGS, type SettingName } from '../workers/settings/table.ts'
import { TWO_TURN_SERVICES } from '../workers/settings/turn.ts'

const isSetting = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name)

/** A sentence for each. */
export function problemsInVars(vars: Readonly<Record<string, unknown>>): readonly string[] {
  const names = Object.keys(vars)
  const settings = names.filter(isSetting)
  const secrets = settings.filter((name) => SETTINGS[name].isSecret)
  return [
    ...names.filter((name) => !isSetting(name)).map((name) => `${name} is no setting of this edge`),
    ...secrets.map(
      (name) => `${name} is a secret and must be in no file: \`npx wrangler secret put ${name}\` sets it`,
    ),
    ...problemsOf(
      vars as GivenSettings,
      settings.filter((name) => !SETTINGS[name].isSecret),
    ),
    // Secrets cannot be seen from here: what is missing of them the edge says itself.
    ...(vars.TURN_KEY_ID && vars.TURN_URLS ? [TWO_TURN_SERVICES] : []),
  ]
}
