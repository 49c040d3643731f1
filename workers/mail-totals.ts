// What the mailboxes of a network come to: every registry of the network is asked, which ask those mailboxes that have changed.

import {
  addTotals,
  type MailTotals,
  NO_MAIL,
  REGISTRIES,
  registryObjectName,
} from '../protocol/mailbox/report.ts'
import type { Env } from './env.ts'

export async function mailTotals(env: Env, network: string): Promise<MailTotals> {
  const registries = Array.from({ length: REGISTRIES }, (_, registry) =>
    env.REGISTRIES.getByName(registryObjectName(network, registry)).totals(),
  )
  return (await Promise.all(registries)).reduce(addTotals, NO_MAIL)
}
