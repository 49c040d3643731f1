// Coming back with a ticket: that it works once, for whom and where it was made for, and not longer than a day.

import { beforeAll, describe, expect, it } from 'vitest'
import type { Binding } from '../../../../protocol/crypto/handshake/binding.ts'
import { encodeBinding } from '../../../../protocol/crypto/handshake/binding.ts'
import { NAME_RESUME, RESUME_FINISHED } from '../../../../protocol/crypto/handshake/labels.ts'
import { COVERED, coveredR2, LENGTH, readR1 } from '../../../../protocol/crypto/handshake/layout.ts'
import { ResumeResponder, Resumer, type Resuming } from '../../../../protocol/crypto/handshake/resume.ts'
import { expand } from '../../../../protocol/crypto/handshake/schedule.ts'
import {
  TICKET_LIFE_MS,
  type Ticket,
  type TicketStore,
} from '../../../../protocol/crypto/handshake/ticket.ts'
import { type Backend, concat, type Suite } from '../../../../protocol/crypto/suite.ts'
import { BACKENDS, suiteOf } from '../suites.ts'
import { cast, DTLS, dial, drop, flipped, listen, type Met, meet, NOW, patched, RELAY } from './meeting.ts'

const suites = {} as Record<Backend, Suite>
let suite: Suite
let met: Met
beforeAll(async () => {
  for (const backend of BACKENDS) suites[backend] = await suiteOf(backend)
  suite = suites.native
  const { alice, bob } = await cast(suite)
  met = await meet(await dial(suite, alice, bob), await listen(suite, bob))
})

/** What bob remembers; each id once. */
function remembered(...tickets: readonly Ticket[]): TicketStore {
  const kept = new Map(tickets.map((ticket) => [String(ticket.id), ticket]))
  return { find: (id) => kept.get(String(id)), take: (id) => kept.delete(String(id)) }
}

const back = async (ticket = met.alices.tickets.ours, binding: Binding = RELAY, own = suite) => {
  const resumer = await Resumer.start(own, { ticket, binding }, NOW)
  if (resumer === undefined) throw new Error('too old')
  return resumer
}

const waiting = (more: Partial<Resuming> = {}, own = suite) =>
  ResumeResponder.listen(own, { binding: RELAY, tickets: remembered(met.bobs.tickets.theirs), ...more })

async function r2Of(responder: ResumeResponder, r1: Uint8Array) {
  const answer = await responder.receive(r1, NOW)
  if (answer.kind !== 'established') throw new Error(`no R2 but ${JSON.stringify(answer)}`)
  return answer
}

const PAIRS = BACKENDS.flatMap((one) => BACKENDS.map((other) => [one, other] as const))

describe('a ticket', () => {
  it.each(PAIRS)('of %s resumes with %s, to secrets nobody had before', async (one, other) => {
    const resumer = await back(undefined, DTLS, suites[one])
    const { r2, session } = await r2Of(await waiting({ binding: DTLS }, suites[other]), resumer.r1)
    expect([resumer.r1.length, r2.length]).toEqual([1304, 1192])
    const mine = await resumer.receive(r2)
    if (mine.kind !== 'established') throw new Error('not resumed')
    expect(mine.session.send).toEqual(session.receive)
    expect(mine.session.receive).toEqual(session.send)
    expect(mine.session.tickets.ours).toMatchObject({ secret: session.tickets.theirs.secret })
    expect(mine.session.send).not.toEqual(met.alices.send)
    expect(mine.session).toMatchObject({ role: 'initiator', authenticatedAtMs: NOW, peer: met.alices.peer })
    expect(session).toMatchObject({ role: 'responder', peer: met.bobs.peer })
    expect(await resumer.receive(r2)).toEqual(drop('unexpected'))
  })

  it('of the one who was dialled lets that one dial', async () => {
    const resumer = await back(met.bobs.tickets.ours)
    const tickets = remembered(met.alices.tickets.theirs)
    const { r2, session } = await r2Of(await waiting({ tickets }), resumer.r1)
    expect(session).toMatchObject({ role: 'responder', peer: met.alices.peer })
    expect(await resumer.receive(r2)).toMatchObject({ kind: 'established', session: { role: 'initiator' } })
  })

  it('is answered alike when its answer was lost', async () => {
    const resumer = await back()
    const responder = await waiting()
    const { r2 } = await r2Of(responder, resumer.r1)
    expect(await responder.receive(resumer.r1, NOW)).toEqual({ kind: 'again', r2 })
  })

  it('is good once, however fast it comes twice', async () => {
    const tickets = remembered(met.bobs.tickets.theirs)
    const responders = await Promise.all([1, 2, 3].map(() => waiting({ tickets })))
    const { r1 } = await back()
    const answers = await Promise.all(responders.map((responder) => responder.receive(r1, NOW)))
    expect(answers.filter(({ kind }) => kind === 'established')).toHaveLength(1)
    expect(answers.filter(({ kind }) => kind === 'drop')).toEqual([drop('ticket'), drop('ticket')])
    const another = await back()
    expect(await (await waiting({ tickets })).receive(another.r1, NOW)).toEqual(drop('ticket'))
  })

  it('is not spent by who only saw its id', async () => {
    const tickets = remembered(met.bobs.tickets.theirs)
    const { r1 } = await back()
    const responder = await waiting({ tickets })
    expect(await responder.receive(flipped(r1, COVERED.r1 * 8), NOW)).toEqual(drop('mac'))
    expect(await responder.receive(r1, NOW)).toMatchObject({ kind: 'established' })
  })

  it('lives a day from the signatures, not from the last resumption', async () => {
    const resumer = await back()
    const late = NOW + TICKET_LIFE_MS - 1
    const answer = await (await waiting()).receive(resumer.r1, late)
    if (answer.kind !== 'established') throw new Error('not resumed')
    const mine = await resumer.receive(answer.r2)
    if (mine.kind !== 'established') throw new Error('not resumed')
    const ticket = mine.session.tickets.ours
    expect(await Resumer.start(suite, { ticket, binding: RELAY }, late + 1)).toBeUndefined()
    expect(await Resumer.start(suite, { ticket, binding: RELAY }, NOW - 1)).toBeUndefined()
    const again = await Resumer.start(suite, { ticket, binding: RELAY }, late)
    const tickets = remembered(answer.session.tickets.theirs)
    expect(await (await waiting({ tickets })).receive(again?.r1 as Uint8Array, late + 1)).toEqual(
      drop('ticket'),
    )
  })
})

describe('a resumption is refused', () => {
  it('over another channel', async () => {
    const { r1 } = await back(undefined, DTLS)
    expect(await (await waiting()).receive(r1, NOW)).toEqual(drop('mac'))
  })

  it('with a ticket that is not the right one for its id', async () => {
    const { r1 } = await back({ ...met.alices.tickets.ours, secret: suite.random(32) })
    expect(await (await waiting()).receive(r1, NOW)).toEqual(drop('mac'))
  })

  it('by a host that will not compute now, and the ticket is good later', async () => {
    const { r1 } = await back()
    let admits = false
    const responder = await waiting({ admits: () => admits })
    expect(await responder.receive(r1, NOW)).toEqual(drop('rate-limited'))
    admits = true
    expect(await responder.receive(r1, NOW)).toMatchObject({ kind: 'established' })
  })

  it('in another suite than the ticket is of', async () => {
    const { r1 } = await back({ ...met.alices.tickets.ours, suite: 2 })
    expect(await (await waiting({ suites: [1, 2] })).receive(r1, NOW)).toEqual(drop('suite'))
    const old = remembered({ ...met.bobs.tickets.theirs, suite: 2 })
    expect(await (await waiting({ tickets: old })).receive(r1, NOW)).toEqual(drop('suite'))
  })

  it('when it comes back to its sender', async () => {
    const { r1 } = await back()
    const alices = await waiting({ tickets: remembered(met.alices.tickets.theirs) })
    expect(await alices.receive(r1, NOW)).toEqual(drop('ticket'))
  })

  it('from an answerer without the ticket, who knows all else', async () => {
    const resumer = await back()
    const made = await suite.kem.encapsulate(readR1(resumer.r1)?.publicKey as Uint8Array)
    if (made === undefined) throw new Error('no key')
    const front = coveredR2(1, suite.random(32), made.ciphertext)
    const channel = await encodeBinding(suite.hash, RELAY)
    const h2 = await suite.hash.sha256(await suite.hash.sha256(NAME_RESUME, channel, resumer.r1), front)
    const prk = await suite.hash.extract(new Uint8Array(32), made.sharedSecret)
    const guess = await suite.hash.hmac(await expand(suite.hash, prk, RESUME_FINISHED, h2), h2)
    expect(await resumer.receive(concat([front, guess]))).toEqual(drop('mac'))
  })

  it('with any bit of either message flipped, or an answer to an earlier one', async () => {
    const resumer = await back()
    const tickets = remembered(met.bobs.tickets.theirs)
    const responder = await waiting({ tickets })
    for (let bit = 0; bit < LENGTH.r1 * 8; bit += 11)
      expect((await responder.receive(flipped(resumer.r1, bit), NOW)).kind).toBe('drop')
    const { r2 } = await r2Of(responder, resumer.r1)
    for (let bit = 0; bit < LENGTH.r2 * 8; bit += 11)
      expect((await resumer.receive(flipped(r2, bit))).kind).toBe('drop')
    expect(await (await back()).receive(r2)).toEqual(drop('mac'))
    expect(await resumer.receive(patched(r2, 5, Uint8Array.of(1)))).toEqual(drop('malformed'))
    expect(await resumer.receive(r2)).toMatchObject({ kind: 'established' })
  })
})
