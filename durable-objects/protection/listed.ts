// Whether a peer is listed, for objects that let it in or hear it: they check for themselves, whatever the Worker found. All
// objects of an isolate remember together what registries said.

import { registryObjectName, registryOf } from '../../protocol/mailbox/report.ts'
import type { ListedPeers } from '../../protocol/protection/contract.ts'
import { CLEAR, KnownLists, type Verdict } from '../../protocol/protection/known-lists.ts'

export interface ListingRegistries {
  getByName(name: string): { listedSince(version: string | undefined): Promise<ListedPeers | undefined> }
}

const lists = new KnownLists()

export class Listed {
  readonly #registries: ListingRegistries
  readonly #network: string

  constructor(registries: ListingRegistries, network: string) {
    this.#registries = registries
    this.#network = network
  }

  /**
   * By what is known; undefined where it must be asked for first. `heard` is called when something newer came meanwhile: what
   * was said may have been too kind.
   */
  now(peer: Uint8Array, nowMs: number, heard: () => void): Verdict | undefined {
    const registry = this.#registryOf(peer)
    const asking = lists.asking(registry, nowMs)
    if (asking === 'first') return undefined
    if (asking === 'meanwhile') void this.#ask(registry).then(heard)
    return lists.verdict(registry, peer, nowMs)
  }

  /** Asked for, unless what is known will do. Who cannot be asked about has shown a pass, and is let in by it. */
  async known(peer: Uint8Array): Promise<Verdict> {
    const registry = this.#registryOf(peer)
    await this.#ask(registry)
    const verdict = lists.verdict(registry, peer, Date.now())
    return verdict.kind === 'unknown' ? CLEAR : verdict
  }

  async #ask(registry: string): Promise<void> {
    try {
      const told = await this.#registries.getByName(registry).listedSince(lists.versionOf(registry))
      lists.told(registry, told, Date.now())
    } catch {
      // What was heard last holds for a while; after that nothing is known.
    }
  }

  #registryOf(peer: Uint8Array): string {
    return registryObjectName(this.#network, registryOf(peer))
  }
}
