// The deployment's configuration: all of it read at once, by the table, before anything is served. What is wrong is found with
// the first request and not with the one that needs it.

import { remembered } from '../../protocol/settings/remembered.ts'
import { Misconfigured } from '../errors.ts'
import { type GivenSettings, SETTINGS, type SettingName, type Settings } from './table.ts'
import { turnMisfit } from './turn.ts'

export type { GivenSettings, Settings } from './table.ts'

const NAMES = Object.keys(SETTINGS) as readonly SettingName[]

/** Of environments that are made for a request each. */
const ofRequests = new WeakMap<GivenSettings, Settings | Misconfigured>()

/** Throws Misconfigured, whose message names the setting and what it must be. */
export function settings(given: GivenSettings): Settings {
  const found = ofRequests.get(given) ?? current(given)
  if (found instanceof Misconfigured) throw found
  return found
}

/** What is asked for many times in a request is looked up once: `made` of `env` is set as that is now. */
export function settledAs(made: GivenSettings, env: GivenSettings): void {
  ofRequests.set(made, current(env))
}

/** What this isolate was given, and what it came to: a value, or why there is none. */
const current = remembered(NAMES, read)

function read(given: GivenSettings): Settings | Misconfigured {
  const problem = problemsOf(given)[0]
  if (problem !== undefined) return new Misconfigured(problem)
  const settings = Object.fromEntries(
    NAMES.map((name) => [name, valueGiven(name, given)]),
  ) as unknown as Settings
  const misfit = turnMisfit(settings)
  return misfit === undefined ? settings : new Misconfigured(misfit)
}

/** A sentence for each setting that cannot be used; for who starts or deploys an edge. */
export function problemsOf(given: GivenSettings, names: readonly SettingName[] = NAMES): readonly string[] {
  return names.flatMap((name) => {
    try {
      valueGiven(name, given)
      return []
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return [error.message]
    }
  })
}

function valueGiven(name: SettingName, given: GivenSettings): unknown {
  const { read } = SETTINGS[name] as { read(name: string, given: unknown): unknown }
  return read(name, given[name])
}
