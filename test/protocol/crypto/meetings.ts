// Two peers of different implementations meet, talk, change keys, part and come back: what the parts of a suite are for.
// As differential.ts, of which it is a part, it runs in every host.

import { ResumeResponder, Resumer } from '../../../protocol/crypto/handshake/resume.ts'
import type { Session } from '../../../protocol/crypto/handshake/session.ts'
import type { Ticket, TicketStore } from '../../../protocol/crypto/handshake/ticket.ts'
import { RecordLayer } from '../../../protocol/crypto/records/layer.ts'
import { Rekeying } from '../../../protocol/crypto/records/rekey.ts'
import type { Suite } from '../../../protocol/crypto/suite.ts'
import { utf8 } from '../../../protocol/wire/bytes.ts'
import type { Findings } from './differential.ts'
import { DTLS, dial, flipped, identityNo, listen, meet, NOW, RELAY } from './handshake/meeting.ts'

/** `one` dials. */
async function introduced(one: Suite, other: Suite) {
  const [alice, bob] = [await identityNo(one, 1), await identityNo(other, 2)]
  const initiator = await dial(one, alice, bob, { binding: DTLS, ext: utf8('from alice') })
  const responder = await listen(other, bob, { binding: DTLS, ext: utf8('from bob') })
  return { alice, bob, ...(await meet(initiator, responder)) }
}

export async function compareMeetings(one: Suite, other: Suite, findings: Findings): Promise<void> {
  const { alice, bob, alices, bobs } = await introduced(one, other)
  findings.same('the initiator knows whom it met', alices.peer, bob.id)
  findings.same('the responder knows whom it met', bobs.peer, alice.id)
  findings.same('the responder hears what the initiator says of itself', bobs.ext, utf8('from alice'))
  findings.same('the initiator hears what the responder says of itself', alices.ext, utf8('from bob'))
  compareSessions('a handshake', alices, bobs, findings)
  await talk(one, other, alices, bobs, findings)
}

export async function compareResumptions(one: Suite, other: Suite, findings: Findings): Promise<void> {
  const { alices, bobs } = await introduced(one, other)
  await resume(one, other, alices.tickets.ours, bobs.tickets.theirs, findings)
  await resume(other, one, bobs.tickets.ours, alices.tickets.theirs, findings)
}

/** Each id once. */
function remembered(ticket: Ticket): TicketStore {
  const kept = new Map([[String(ticket.id), ticket]])
  return { find: (id) => kept.get(String(id)), take: (id) => kept.delete(String(id)) }
}

/** `one` comes back with its ticket, `other` has it too. */
async function resume(one: Suite, other: Suite, mine: Ticket, theirs: Ticket, findings: Findings) {
  const resumer = await Resumer.start(one, { ticket: mine, binding: RELAY }, NOW)
  if (resumer === undefined) return findings.holds('a ticket of today is good', false)
  const responder = await ResumeResponder.listen(other, { binding: RELAY, tickets: remembered(theirs) })
  const altered = await responder.receive(flipped(resumer.r1, 8 * (resumer.r1.length - 1)), NOW)
  findings.holds('an altered R1 is dropped', altered.kind === 'drop')
  const answer = await responder.receive(resumer.r1, NOW)
  if (answer.kind !== 'established') return findings.holds('a ticket is taken', false)
  const alteredR2 = await resumer.receive(flipped(answer.r2, 8 * (answer.r2.length - 1)))
  findings.holds('an altered R2 is dropped', alteredR2.kind === 'drop')
  const told = await resumer.receive(answer.r2)
  if (told.kind !== 'established') return findings.holds('its answer is taken', false)
  compareSessions('a resumption', told.session, answer.session, findings)
  await talk(one, other, told.session, answer.session, findings)
}

function compareSessions(of: string, alices: Session, bobs: Session, findings: Findings): void {
  findings.same(`${of} gives the initiator its way to send`, alices.send, bobs.receive)
  findings.same(`${of} gives the responder its way to send`, alices.receive, bobs.send)
  findings.same(`${of} gives one root`, alices.root, bobs.root)
  findings.same(`${of} gives one secret for paths`, alices.paths, bobs.paths)
  findings.same(`${of} gives one name of the link`, alices.link, bobs.link)
  const [mine, theirs] = [alices.tickets, bobs.tickets]
  findings.same(`${of} gives the initiator a ticket`, mine.ours.secret, theirs.theirs.secret)
  findings.same(`${of} gives the responder a ticket`, mine.theirs.secret, theirs.ours.secret)
}

const CONTROL = { path: 0, lane: 0, ordered: true } as const

/** A record each way, fresh secrets, and a record each way under those. Takes the sessions' secrets. */
async function talk(one: Suite, other: Suite, alices: Session, bobs: Session, findings: Findings) {
  const [alice, bob] = [new RecordLayer(one, alices), new RecordLayer(other, bobs)]
  const [offering, answering] = [new Rekeying(one, alice, alices, NOW), new Rekeying(other, bob, bobs, NOW)]
  const carry = async (from: RecordLayer, to: RecordLayer, what: string, type: 'data' | 'rekeyDone') => {
    const record = await from.seal(CONTROL, type, utf8(what), NOW)
    const opened = await to.open(CONTROL, record, NOW)
    findings.same(`"${what}" is heard`, opened.kind === 'opened' ? opened.body : undefined, utf8(what))
    return record
  }
  await carry(alice, bob, 'hello', 'data')
  const early = await carry(bob, alice, 'hello to you', 'data')
  const again = await alice.open(CONTROL, early, NOW)
  findings.holds('a record is heard once', again.kind === 'drop')
  const offer = await offering.offer()
  const answer = offer && (await answering.receive('rekeyOffer', offer, NOW))
  if (answer?.kind !== 'send') return findings.holds('fresh secrets are taken', false)
  const done = await offering.receive('rekeyAnswer', answer.body, NOW)
  findings.holds('fresh secrets are agreed on', done.kind === 'send')
  await carry(alice, bob, '', 'rekeyDone')
  const fresh = await carry(bob, alice, 'under fresh keys', 'data')
  findings.holds('and are used', early[1] !== fresh[1] && alice.settled && bob.settled)
  for (const end of [alice, bob, offering, answering]) end.close()
}
