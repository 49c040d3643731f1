// What stands at the door of an object that peers come to, and keeps an eye on those inside: whoever is listed is not let in, and
// is put out when it is heard of again; and what peers do there is told on.

import { JUDGED_EVERY_MS } from '../../protocol/limits/protection.ts'
import type { Verdict } from '../../protocol/protection/known-lists.ts'
import { Complaints, type OffenceRegistries } from './complaints.ts'
import { Listed, type ListingRegistries } from './listed.ts'

export type GuardRegistries = {
  getByName(
    name: string,
  ): ReturnType<OffenceRegistries['getByName']> & ReturnType<ListingRegistries['getByName']>
}

export interface GuardHost {
  readonly registries: GuardRegistries
  readonly network: string
  /** By its object's name, if it is one: who complains of a peer is told when it is listed. */
  readonly room?: string
  /** Somebody inside is listed. */
  expel(peer: Uint8Array, untilMs: number | null): void
}

/** Whoever is inside, as the object keeps it. */
interface Heard {
  judgedAtMs: number
}

export class Guard {
  readonly #host: GuardHost
  readonly #listed: Listed
  readonly #complaints: Complaints

  constructor(host: GuardHost) {
    const { registries, network, room } = host
    this.#host = host
    this.#listed = new Listed(registries, network)
    this.#complaints = new Complaints(registries, network, room)
  }

  /** At the door. At once, mostly. */
  entering(peer: Uint8Array, nowMs: number): Verdict | Promise<Verdict> {
    return this.#listed.now(peer, nowMs, () => this.#judge(peer)) ?? this.#listed.known(peer)
  }

  /** Whoever speaks is looked at now and then; whoever only listens does no harm. */
  heard(peer: Uint8Array, who: Heard, nowMs: number): void {
    if (nowMs - who.judgedAtMs < JUDGED_EVERY_MS) return
    who.judgedAtMs = nowMs
    this.#judge(peer)
  }

  /** What comes of it is asked for at once: whoever was put out would be back before the list is looked at again. */
  complain(peer: Uint8Array, reason: string): void {
    void this.#complaints.note(peer, reason)?.then(() => this.#listed.known(peer))
  }

  #judge(peer: Uint8Array): void {
    const verdict = this.#listed.now(peer, Date.now(), () => this.#judge(peer))
    if (verdict?.kind === 'listed') this.#host.expel(peer, verdict.untilMs)
    if (verdict !== undefined) return
    void this.#listed.known(peer).then((known) => {
      if (known.kind === 'listed') this.#host.expel(peer, known.untilMs)
    })
  }
}
