// A peer that is an attacker's: it seals what it likes, by the protocol's own means.

import type { Waypost } from '../../client/index.ts'
import { openSuite } from '../../client/secure.ts'
import { readBundle } from '../../protocol/crypto/mail/bundle.ts'
import { newCorrespondence, seal } from '../../protocol/crypto/mail/correspondence.ts'
import { type Content, encodeContent } from '../../protocol/mail/content.ts'
import { parsePeerId } from '../../protocol/peer-id.ts'
import { encodeData } from '../../protocol/wire/data.ts'
import { newOwner } from '../support/mail.ts'
import { type HostileLetter, letterOf } from './hostile-mail.ts'

/** A peer of its own making: it seals what it likes. */
export async function attacker(victim: {
  readonly waypost: Waypost
  readonly box: { head: Uint8Array | undefined }
}) {
  const suite = await openSuite()
  const identity = await newOwner()
  const peer = parsePeerId(victim.waypost.id)
  const bundle = await readBundle(suite, victim.box.head as Uint8Array, peer, Date.now())
  if (bundle.kind !== 'bundle') throw new Error(`no bundle: ${bundle.reason}`)
  let correspondence = newCorrespondence(peer, Date.now())
  const me = { identity: { id: identity.id, key: identity.key }, mailbox: identity.id }
  return async (content: Content): Promise<HostileLetter> => {
    const how = { nowMs: Date.now(), bundle }
    const sealed = await seal(suite, me, correspondence, encodeContent(content), how)
    correspondence = sealed.correspondence
    return letterOf(sealed.envelope)
  }
}

export const idOf = (n: number) => new Uint8Array(16).fill(n)
export const said = (n: number, bytes = 0): Content => {
  const data = bytes === 0 ? `said ${n}` : new Uint8Array(bytes)
  return { message: { id: idOf(n), sentAtMs: 1, data: encodeData(data) } }
}
