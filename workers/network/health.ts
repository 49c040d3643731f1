// How a network does, as all its registries together know it.

import { addTotals, NO_MAIL, REGISTRIES } from '../../protocol/mailbox/report.ts'
import { healthOf } from '../../protocol/network/health.ts'
import { reportEveryMs } from '../../protocol/network/settings.ts'
import type { Env } from '../env.ts'
import type { NetworkHealthBody } from '../openapi/bodies/network.ts'
import { askRegistries } from './registries.ts'

/** But for what waits in mailboxes. */
export type HealthBody = Omit<NetworkHealthBody, 'mail'>

export async function askHealth(env: Env, network: string): Promise<HealthBody> {
  const { answers, missing } = await askRegistries(env, network, (registry) => registry.view())
  const health = healthOf(answers, reportEveryMs(env), { registries: missing, of: REGISTRIES })
  return { network, atMs: Date.now(), partial: missing > 0, ...health }
}

/** What waits in mailboxes, in short; /network/queue/stats has the rest. Apart from the above, since a registry may have mailboxes to ask. */
export async function askMail(env: Env, network: string): Promise<NetworkHealthBody['mail']> {
  const { answers, missing } = await askRegistries(env, network, (registry) => registry.totals())
  const { mailboxes, behind, gauges } = answers.reduce(addTotals, NO_MAIL)
  return { mailboxes, behind, letters: gauges.letters, bytes: gauges.bytes, partial: missing > 0 }
}
