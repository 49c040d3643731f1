// Two peers of different implementations write to each other. As differential.ts, of which it is a part, it runs in every host.

import { verifyPublication } from '../../../../protocol/crypto/mail/publication.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import type { Findings } from '../differential.ts'
import { flipped } from '../handshake/meeting.ts'
import { type Correspondent, NOW, pairOf } from './correspondents.ts'

export async function compareMail(one: Suite, other: Suite, findings: Findings): Promise<void> {
  const { alice, bob } = await pairOf(one, other)
  for (const [peer, edge] of [
    [alice, other],
    [bob, one],
  ] as const) {
    const wrong = await verifyPublication(edge, peer.publication, peer.id, NOW)
    findings.holds('a publication is good', wrong === undefined)
    const altered = flipped(peer.publication, 8 * (peer.publication.length - 1))
    findings.holds('an altered one is not', (await verifyPublication(edge, altered, peer.id, NOW)) === 'path')
  }
  const carry = async (from: Correspondent, to: Correspondent, text: string, oneTime = true) => {
    const envelope = await from.writes(to, text, { oneTime })
    const altered = await to.reads(flipped(envelope, 8 * (envelope.length - 1)))
    findings.holds(`"${text}" altered is not read`, altered === '(unopened)')
    findings.holds(`"${text}" is read`, (await to.reads(envelope)) === text)
    findings.holds(`"${text}" is read once`, (await to.reads(envelope)) === '(replayed)')
  }
  await carry(alice, bob, 'a first message')
  await carry(alice, bob, 'and another')
  await carry(bob, alice, 'an answer')
  await carry(alice, bob, 'a third turn')
  await carry(bob, alice, `a fourth${' and so on'.repeat(500)}`)
  for (const peer of [alice, bob]) peer.book = []
  await carry(bob, alice, 'a first one without a one-time prekey', false)
}
