// How a network does, as all its registries together know it.

import { addTotals, NO_MAIL, REGISTRIES } from '../../protocol/mailbox/report.ts'
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

/** What waits in mailboxes, in short; /network/queue/stats has the rest. Apart from the above, since a registry may have mailboxes to ask. */
export async function askMail(env: Env, network: string) {
  const { answers, missing } = await askRegistries(env, network, (registry) => registry.totals())
  const { mailboxes, behind, gauges } = answers.reduce(addTotals, NO_MAIL)
  return { mailboxes, behind, letters: gauges.letters, bytes: gauges.bytes, partial: missing > 0 }
}
