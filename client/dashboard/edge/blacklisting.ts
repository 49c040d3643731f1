// Putting a peer on the blacklist and taking it off, as the pages do it that can.

import { type Answer, askFor } from './ask.ts'
import { type BlacklistEntry, readEntry } from './shapes.ts'

const HOUR_MS = 3_600_000
/** Null: until somebody takes it off. */
export const TERMS: readonly (readonly [words: string, ms: number | null])[] = [
  ['an hour', HOUR_MS],
  ['a day', 24 * HOUR_MS],
  ['a week', 7 * 24 * HOUR_MS],
  ['30 days', 30 * 24 * HOUR_MS],
  ['until somebody takes it off', null],
]

/** A choice of them. */
export function termChoice(id: string): HTMLSelectElement {
  const select = document.createElement('select')
  select.id = id
  select.append(...TERMS.map(([words], at) => new Option(words, String(at))))
  return select
}

export function listPeer(
  network: string,
  id: string,
  terms: { readonly reason: string; readonly term: HTMLSelectElement; readonly note?: string },
): Promise<Answer<BlacklistEntry>> {
  const { reason, term, note = '' } = terms
  const forMs = TERMS[Number(term.value)]?.[1] ?? null
  const body = {
    network,
    id,
    reason,
    ...(forMs === null ? {} : { untilMs: Date.now() + forMs }),
    ...(note === '' ? {} : { note }),
  }
  return askFor('/network/blacklist', readEntry, { method: 'POST', body })
}

export function unlistPeer(network: string, id: string): Promise<Answer<true>> {
  const path = `/network/blacklist/${encodeURIComponent(id)}?network=${encodeURIComponent(network)}`
  return askFor(path, () => true as const, { method: 'DELETE' })
}
