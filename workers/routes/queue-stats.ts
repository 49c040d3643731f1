// GET /network/queue/stats?network=: what waits in all mailboxes of a network, and what became of what came. Asks every
// registry of the network, which ask those mailboxes that have changed, and adds up what they say.

import type { Context } from 'hono'
import { REGISTRY_SUM_MS } from '../../protocol/limits/mailbox.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import { PRIORITIES } from '../../protocol/priority.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { mailTotals } from '../mail-totals.ts'
import type { QueueStatsBody } from '../openapi/bodies/mail.ts'

const HOUR_MS = 3_600_000

export async function queueStats(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  if (!isNetworkName(network)) return refuse(c, 'bad-name', 'the name of the network is not well formed')
  const { mailboxes, behind, counts, gauges } = await mailTotals(c.env, network)
  const { letters, bytes, oldestHour } = gauges
  const { known, refused } = counts
  const sum = (of: Readonly<Record<string, number>>) => Object.values(of).reduce((a, b) => a + b, 0)
  const body: QueueStatsBody = {
    network,
    mailboxes,
    behind,
    total: {
      depth: letters,
      bytes,
      // Of letters the hour is all that is known.
      oldestAgeMs: oldestHour === null ? null : Math.max(0, Date.now() - oldestHour * HOUR_MS),
      accepted: sum(counts.accepted),
      delivered: sum(counts.delivered),
      acknowledged: sum(counts.acknowledged),
      expired: sum(counts.expired),
      known,
      refused: sum(refused),
    },
    priorities: Object.fromEntries(
      PRIORITIES.map((priority) => [
        priority,
        {
          depth: gauges.byPriority[priority],
          accepted: counts.accepted[priority],
          delivered: counts.delivered[priority],
          acknowledged: counts.acknowledged[priority],
          expired: counts.expired[priority],
        },
      ]),
    ) as QueueStatsBody['priorities'],
    refused,
    // But for those that are behind.
    staleMsMax: REGISTRY_SUM_MS,
  }
  return c.json(body, 200, { 'Cache-Control': 'no-store' })
}
