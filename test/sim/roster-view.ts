// What one member believes of a room, from the frames it was sent and nothing else. It is strict where a client would
// be patient: a room that announces somebody twice, or takes back who was never there, throws here (invariant 3 of
// protocol/room/machine.ts). Pure, so that tests in Node, in workerd and in the simulator share it.

import type { Frame, LeftFrame, RosterMember } from '../../protocol/wire/frames.ts'
import { toHex } from '../protocol/wire/notation.ts'

export class RosterView {
  /** All others, by address. */
  readonly members = new Map<number, RosterMember>()
  readonly #peers = new Set<string>()
  address: number | undefined
  complete = false
  resumed = false

  hear(frame: Frame): void {
    switch (frame.kind) {
      case 'welcome':
        return this.#begin(frame.address, frame.resumed)
      case 'roster':
        if (this.address === undefined || this.complete) throw new Error('a roster nobody was waiting for')
        for (const member of frame.members) this.#add(member)
        this.complete = frame.last
        return
      case 'joined':
        return this.#add(frame.member)
      case 'left':
        return this.#remove(frame)
      case 'metadata':
        this.members.set(frame.address, { ...this.#known(frame.address), metadata: frame.metadata })
        return
      case 'relay':
      case 'signal':
      case 'broadcast':
        // Some send to themselves; the room does not mind.
        if (frame.address !== this.address) this.#known(frame.address)
        return
    }
  }

  /** Everybody here, oneself left out: comparable between members, and with the truth. */
  peers(): string[] {
    return [...this.members.values()].map(describeMember).sort()
  }

  #begin(address: number, resumed: boolean): void {
    this.members.clear()
    this.#peers.clear()
    this.address = address
    this.complete = false
    this.resumed = resumed
  }

  #add(member: RosterMember): void {
    if (this.address === undefined) throw new Error('announced to somebody who was not welcomed')
    if (member.address === this.address) throw new Error('a member was announced to itself')
    if (this.members.has(member.address)) throw new Error(`address ${member.address} announced twice`)
    const peer = toHex(member.peer)
    if (this.#peers.has(peer)) throw new Error('a peer announced twice')
    this.#peers.add(peer)
    this.members.set(member.address, member)
  }

  #remove({ address, reason }: LeftFrame): void {
    const member = this.members.get(address)
    if (member === undefined) throw new Error(`${address} left (${reason}) and was not here`)
    this.members.delete(address)
    this.#peers.delete(toHex(member.peer))
  }

  #known(address: number): RosterMember {
    const member = this.members.get(address)
    if (member === undefined) throw new Error(`something of ${address}, who is not here`)
    return member
  }
}

export function describeMember({ address, peer, session, metadata }: RosterMember): string {
  return [address, ...[peer, session, metadata].map(toHex)].join(' ')
}
