// What the mailboxes of a network come to: every registry of the network is asked, which ask those mailboxes that have changed.

import { addTotals, type MailTotals, NO_MAIL } from '../protocol/mailbox/report.ts'
import type { Env } from './env.ts'
import { registriesOf } from './network/registries.ts'

export async function mailTotals(env: Env, network: string): Promise<MailTotals> {
  const asked = registriesOf(env, network).map((registry) => registry.totals())
  return (await Promise.all(asked)).reduce(addTotals, NO_MAIL)
}
