// What we keep published: put into the mesh now and again, by us alone. Those who hold it for us do not hand it on, since whoever
// receives it would have to believe that there is a reason; so it is gone soon after we are.

import { MESH_PUBLISHED_MAX, MESH_REPUBLISH_MS } from '../../limits/mesh.ts'
import { toBase64url } from '../../wire/base64url.ts'
import type { Key } from '../contract.ts'
import type { Checked, Given } from './contract.ts'

export interface Publication {
  readonly given: Given
  readonly key: Key
  readonly item: Checked
}

const POSTPONED_MS = 1_000

export class Published {
  readonly #publications = new Map<string, Publication & { dueAtMs: number }>()

  get wakeAtMs(): number | undefined {
    let first: number | undefined
    for (const { dueAtMs } of this.#publications.values()) {
      if (first === undefined || dueAtMs < first) first = dueAtMs
    }
    return first
  }

  /** Due at once. */
  add(publication: Publication, nowMs: number): void {
    const name = toBase64url(publication.key)
    if (!this.#publications.has(name) && this.#publications.size >= MESH_PUBLISHED_MAX)
      throw new RangeError(`more than ${MESH_PUBLISHED_MAX} records are published`)
    this.#publications.set(name, { ...publication, dueAtMs: nowMs })
  }

  remove(key: Key): void {
    this.#publications.delete(toBase64url(key))
  }

  /** Too much is under way for what is due now. */
  postpone(nowMs: number): void {
    for (const publication of this.#publications.values())
      publication.dueAtMs = Math.max(publication.dueAtMs, nowMs + POSTPONED_MS)
  }

  /** One that is due, due again later. `chance` spreads them, so that all of one moment are not all of the next as well. */
  takeDue(nowMs: number, chance: number): Publication | undefined {
    for (const [name, publication] of this.#publications) {
      if (publication.item.expiresAtMs <= nowMs) this.#publications.delete(name)
      else if (publication.dueAtMs <= nowMs) {
        publication.dueAtMs = nowMs + MESH_REPUBLISH_MS * (0.75 + chance / 2)
        return publication
      }
    }
    return undefined
  }
}
