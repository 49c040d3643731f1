// The page "Network": how a network is, how it was, who is in it and who is connected with whom.

import { find, make } from '../dom.ts'
import { adminToken } from '../edge/token.ts'
import { NetworkForm, networkIn } from '../networks.ts'
import type { Page } from '../pages.ts'
import { QueuePanel, RefusalsPanel } from './bars.ts'
import { Charts } from './charts.ts'
import { Feed, type FeedListener } from './feed.ts'
import { GraphPanel } from './graph-panel.ts'
import { StatusPanel } from './status-panel.ts'

export function open(place: HTMLElement): Page {
  return new NetworkPage(place)
}

class NetworkPage implements Page {
  readonly #place: HTMLElement
  readonly #form = new NetworkForm('network')
  #status = new StatusPanel()
  #listener: FeedListener | undefined
  #graph: GraphPanel | undefined
  #feed: Feed | undefined
  /** Of the network that is shown, whether or not it is watched at the moment. */
  #network: string | undefined
  #isShown = false

  constructor(place: HTMLElement) {
    this.#place = place
    place.append(make('div', { class: 'page-head' }, make('h2', {}, 'The network'), this.#form.element))
    place.append(make('div', { class: 'network-panels', id: 'network-panels' }))
    document.addEventListener('visibilitychange', () => this.#watch())
    adminToken.listen(() => this.#again())
  }

  show(rest: string): void {
    this.#isShown = true
    const network = networkIn(rest)
    if (network === undefined) {
      this.#leave()
      this.#network = undefined
      find(this.#place, '#network-panels', HTMLElement).replaceChildren()
      return this.#form.refuse()
    }
    this.#form.show(network)
    if (network === this.#network) return this.#watch()
    this.#leave()
    this.#network = network
    this.#build()
  }

  hide(): void {
    this.#isShown = false
    this.#watch()
  }

  /** Another network has nothing to do with what is shown: all panels are new. */
  #build(): void {
    this.#graph?.end()
    const panels = {
      graph: new GraphPanel(),
      charts: new Charts(),
      queues: new QueuePanel(),
      refusals: new RefusalsPanel(),
    }
    this.#graph = panels.graph
    this.#status = new StatusPanel()
    this.#listener = this.#listenerOf(panels)
    find(this.#place, '#network-panels', HTMLElement).replaceChildren(
      this.#status.element,
      panels.graph.element,
      panels.charts.element,
      panels.queues.element,
      panels.refusals.element,
    )
    this.#watch()
  }

  #listenerOf({ graph, charts, queues, refusals }: Panels): FeedListener {
    const network = this.#network ?? ''
    return {
      freshness: (freshness) => this.#status.freshness(freshness),
      health: (health) => {
        this.#status.show(health)
        refusals.show(health.refusals, health.traffic.windowMs)
        if (health.history !== undefined) charts.show(health.history)
      },
      topology: (topology) => graph.update(network, topology),
      topologyFailed: (failure) => graph.failed(failure),
      queues: (answer) => ('failure' in answer ? queues.failed(answer.failure) : queues.show(answer.value)),
    }
  }

  #watch(): void {
    const isWatched = this.#isShown && !document.hidden
    if (!isWatched) return this.#leave()
    if (this.#feed !== undefined || this.#network === undefined || this.#listener === undefined) return
    this.#feed = new Feed(this.#network, this.#listener)
  }

  #leave(): void {
    this.#feed?.end()
    this.#feed = undefined
  }

  /** Another token may see more. */
  #again(): void {
    this.#leave()
    this.#watch()
  }
}

interface Panels {
  readonly graph: GraphPanel
  readonly charts: Charts
  readonly queues: QueuePanel
  readonly refusals: RefusalsPanel
}
