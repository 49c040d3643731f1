// What those who watch a network look at: all that each registry has to say, in one question. All watchers of an isolate share a look,
// and a registry without rooms is asked more rarely: in a small network most are.

import {
  REGISTRY_ANSWER_MS,
  WATCH_EVERY_LEAST_MS,
  WATCH_EVERY_MS,
  WATCH_PEERS_MAX,
  WATCH_QUIET_MS,
  WATCHED_NETWORKS_MAX,
} from '../../protocol/limits/network.ts'
import { REGISTRIES, registryObjectName } from '../../protocol/mailbox/report.ts'
import { reportEveryMs } from '../../protocol/network/settings.ts'
import type { Env, RegistryLook } from '../env.ts'
import { soon } from './registries.ts'
import { Shared } from './shared.ts'

interface Known {
  readonly look: RegistryLook
  readonly atMs: number
}

/** By registry; undefined for one that did not answer. */
export type Looks = readonly (RegistryLook | undefined)[]

const shared = new Shared<readonly (Known | undefined)[]>(WATCHED_NETWORKS_MAX, REGISTRY_ANSWER_MS + 1_000)

/** Rooms tell once a period: who looks much more often sees nothing more. */
export function watchEveryMs(env: Env): number {
  const periodMs = reportEveryMs(env)
  if (periodMs === 0) return WATCH_EVERY_MS
  return Math.min(WATCH_EVERY_MS, Math.max(WATCH_EVERY_LEAST_MS, periodMs / 12))
}

function quietMs(env: Env): number {
  const periodMs = reportEveryMs(env)
  return periodMs === 0 ? WATCH_QUIET_MS : Math.min(WATCH_QUIET_MS, periodMs / 4)
}

export async function lookAt(env: Env, network: string): Promise<Looks> {
  // Half of it: who comes between two looks of another does not wait for its own.
  const known = await shared.get(network, watchEveryMs(env) / 2, (before) => look(env, network, before))
  return known.map((each) => each?.look)
}

function look(
  env: Env,
  network: string,
  before: readonly (Known | undefined)[] | undefined,
): Promise<readonly (Known | undefined)[]> {
  const atMs = Date.now()
  const asked = Array.from({ length: REGISTRIES }, async (_, registry) => {
    const known = before?.[registry]
    if (known !== undefined && known.look.view.rooms === 0 && atMs - known.atMs < quietMs(env)) return known
    const stub = env.REGISTRIES.getByName(registryObjectName(network, registry))
    const answer = await soon(stub.look(WATCH_PEERS_MAX))
    return answer && { look: answer.value, atMs }
  })
  return Promise.all(asked)
}
