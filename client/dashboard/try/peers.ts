// The list of peers, in the order they were met, so that no row moves under somebody's hand.

import type { PeerId, Room, Via, Waypost } from '../../index.ts'
import { find, setText } from '../dom.ts'
import { count } from '../words.ts'
import { PeerRow } from './peer-row.ts'
import type { People } from './people.ts'

/** More rows than anybody reads, and few enough to bring up to date every second. */
const ROWS_MAX = 50

export class PeerList {
  readonly #people: People
  readonly #write: (to: PeerId) => void
  readonly #list = find(document, '#peers', HTMLElement)
  readonly #count = find(document, '#peers-count', HTMLElement)
  readonly #empty = find(document, '#peers-empty', HTMLElement)
  readonly #more = find(document, '#peers-more', HTMLElement)
  readonly #rows = new Map<PeerId, PeerRow>()

  constructor(people: People, write: (to: PeerId) => void) {
    this.#people = people
    this.#write = write
  }

  refresh(waypost: Waypost, room: Room): void {
    const direct = new Map(waypost.status().links.map((link) => [link.peer, link.direct]))
    for (const [id, row] of this.#rows) {
      if (room.peers.has(id)) continue
      row.element.remove()
      this.#rows.delete(id)
    }
    for (const peer of room.peers.values()) {
      let row = this.#rows.get(peer.id)
      if (row === undefined) {
        if (this.#rows.size >= ROWS_MAX) continue
        row = new PeerRow(peer, () => this.#write(peer.id))
        this.#rows.set(peer.id, row)
        this.#list.append(row.element)
      }
      row.show(this.#people.know(peer), direct.get(peer.id))
    }
    this.#sum(room.peers.size)
  }

  measured(id: PeerId, via: Via, ms: number): void {
    this.#rows.get(id)?.measured(via, ms)
  }

  clear(): void {
    this.#rows.clear()
    this.#list.replaceChildren()
    this.#sum(0)
  }

  #sum(all: number): void {
    setText(this.#count, count(all))
    this.#empty.hidden = all > 0
    const unseen = all - this.#rows.size
    this.#more.hidden = unseen <= 0
    setText(this.#more, `and ${count(unseen)} more`)
  }
}
