// `waypost.dht` before anybody has used it: everything else of it is loaded by the first call; and introductions, which are loaded with
// the first link, whoever uses the DHT.

import { WaypostError } from '../../protocol/errors.ts'
import { INTRODUCTIONS_KEPT_MAX, PEERS_SAMPLED } from '../../protocol/limits/introductions.ts'
import { INTRODUCTION_FRAME, SERVICE_MESH_HELLO, SERVICE_MESH_LAST } from '../../protocol/wire/registry.ts'
import type { Introductions } from '../introductions/introductions.ts'
import { checkOptions, checkSignal } from '../options.ts'
import type { DhtStatus, PeerId } from '../types.ts'
import type { Dht } from './api.ts'
import type { DhtOwner, DhtParts } from './contract.ts'
import type { DhtClient } from './dht.ts'

export class DhtDoor implements Dht {
  readonly #parts: DhtParts
  readonly #owner: DhtOwner
  #loading: Promise<DhtClient> | undefined
  #client: DhtClient | undefined
  #introducing: Promise<Introductions> | undefined
  readonly #closing = new AbortController()

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

  peers: Dht['peers'] = async (options = {}) => {
    checkOptions('peers', options, ['limit', 'signal'])
    const { limit = PEERS_SAMPLED, signal } = options
    checkSignal('peers: signal', signal)
    if (!Number.isInteger(limit) || limit < 1 || limit > INTRODUCTIONS_KEPT_MAX)
      throw new RangeError(`peers: limit must be a whole number from 1 to ${INTRODUCTIONS_KEPT_MAX}`)
    this.#refuseClosed()
    const introductions = await this.#introduce()
    const closed = this.#closing.signal
    const peers = await introductions
      .peers(limit, AbortSignal.any(signal ? [signal, closed] : [closed]))
      .catch(() => [])
    if (signal?.aborted) throw new WaypostError('aborted', 'peers was aborted', { cause: signal.reason })
    this.#refuseClosed()
    return peers
  }

  /** A link reaches the peer, or none does any more. Who never used the DHT is of no mesh. */
  linked(peer: PeerId, isReached: boolean): void {
    const mesh = this.#client?.mesh
    if (isReached) mesh?.reached(peer)
    else mesh?.lost(peer)
    if (this.#parts.mesh && (isReached || this.#introducing !== undefined))
      this.#toIntroductions((introductions) => introductions.linked(peer, isReached))
  }

  /** Whether a service message was the mesh's, or of introductions. */
  hears(peer: PeerId, bytes: Uint8Array): boolean {
    const [type = 0] = bytes
    const isOfMesh = type >= SERVICE_MESH_HELLO && type <= SERVICE_MESH_LAST
    if (isOfMesh) this.#client?.mesh?.hear(peer, bytes)
    const isIntroduction = type === INTRODUCTION_FRAME.ask || type === INTRODUCTION_FRAME.answer
    if (isIntroduction && this.#parts.mesh) {
      const copy = bytes.slice() // It may have to wait.
      this.#toIntroductions((introductions) => introductions.hear(peer, copy))
    }
    return isOfMesh || isIntroduction
  }

  get status(): DhtStatus | undefined {
    return this.#client?.mesh?.status
  }

  close(): void {
    this.#closing.abort()
    void this.#introducing?.then(
      (introductions) => introductions.close(),
      () => {},
    )
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
    this.#refuseClosed()
    return dht
  }

  /** In the order in which it was said. What could not be loaded is tried again when there is something to say. */
  #toIntroductions(say: (introductions: Introductions) => void): void {
    if (!this.#closing.signal.aborted) void this.#introduce().then(say, () => {})
  }

  #introduce(): Promise<Introductions> {
    this.#introducing ??= import('../edges/edges.ts').then(({ Introductions }) =>
      Introductions.open(this.#parts, this.#owner, () => this.#client?.announcement),
    )
    this.#introducing.catch(() => {
      this.#introducing = undefined
    })
    return this.#introducing
  }

  #refuseClosed(): void {
    if (this.#closing.signal.aborted) throw new WaypostError('closed', 'this Waypost is closed')
  }
}
