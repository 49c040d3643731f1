// A peer says that it has the content of keys: a row for each of them, and the part that is signed once.

import { DHT_TTL_MS_MOST } from '../../limits/dht.ts'
import { SHARD_FULL_RETRY_MS, SHARD_PROVIDERS_MAX } from '../../limits/shard.ts'
import type { ProvidedHead, ProvidedKey, ShardAnswer, ShardRequest } from '../contract.ts'
import { keyText } from '../place.ts'
import { bytesOfHead, bytesOfProvider } from './books.ts'
import { isWorthWriting } from './compare.ts'
import type { ProviderRow } from './contract.ts'
import { type Desk, refused } from './desk.ts'

interface Planned {
  readonly row: ProviderRow
  /** This shard's own of the same peer, expired or not. */
  readonly before: ProviderRow | undefined
  /** Who makes room. */
  readonly out: ProviderRow | undefined
}

export function provide(desk: Desk, request: ShardRequest & { readonly kind: 'provide' }): ShardAnswer {
  const { head } = request
  const expiresAtMs = Math.min(
    head.createdMs + head.ttlSeconds * 1_000,
    desk.nowMs + DHT_TTL_MS_MOST.provided,
  )
  if (expiresAtMs <= desk.nowMs) return refused('expired')
  const planned: Planned[] = []
  let [kept, stale, firstEndMs] = [0, 0, Number.POSITIVE_INFINITY]
  for (const each of unique(request.keys)) {
    const there = desk.view.provider(each.key, head.peer)
    if (there !== undefined && there.createdMs > head.createdMs) stale++
    else if (there !== undefined && !isWorthWriting(expiresAtMs, there.expiresAtMs, desk.nowMs)) {
      kept++
      firstEndMs = Math.min(firstEndMs, there.expiresAtMs)
    } else {
      const plan = planFor(desk, head, each, expiresAtMs)
      if (plan === undefined) continue
      planned.push(plan)
      kept++
      firstEndMs = Math.min(firstEndMs, expiresAtMs)
    }
  }
  if (kept === 0) return refused(stale > 0 ? 'stale' : 'over-quota')
  const refusal = planned.length === 0 ? undefined : write(desk, head, planned)
  return refusal ?? { kind: 'stored', expiresAtMs: firstEndMs, isNew: planned.length > 0, kept }
}

/** Undefined: the key has as many providers as it may, who all last longer. */
function planFor(
  { store, view, nowMs }: Desk,
  head: ProvidedHead,
  { key, index, path }: ProvidedKey,
  expiresAtMs: number,
): Planned | undefined {
  const before = view.ownProvider(key, head.peer)
  let out: ProviderRow | undefined
  if (before === undefined) {
    const others = store.providers(key)
    if (others.length >= SHARD_PROVIDERS_MAX) {
      // One that expired may still keep an older one of the parent's from coming up again; it goes all the same.
      out = others.reduce((first, each) => (each.expiresAtMs < first.expiresAtMs ? each : first))
      if (out.expiresAtMs > nowMs && out.expiresAtMs >= expiresAtMs) return undefined
    }
  }
  const { peer, id, region, createdMs } = head
  const endsAtMs = Math.max(expiresAtMs, view.providerHidesUntilMs(key, peer))
  return { row: { key, peer, head: id, index, path, region, createdMs, expiresAtMs, endsAtMs }, before, out }
}

/** All of them, or a refusal and none. */
function write(
  { view, books, isFull }: Desk,
  head: ProvidedHead,
  planned: readonly Planned[],
): ShardAnswer | undefined {
  let [records, bytes] = [0, books.hasHead(head.id) ? 0 : bytesOfHead(head)]
  for (const { row, before } of planned) {
    if (before === undefined) records++
    bytes += bytesOfProvider(row) - (before === undefined ? 0 : bytesOfProvider(before))
  }
  if (isFull && records > 0) return refused('busy', SHARD_FULL_RETRY_MS)
  if (!books.canKeep(head.peer, records, bytes)) return refused('over-quota')
  books.useHead({ id: head.id, peer: head.peer, bytes: head.bytes }, planned.length)
  for (const { row, before, out } of planned) {
    for (const gone of [before, out]) {
      if (gone === undefined) continue
      books.note(gone.peer, -1, -bytesOfProvider(gone))
      books.releaseHead(gone.head, 1)
    }
    if (out !== undefined) view.removeProvider(out)
    books.note(row.peer, 1, bytesOfProvider(row))
    view.putProvider(row)
  }
  return undefined
}

function unique(keys: readonly ProvidedKey[]): Iterable<ProvidedKey> {
  return new Map(keys.map((each) => [keyText(each.key), each])).values()
}
