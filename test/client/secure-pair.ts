// The keys of both ends of one link, with what carries between them in the test's hands: no room, no link above.

import { type Identity, newIdentity } from '../../client/identity.ts'
import type { Sight } from '../../client/key-work.ts'
import { keysOfLinks, openSuite } from '../../client/secure.ts'
import type { SecureLink, SecureLinkListener } from '../../client/secure-link.ts'
import type { ChannelName } from '../../protocol/link/machine.ts'

export interface Carried {
  readonly way: number
  readonly channel: ChannelName
  readonly bytes: Uint8Array
}

/** One end. What it gives to be carried goes to `carry`, which passes it on unless a test says otherwise. */
export interface End {
  link: SecureLink
  readonly frames: string[]
  readonly drops: string[]
  readonly gaveUp: number[]
  up: number
  carry(carried: Carried): void
}

const suite = await openSuite()

/** Not yet of any way. */
export async function securePair(): Promise<[End, End]> {
  const opened = await Promise.all([newIdentity(suite), newIdentity(suite)])
  const identities = opened.map(({ identity }) => identity) as [Identity, Identity]
  const ends = identities.map((): End => {
    const end = { frames: [], drops: [], gaveUp: [], up: 0 } as unknown as End
    return end
  }) as [End, End]
  for (const [i, end] of ends.entries()) {
    const other = ends[1 - i] as End
    const [ours, theirs] = i === 0 ? identities : [identities[1], identities[0]]
    end.carry = ({ way, channel, bytes }) => other.link.received(way, channel, bytes)
    const carry: SecureLinkListener['carry'] = (way, channel, bytes) => {
      const copy = bytes.slice()
      // As a network does: never within the call.
      setImmediate(() => end.carry({ way, channel, bytes: copy }))
    }
    end.link = keysOfLinks(suite, ours)(theirs.id, {
      carry,
      carryRecord: carry,
      frame: (_, bytes) => end.frames.push(new TextDecoder().decode(bytes)),
      pathUp: () => end.up++,
      pathDown: () => end.up--,
      restarted: () => {},
      giveUp: (way) => end.gaveUp.push(way),
      dropped: (reason) => end.drops.push(reason),
    })
  }
  return ends
}

/** The same room for both; gives the way's number, which is the same at both ends. */
export function meet(ends: readonly [End, End]): number {
  const places = [1, 2].map((n) => ({ address: n, session: new Uint8Array(8).fill(n) }))
  const [first, second] = places as [(typeof places)[0], (typeof places)[0]]
  const sight = (ours: typeof first, theirs: typeof first): Sight => {
    return { path: 'relay', network: 'default', room: 'here', ours, theirs }
  }
  ends[1].link.wayUp(sight(second, first), 1)
  return ends[0].link.wayUp(sight(first, second), 2)
}

export const frame = (text: string) => new TextEncoder().encode(text)
