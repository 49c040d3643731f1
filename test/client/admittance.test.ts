// Who is answered when many dial, and what we keep to come back with.

import { describe, expect, it } from 'vitest'
import { Admittance } from '../../client/admittance.ts'
import { Tickets } from '../../client/tickets.ts'
import { TICKET_LIFE_MS, type Ticket } from '../../protocol/crypto/handshake/ticket.ts'
import {
  HANDSHAKES_BURST,
  HANDSHAKES_OF_PEER_BURST,
  TICKETS_PEERS_MAX,
} from '../../protocol/limits/keying.ts'

const count = (ask: () => boolean, times: number) => Array.from({ length: times }, ask).filter(Boolean).length

describe('first messages of handshakes', () => {
  it('of one peer without end leave room for those of others', () => {
    const admittance = new Admittance(() => 1_000)
    expect(count(admittance.ofPeer(), 1_000)).toBe(HANDSHAKES_OF_PEER_BURST)
    expect(admittance.ofPeer()()).toBe(true)
  })

  it('of many peers are so many over all', () => {
    let nowMs = 1_000
    const admittance = new Admittance(() => nowMs)
    const peers = Array.from({ length: 200 }, () => admittance.ofPeer())
    expect(peers.filter((ask) => ask()).length).toBe(HANDSHAKES_BURST)
    nowMs += 1_000
    expect(peers.at(-1)?.()).toBe(true)
  })
})

function ticket(nowMs: number): Ticket {
  const id = crypto.getRandomValues(new Uint8Array(16))
  return { id, secret: id.map((byte) => byte | 1), peer: id, suite: 1, authenticatedAtMs: nowMs }
}

describe('tickets', () => {
  it('are kept of so many peers, those last met', () => {
    const tickets = new Tickets(() => 1_000)
    const first = { ours: ticket(1_000), theirs: ticket(1_000) }
    tickets.of('first').keep(first)
    for (let n = 0; n < TICKETS_PEERS_MAX - 1; n++)
      tickets.of(`${n}`).keep({ ours: ticket(1_000), theirs: ticket(1_000) })
    tickets.of('0').keep({ ours: ticket(1_000), theirs: ticket(1_000) })
    expect(tickets.of('first').has()).toBe(true)
    tickets.of('last').keep({ ours: ticket(1_000), theirs: ticket(1_000) })
    expect([tickets.of('first').has(), tickets.of('0').has(), tickets.of('last').has()]).toEqual([
      false,
      true,
      true,
    ])
    expect(tickets.of('first').theirs.find(first.theirs.id)).toBeUndefined()
    expect([...first.ours.secret, ...first.theirs.secret].every((byte) => byte === 0)).toBe(true)
  })

  it('too old to be of use are erased when the next is kept', () => {
    let nowMs = 1_000
    const tickets = new Tickets(() => nowMs)
    const old = { ours: ticket(nowMs), theirs: ticket(nowMs) }
    tickets.of('old').keep(old)
    nowMs += TICKET_LIFE_MS
    tickets.of('new').keep({ ours: ticket(nowMs), theirs: ticket(nowMs) })
    expect([...old.ours.secret, ...old.theirs.secret].every((byte) => byte === 0)).toBe(true)
    expect(tickets.of('new').take()).toBeDefined()
    expect(tickets.of('new').has()).toBe(false)
  })
})
