// The answer over HTTP to a peer on the blacklist: that it is, and until when.

import type { Context } from 'hono'
import { retryAfterMsOf, type Verdict } from '../../protocol/protection/known-lists.ts'
import type { Edge } from '../env.ts'
import { refuseFor } from '../errors.ts'
import { exactVerdictOn, untilText, verdictOn } from './listed.ts'

/** How long a client waits that cannot be judged: a registry that is put elsewhere is there again in a moment. */
const UNJUDGED_RETRY_MS = 2_000

/** For whoever showed a good pass. Undefined: it is not listed, as far as anybody knows. */
export async function refuseListed(
  c: Context<Edge>,
  network: string,
  peer: Uint8Array,
): Promise<Response | undefined> {
  return answerTo(c, await verdictOn(c.env, network, peer))
}

/** For whoever is to get one. Undefined: its registry says that it is not listed. */
export async function refuseUnlessClear(
  c: Context<Edge>,
  network: string,
  peer: Uint8Array,
): Promise<Response | undefined> {
  const verdict = await exactVerdictOn(c.env, network, peer)
  if (verdict.kind !== 'unknown') return answerTo(c, verdict)
  return refuseFor(c, 'busy', 'nobody can say just now whether this peer may come', UNJUDGED_RETRY_MS)
}

function answerTo(c: Context<Edge>, verdict: Verdict): Response | undefined {
  if (verdict.kind !== 'listed') return undefined
  const { untilMs } = verdict
  const message = `this peer is on the blacklist of this network, ${untilText(untilMs)}`
  return refuseFor(c, 'blacklisted', message, retryAfterMsOf(untilMs, Date.now()))
}
