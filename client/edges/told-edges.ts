// Edges that peers told of (protocol/introductions/), as they are kept with the identity: those first that are tried first.

import { rank } from '../../protocol/balance/consistent-hash.ts'
import type { Target } from '../../protocol/balance/contract.ts'
import { unknownTarget } from '../../protocol/balance/target.ts'
import type { ToldEdge } from '../../protocol/introductions/contract.ts'
import {
  INTRODUCTION_EDGE_KEPT_MS,
  INTRODUCTION_EDGE_TELLERS_MAX,
  INTRODUCTION_EDGES_KEPT_MAX,
} from '../../protocol/limits/introductions.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import { edgeUrl } from '../edge-url.ts'
import type { SealedStore } from '../identities/store.ts'

const placeOf = (network: string) => `told edges ${network}`

/** What cannot be read, or is not as we write it, is nothing. */
export async function readToldEdges(
  store: Pick<SealedStore, 'get'>,
  network: string,
  isSecure: boolean,
  nowMs: number,
): Promise<readonly ToldEdge[]> {
  const bytes = await store.get(placeOf(network)).catch(() => undefined)
  const kept = bytes === undefined ? undefined : listIn(bytes)
  return (kept ?? []).slice(0, INTRODUCTION_EDGES_KEPT_MAX).flatMap((one) => {
    const { url, tellers, toldAtMs } = (one ?? {}) as Partial<Record<keyof ToldEdge, unknown>>
    const read = edgeUrl(url, isSecure)
    if (read === undefined || !isTexts(tellers) || typeof toldAtMs !== 'number') return []
    if (nowMs - toldAtMs >= INTRODUCTION_EDGE_KEPT_MS) return []
    return [{ url: read, tellers: tellers.slice(0, INTRODUCTION_EDGE_TELLERS_MAX), toldAtMs }]
  })
}

/** What the device will not keep, it does without. */
export async function keepToldEdges(
  store: Pick<SealedStore, 'set'>,
  network: string,
  edges: readonly ToldEdge[],
): Promise<void> {
  await store.set(placeOf(network), utf8(JSON.stringify(edges))).catch(() => {})
}

/**
 * Those that several told of before those that one did: an address can be made up so that it comes first among equals. Of these by the
 * network's name, so that all who lost the same edge go to the same one.
 */
export function inTurn(edges: readonly ToldEdge[], network: string): readonly string[] {
  const ranked = (some: readonly ToldEdge[]) => {
    const targets = some.map(({ url }) => unknownTarget(url)).sort((a, b) => (a.id < b.id ? -1 : 1))
    return rank(targets, network).map((at) => (targets[at] as Target).id)
  }
  const isOfSeveral = ({ tellers }: ToldEdge) => tellers.length > 1
  return [...ranked(edges.filter(isOfSeveral)), ...ranked(edges.filter((edge) => !isOfSeveral(edge)))]
}

function listIn(bytes: Uint8Array): readonly unknown[] | undefined {
  try {
    const list: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return Array.isArray(list) ? list : undefined
  } catch {
    return undefined
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
