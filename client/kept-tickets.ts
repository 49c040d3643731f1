// Tickets as bytes, for the store of an identity.

import type { Ticket } from '../protocol/crypto/handshake/ticket.ts'
import { peerIdText } from '../protocol/peer-id.ts'
import { Reader, WireError, Writer } from '../protocol/wire/bytes.ts'
import { PEER_BYTES } from '../protocol/wire/registry.ts'

/** What is kept of one peer. */
export interface Kept {
  ours: Ticket | undefined
  theirs: Ticket[]
}

const OURS = 0
const THEIRS = 1
const ID_BYTES = 16
const SECRET_BYTES = 32

/** Each ticket: `whose 1 ‖ peer 32 ‖ id 16 ‖ secret 32 ‖ suite 2 ‖ second of the signatures 4`. */
export function encodeTickets(peers: Iterable<Kept>): Uint8Array {
  const writer = new Writer()
  for (const { ours, theirs } of peers) {
    for (const ticket of ours === undefined ? theirs : [ours, ...theirs]) {
      const { peer, id, secret, suite, authenticatedAtMs } = ticket
      writer.u8(ticket === ours ? OURS : THEIRS).bytes(peer)
      writer.bytes(id).bytes(secret).u16(suite)
      writer.u32(Math.floor(authenticatedAtMs / 1_000))
    }
  }
  return writer.done()
}

/** By PeerId. What another version kept, or what is damaged, is as good as nothing. */
export function decodeTickets(bytes: Uint8Array): Map<string, Kept> {
  const peers = new Map<string, Kept>()
  const reader = new Reader(bytes)
  try {
    while (reader.remaining > 0) {
      const isOurs = reader.u8() === OURS
      const ticket: Ticket = {
        peer: reader.bytes(PEER_BYTES).slice(),
        id: reader.bytes(ID_BYTES).slice(),
        secret: reader.bytes(SECRET_BYTES).slice(),
        suite: reader.u16(),
        authenticatedAtMs: reader.u32() * 1_000,
      }
      const peer = peerIdText(ticket.peer)
      const kept = peers.get(peer) ?? { ours: undefined, theirs: [] }
      if (isOurs) kept.ours = ticket
      else kept.theirs.push(ticket)
      peers.set(peer, kept)
    }
  } catch (error) {
    if (error instanceof WireError) return new Map()
    throw error
  }
  return peers
}
