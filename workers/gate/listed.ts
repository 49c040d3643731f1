// Whether a peer is on the blacklist, as the Worker goes by it. A new pass waits for its registry's own word; whoever shows a
// pass is judged by what this isolate heard within half a minute. Why it is done so: protocol/decisions/0015.

import { waitUntil } from 'cloudflare:workers'
import { registryObjectName, registryOf } from '../../protocol/mailbox/report.ts'
import { CLEAR, KnownLists, type Verdict } from '../../protocol/protection/known-lists.ts'
import type { OffenceReport } from '../../protocol/protection/offences.ts'
import type { Env } from '../env.ts'

/** This isolate's own. */
const lists = new KnownLists()

export const registryName = (network: string, peer: Uint8Array) =>
  registryObjectName(network, registryOf(peer))

/** For whoever shows a good pass, which the edge gave within the hour: if nobody can be asked, it is let in by that. */
export async function verdictOn(env: Env, network: string, peer: Uint8Array): Promise<Verdict> {
  const registry = registryName(network, peer)
  const asking = lists.asking(registry, Date.now())
  if (asking === 'first') await ask(env, registry)
  if (asking === 'meanwhile') waitUntil(ask(env, registry))
  const verdict = lists.verdict(registry, peer, Date.now())
  return verdict.kind === 'unknown' ? CLEAR : verdict
}

/** For whoever wants a pass. `unknown`: there is to be none. */
export async function exactVerdictOn(env: Env, network: string, peer: Uint8Array): Promise<Verdict> {
  const registry = registryName(network, peer)
  try {
    const listing = await env.REGISTRIES.getByName(registry).listing(peer)
    return listing === undefined ? CLEAR : { kind: 'listed', untilMs: listing.untilMs }
  } catch {
    return lists.verdict(registry, peer, Date.now())
  }
}

/** What was changed here holds here at once. */
export async function listChanged(env: Env, registry: string): Promise<void> {
  await ask(env, registry)
}

/** What a peer did over HTTP, with a pass of its own. */
export function complain(env: Env, network: string, report: OffenceReport): void {
  waitUntil(
    env.REGISTRIES.getByName(registryName(network, report.peer))
      .offended(report)
      .catch(() => {}),
  )
}

/** For people. */
export function untilText(untilMs: number | null): string {
  return untilMs === null
    ? 'until somebody takes it off the list'
    : `until ${new Date(untilMs).toISOString()}`
}

async function ask(env: Env, registry: string): Promise<void> {
  try {
    const told = await env.REGISTRIES.getByName(registry).listedSince(lists.versionOf(registry))
    lists.told(registry, told, Date.now())
  } catch {
    // What was heard last holds for a while; after that nothing is known.
  }
}
