// How a network does, as all its registries together know it.

import { REGISTRIES } from '../../protocol/mailbox/report.ts'
import type { NetworkHealth } from '../../protocol/network/health.ts'
import { healthOf } from '../../protocol/network/health.ts'
import { reportEveryMs } from '../../protocol/network/settings.ts'
import type { Env } from '../env.ts'
import { askRegistries } from './registries.ts'

export interface HealthBody extends NetworkHealth {
  readonly network: string
  readonly atMs: number
  /** Some registries did not answer. */
  readonly partial: boolean
}

export async function askHealth(env: Env, network: string): Promise<HealthBody> {
  const { answers, missing } = await askRegistries(env, network, (registry) => registry.view())
  const health = healthOf(answers, reportEveryMs(env), { registries: missing, of: REGISTRIES })
  return { network, atMs: Date.now(), partial: missing > 0, ...health }
}
