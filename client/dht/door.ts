// `waypost.dht` before anybody has used it: everything else of it is loaded by the first call.

import { WaypostError } from '../../protocol/errors.ts'
import type { DhtStatus, PeerId } from '../types.ts'
import type { Dht } from './api.ts'
import type { DhtOwner, DhtParts } from './contract.ts'
import type { DhtClient } from './dht.ts'

export class DhtDoor implements Dht {
  readonly #parts: DhtParts
  readonly #owner: DhtOwner
  #loading: Promise<DhtClient> | undefined
  #client: DhtClient | undefined
  #closed = false

  constructor(parts: DhtParts, owner: DhtOwner) {
    this.#parts = parts
    this.#owner = owner
  }

  put: Dht['put'] = async (...all) => (await this.#open()).put(...all)
  get: Dht['get'] = async (...all) => (await this.#open()).get(...all)
  forget: Dht['forget'] = async (...all) => (await this.#open()).forget(...all)
  publish: Dht['publish'] = async (...all) => (await this.#open()).publish(...all)
  resolve: Dht['resolve'] = async (...all) => (await this.#open()).resolve(...all)
  provide: Dht['provide'] = async (...all) => (await this.#open()).provide(...all)
  providers: Dht['providers'] = async (...all) => (await this.#open()).providers(...all)
  findPeer: Dht['findPeer'] = async (...all) => (await this.#open()).findPeer(...all)
  announce: Dht['announce'] = async (...all) => (await this.#open()).announce(...all)

  /** A link reaches the peer, or none does any more. Who never used the DHT is of no mesh. */
  linked(peer: PeerId, isReached: boolean): void {
    const mesh = this.#client?.mesh
    if (isReached) mesh?.reached(peer)
    else mesh?.lost(peer)
  }

  heardService(peer: PeerId, bytes: Uint8Array): void {
    this.#client?.mesh?.hear(peer, bytes)
  }

  get status(): DhtStatus | undefined {
    return this.#client?.mesh?.status
  }

  close(): void {
    this.#closed = true
    void this.#loading?.then(
      (dht) => dht.close(),
      () => {},
    )
  }

  /** What could not be loaded is tried again by the next who asks. */
  async #open(): Promise<DhtClient> {
    this.#loading ??= import('./dht.ts').then(({ DhtClient }) => {
      this.#client = new DhtClient(this.#parts, this.#owner)
      return this.#client
    })
    this.#loading.catch(() => {
      this.#loading = undefined
    })
    const dht = await this.#loading
    if (this.#closed) throw new WaypostError('closed', 'this Waypost is closed')
    return dht
  }
}
