// What others say of themselves and to us. None of it is to be trusted: it is tamed (tame.ts) and only ever shown as text.

import type { Peer, PeerId, Received } from '../../index.ts'
import { tame } from '../tame.ts'
import { count } from '../words.ts'

export const NAME_CHARS_MAX = 32
const TEXT_CHARS_MAX = 1_000
const REMEMBERED_MAX = 500

/** Other applications in the same room may say anything of themselves; a name is a text, or what `name` says. */
function nameIn(metadata: Received | undefined): string {
  const said =
    typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : metadata
  return (typeof said === 'string' && tame(said, NAME_CHARS_MAX)) || 'Unnamed'
}

/** What a message says, whatever it is. */
export function readable(data: Received): string {
  if (typeof data === 'string') return tame(data, TEXT_CHARS_MAX) || '(nothing)'
  if (data instanceof Uint8Array) return `(${count(data.length)} bytes)`
  return tame(JSON.stringify(data), TEXT_CHARS_MAX)
}

/** Names by peer, kept beyond a peer's leaving: its last message may come after it. */
export class People {
  readonly #names = new Map<PeerId, string>()

  know(peer: Peer): string {
    const name = nameIn(peer.metadata)
    this.#names.delete(peer.id)
    this.#names.set(peer.id, name)
    if (this.#names.size > REMEMBERED_MAX) {
      for (const oldest of this.#names.keys()) {
        this.#names.delete(oldest)
        break
      }
    }
    return name
  }

  nameOf(id: PeerId): string {
    return this.#names.get(id) ?? 'Unknown'
  }
}
