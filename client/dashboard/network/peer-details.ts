// All that is known of one peer: what the picture shows of it in words, and what the edge says when it is asked about it.

import { define, make, setText } from '../dom.ts'
import { askFor } from '../edge/ask.ts'
import { type PeerFacts, readPeerFacts, type Topology, type TopologyLink } from '../edge/shapes.ts'
import { regionName } from '../regions.ts'
import { tame } from '../tame.ts'
import { clock, count, duration, milliseconds, moment, shortId } from '../words.ts'
import { PeerListing } from './peer-listing.ts'

const LINKS_SHOWN_MAX = 12
const ROOM_CHARS_MAX = 60

export class PeerDetails {
  readonly element: HTMLElement
  readonly #title = make('h3', { id: 'details-title' }, 'No peer chosen')
  readonly #hint = make(
    'p',
    { class: 'empty' },
    'Choose a peer in the graph or in the list to see more about it.',
  )
  readonly #facts = make('dl')
  readonly #links = make('ul', { class: 'peer-links' })
  readonly #asked = make('p', { class: 'empty', role: 'status' })
  readonly #listing = new PeerListing(() => this.#id !== undefined && void this.#ask(this.#id))
  #network = ''
  #topology: Topology | undefined
  #id: string | undefined
  #question: AbortController | undefined

  constructor() {
    this.element = make(
      'div',
      { class: 'details', role: 'region', tabindex: '0', 'aria-labelledby': 'details-title' },
      this.#title,
      this.#hint,
      this.#facts,
      this.#links,
      this.#asked,
      this.#listing.element,
    )
  }

  /** What was chosen stays chosen, and may have changed. */
  update(network: string, topology: Topology): void {
    this.#network = network
    this.#topology = topology
    this.#show()
  }

  choose(id: string | undefined): void {
    if (id === this.#id) return
    this.#id = id
    this.#question?.abort()
    setText(this.#asked, '')
    this.#listing.hide()
    this.#show()
    if (id !== undefined) void this.#ask(id)
  }

  #show(): void {
    const topology = this.#topology
    const at = topology?.peers.findIndex(({ id }) => id === this.#id) ?? -1
    const peer = topology?.peers[at]
    this.#hint.hidden = this.#id !== undefined
    this.#facts.hidden = peer === undefined
    this.#links.hidden = peer === undefined
    if (this.#id === undefined) return setText(this.#title, 'No peer chosen')
    setText(this.#title, `Peer ${shortId(this.#id)}`)
    if (topology === undefined || peer === undefined) {
      setText(this.#asked, 'This peer has left, or the edge says nothing of it any more.')
      return
    }
    const links = topology.links.filter(({ a, b }) => a === at || b === at)
    const direct = links.filter(({ path }) => path === 'direct').length
    const rooms = peer.rooms.map((room) => roomWords(topology, room))
    define(this.#facts, [
      ['Id', peer.id],
      ['Region', regionName(peer.region)],
      ['Rooms', rooms.length === 0 ? 'none' : rooms.join(', ')],
      ['Links', `${count(direct)} direct, ${count(links.length - direct)} by the relay`],
      ...(peer.sinceMs === null ? [] : [['Here for', duration(topology.atMs - peer.sinceMs)] as const]),
    ])
    this.#showLinks(topology, at, links)
  }

  #showLinks(topology: Topology, at: number, links: readonly TopologyLink[]): void {
    const slowestLast = links.toSorted((one, other) => (one.rttMs ?? Infinity) - (other.rttMs ?? Infinity))
    const lines = slowestLast.slice(0, LINKS_SHOWN_MAX).map(({ a, b, path, rttMs }) => {
      const other = topology.peers[a === at ? b : a]
      const way = path === 'direct' ? 'directly' : 'by the relay'
      return `to ${shortId(other?.id ?? '')} ${way}, ${rttMs === null ? 'not measured' : `${milliseconds(rttMs)} ms`}`
    })
    if (links.length > LINKS_SHOWN_MAX) lines.push(`and ${count(links.length - LINKS_SHOWN_MAX)} more`)
    this.#links.replaceChildren(...lines.map((line) => make('li', {}, line)))
  }

  async #ask(id: string): Promise<void> {
    const question = new AbortController()
    this.#question = question
    const path = `/network/peer/${encodeURIComponent(id)}?network=${encodeURIComponent(this.#network)}`
    const answer = await askFor(path, readPeerFacts, question)
    if (question.signal.aborted) return
    if ('failure' in answer) {
      setText(this.#asked, answer.failure.words)
      // Of whom nothing is known, who just left say, may be listed all the same.
      if (answer.failure.code === 'no-such-peer') this.#listing.show(this.#network, id, false)
      else this.#listing.hide()
      return
    }
    setText(this.#asked, factWords(answer.value))
    this.#listing.show(this.#network, id, answer.value.blacklisted !== undefined)
  }
}

function factWords({ seenAtMs, blacklisted }: PeerFacts): string {
  const seen = seenAtMs === null ? '' : `Last reported at ${clock(new Date(seenAtMs))}. `
  if (blacklisted === undefined) return `${seen}It is not on the blacklist.`
  const until = blacklisted.untilMs === null ? 'for good' : `until ${moment(blacklisted.untilMs)}`
  return `${seen}It is on the blacklist ${until}: ${tame(blacklisted.reason, ROOM_CHARS_MAX)}.`
}

function roomWords({ rooms }: Topology, at: number): string {
  const name = tame(rooms[at]?.name ?? '', ROOM_CHARS_MAX)
  const members = count(rooms[at]?.members ?? 0)
  return name === '' ? `a room of ${members}` : `“${name}” (${members})`
}
