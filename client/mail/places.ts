// Where we have a mailbox: at one edge, or at each of several, all of them open at once. What was put at one while we were gone
// from it lies there and nowhere else; of what two of them have, one is heard (Reader), and both are told that it was taken.

import type { DropReason } from '../../protocol/drops.ts'
import type { HomeLetter } from '../../protocol/home/contract.ts'
import { MAILBOX_PREKEYS_LOW } from '../../protocol/limits/mailbox.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import type { Passes } from '../pass.ts'
import type { MailStatus } from '../types.ts'
import type { MailParts } from './contract.ts'
import { MailEdge } from './edge.ts'
import { HomeHost } from './home-host.ts'
import { MailKeys, type Said } from './keys.ts'
import type { MailState } from './state.ts'

export interface PlacesListener {
  /** The mailbox in use is open to us, for the first time or again. */
  ready(): void
  letters(letters: readonly HomeLetter[]): void
  /** By the edge in use. */
  passRenewed(pass: string): void
  dropped(reason: DropReason): void
}

interface Place {
  readonly passes: Passes
  readonly edge: MailEdge
  readonly home: HomeHost
  readonly said: Said | undefined
  keys: MailKeys | undefined
  /** The socket to our mailbox is open; and others can write to us. */
  isHome: boolean
  isOpen: boolean
  ended: 'superseded' | 'failed' | undefined
}

export class MailPlaces {
  readonly #parts: MailParts
  readonly #listener: PlacesListener
  readonly #places = new Map<Passes, Place>()
  #mailState: MailState | undefined
  #started = false
  #closed = false

  constructor(parts: MailParts, listener: PlacesListener) {
    this.#parts = parts
    this.#listener = listener
    this.#follow()
  }

  /** Of the edge in use. */
  get home(): HomeHost {
    return this.#inUse.home
  }

  get state(): MailStatus['state'] {
    const { isOpen, ended } = this.#inUse
    return ended ?? (isOpen ? 'open' : 'connecting')
  }

  /** Those that others' letters may be put to, the best first. */
  get edges(): { readonly edges: readonly MailEdge[]; readonly all: boolean } {
    const { order, all } = this.#parts.passes
    const edges = order.map((passes) => this.#placeOf(passes).edge)
    return { edges, all: all.every((passes) => order.includes(passes)) }
  }

  async open(state: MailState): Promise<void> {
    this.#mailState = state
    for (const place of this.#places.values()) this.#giveKeys(place, state)
    await this.#inUse.keys?.begin()
  }

  start(): void {
    this.#started = true
    for (const { home } of this.#places.values()) home.give({ kind: 'start' })
  }

  networkChanged(kind: 'networkChanged' | 'moved'): void {
    if (this.#closed) return
    if (kind === 'moved') {
      // What waits for an edge that is not used any more is asked of the one that is.
      for (const place of this.#places.values()) if (place !== this.#inUse) place.edge.giveUp()
      this.#follow()
    }
    for (const { home } of this.#places.values()) home.give({ kind: 'networkChanged' })
  }

  took(ids: readonly Uint8Array[]): void {
    for (const { home } of this.#places.values()) {
      const own = ids.filter((id) => home.holds(id))
      if (own.length > 0) home.give({ kind: 'took', ids: own })
    }
  }

  /** Contacts get the new key with the next that we write to them. */
  async rotate(): Promise<void> {
    const { keys } = this.#inUse
    await keys?.rotate()
    for (const place of this.#places.values())
      if (place.keys !== keys && place.isHome)
        await place.keys?.refresh(MAILBOX_PREKEYS_LOW + 1).catch(() => {})
  }

  close(): void {
    this.#closed = true
    for (const { home, edge } of this.#places.values()) {
      home.give({ kind: 'close' })
      edge.close()
    }
  }

  get #inUse(): Place {
    const { order, all } = this.#parts.passes
    return this.#placeOf((order[0] ?? all[0]) as Passes)
  }

  /** An edge that was learnt has a mailbox of ours while it is used, and from then on. */
  #follow(): void {
    const { order, all } = this.#parts.passes
    for (const passes of [...all, ...order]) this.#placeOf(passes)
  }

  #placeOf(passes: Passes): Place {
    const known = this.#places.get(passes)
    if (known !== undefined) return known
    const { network, passes: desk } = this.#parts
    const edge: MailEdge = new MailEdge(
      passes.base,
      network,
      (answered) => answered || passes.heard(edge, false),
    )
    const place: Place = {
      passes,
      edge,
      home: this.#makeHome(passes),
      said: passes === desk.all[0] ? undefined : this.#saidAt(passes.base),
      keys: undefined,
      isHome: false,
      isOpen: false,
      ended: undefined,
    }
    this.#places.set(passes, place)
    if (this.#mailState !== undefined) this.#giveKeys(place, this.#mailState)
    if (this.#started) place.home.give({ kind: 'start' })
    return place
  }

  #giveKeys(place: Place, state: MailState): void {
    place.keys = new MailKeys(state, place.edge, place.passes, place.said)
  }

  #saidAt(base: URL): Said {
    const { store, network } = this.#parts
    const name = `prekeys ${base.href} ${network}`
    return {
      get: async () => {
        const bytes = await store.get(name)
        return bytes && Number(new TextDecoder().decode(bytes))
      },
      set: (hour) => store.set(name, utf8(`${hour}`)),
    }
  }

  #makeHome(passes: Passes): HomeHost {
    const { network, identity } = this.#parts
    const url = new URL(`v1/mailboxes/${identity.id}`, passes.base)
    url.protocol = passes.base.protocol === 'https:' ? 'wss:' : 'ws:'
    url.searchParams.set('network', network)
    const here = () => this.#placeOf(passes)
    return new HomeHost(
      { url: url.href, passes },
      {
        ready: (_stored, oneTimeLeft) => {
          if (here() === this.#inUse) this.#listener.ready()
          void this.#refresh(here(), oneTimeLeft)
        },
        letters: (letters) => this.#listener.letters(letters),
        prekeysLeft: (left) => void this.#refresh(here(), left),
        interrupted: () => this.#left(here(), undefined),
        ended: (reason) => {
          if (reason !== 'closed') this.#left(here(), reason === 'superseded' ? 'superseded' : 'failed')
        },
        passRenewed: (pass) => {
          if (here() === this.#inUse) this.#listener.passRenewed(pass)
          else if (!passes.renewed(pass)) this.#listener.dropped('unexpected')
        },
        dropped: (reason) => this.#listener.dropped(reason),
      },
    )
  }

  #left(place: Place, ended: Place['ended']): void {
    place.isHome = false
    place.isOpen = false
    place.ended = ended
  }

  /** Open is when others can write to us, too. What cannot be published now is said to be missing at the next opening. */
  async #refresh(place: Place, oneTimeLeft: number): Promise<void> {
    place.isHome = true
    await place.keys?.refresh(oneTimeLeft).catch(() => {})
    if (place.isHome && !this.#closed) place.isOpen = true
  }
}
