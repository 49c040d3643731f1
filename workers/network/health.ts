// How a network does, as all its registries together know it, and what waits in its mailboxes.

import { addTotals, type MailTotals, NO_MAIL, REGISTRIES } from '../../protocol/mailbox/report.ts'
import type { RegistryView } from '../../protocol/network/gathered.ts'
import { healthOf } from '../../protocol/network/health.ts'
import { reportEveryMs } from '../../protocol/network/settings.ts'
import type { Env } from '../env.ts'
import type { NetworkHealthBody } from '../openapi/bodies/network.ts'
import { askRegistries } from './registries.ts'

/** But for what waits in mailboxes. */
export type HealthBody = Omit<NetworkHealthBody, 'mail'>

export interface NetworkFigures {
  readonly health: HealthBody
  readonly mail: MailTotals
  /** Registries that did not answer at all. */
  readonly missing: number
  /** …and that did not say what waits: they may have mailboxes to ask, and have a second for it. */
  readonly mailMissing: number
}

/** One question to each registry. */
export async function askFigures(env: Env, network: string): Promise<NetworkFigures> {
  const { answers, missing } = await askRegistries(env, network, (registry) => registry.figures())
  const mail = answers.flatMap(({ mail }) => (mail === undefined ? [] : [mail]))
  return {
    health: healthBody(
      env,
      network,
      answers.map(({ view }) => view),
    ),
    mail: mail.reduce(addTotals, NO_MAIL),
    missing,
    mailMissing: REGISTRIES - mail.length,
  }
}

export async function askHealth(env: Env, network: string): Promise<NetworkHealthBody> {
  const { health, mail, mailMissing } = await askFigures(env, network)
  const { history, ...now } = health
  const { mailboxes, behind, gauges } = mail
  const { letters, bytes } = gauges
  return { ...now, mail: { mailboxes, behind, letters, bytes, partial: mailMissing > 0 }, history }
}

/** Of those registries that answered. */
export function healthBody(env: Env, network: string, views: readonly RegistryView[]): HealthBody {
  const missing = REGISTRIES - views.length
  const health = healthOf(views, reportEveryMs(env), { registries: missing, of: REGISTRIES })
  return { network, atMs: Date.now(), partial: missing > 0, ...health }
}
