// Who a request to a mailbox speaks for. The owner shows a pass whose subject is the mailbox's id: in a header of its own, or
// where a browser can put none, among an upgrade's subprotocols. Everybody else needs no pass: puts carry their own proofs.

import type { Context } from 'hono'
import { audienceOf } from '../protocol/crypto/admission/names.ts'
import { CAPABILITY, checkPass, grantOf } from '../protocol/crypto/admission/pass.ts'
import { HELLO_HEADER, offeredHello } from '../protocol/mailbox/admission.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../protocol/names.ts'
import { isPeerId, parsePeerId } from '../protocol/peer-id.ts'
import { GRANT_HEADER, offeredPass, offersWaypost } from '../protocol/room/admission.ts'
import { toBase64url } from '../protocol/wire/base64url.ts'
import { encodeMail } from '../protocol/wire/mail-frames.ts'
import { type RefusalCode, WIRE_VERSION } from '../protocol/wire/registry.ts'
import { passCode } from './admission.ts'
import { passCheck } from './desk.ts'
import type { Edge, Env, MailboxStub } from './env.ts'
import { refuse } from './errors.ts'
import { refuseListed } from './gate/refuse-listed.ts'
import { mailboxObjectName } from './placement.ts'

/** A mailbox as a request names it. */
export interface NamedMailbox {
  readonly network: string
  readonly id: Uint8Array
  readonly stub: MailboxStub
}

/** Undefined where the name is not well formed. */
export function namedMailbox(c: Context<Edge>): NamedMailbox | undefined {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  const text = c.req.param('id') ?? ''
  if (!isNetworkName(network) || !isPeerId(text)) return undefined
  return {
    network,
    id: parsePeerId(text),
    stub: c.env.MAILBOXES.getByName(mailboxObjectName(network, text)),
  }
}

export const badName = (c: Context<Edge>) =>
  refuse(c, 'bad-name', 'the id of the mailbox or the name of the network is not well formed')

/** For which origin and network stamps are made here. */
export async function audienceHere(c: Context<Edge>, network: string): Promise<Uint8Array> {
  const { hash } = await passCheck(c.env)
  return audienceOf(hash, new URL(c.req.url).origin, network)
}

type Denied = ReturnType<typeof passCode>

/** Undefined: the pass is the owner's, good, and for mail. */
async function denied(env: Env, { network, id }: NamedMailbox, pass: string): Promise<Denied | undefined> {
  const { hash, ring } = await passCheck(env)
  const checked = await checkPass(hash, ring, pass, { network, subject: id }, Date.now())
  if (typeof checked === 'string') return passCode(checked)
  return (checked.capabilities & CAPABILITY.mail) === 0 ? 'pass-foreign' : undefined
}

const WHY: Readonly<Record<Denied, string>> = {
  'pass-malformed': 'the pass is none',
  'pass-expired': 'the time of the pass is over; another one helps',
  'pass-forged': 'the pass was not made with a secret of this edge; another one helps',
  'pass-foreign': 'the pass is not that of the mailbox’s owner, for this network and for mail',
}

const BEARER = { 'WWW-Authenticate': 'Bearer' }

/** The answer to whoever is not the owner; undefined for the owner. */
export async function refuseUnlessOwner(
  c: Context<Edge>,
  mailbox: NamedMailbox,
): Promise<Response | undefined> {
  const [scheme, pass, ...more] = (c.req.header('Authorization') ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || pass === undefined || more.length > 0)
    return refuse(c, 'pass-missing', 'only the owner may: Authorization: Bearer and a pass', BEARER)
  const code = await denied(c.env, mailbox, pass)
  if (code !== undefined) return refuse(c, code, WHY[code], code === 'pass-foreign' ? {} : BEARER)
  return refuseListed(c, mailbox.network, mailbox.id)
}

/** What the object is told of a socket in headers, or why there shall be none. */
export async function admitSocket(
  request: Request,
  env: Env,
  mailbox: NamedMailbox,
): Promise<Record<string, string> | RefusalCode> {
  const offered = request.headers.get('Sec-WebSocket-Protocol')
  if (!offersWaypost(offered)) return 'version-mismatch'
  const hello = offeredHello(offered)
  if (hello === 'malformed') return 'bad-request'
  if (hello === 'none') return {}
  if (hello.version !== WIRE_VERSION) return 'version-mismatch'
  const pass = offeredPass(offered)
  const grant = pass === undefined ? undefined : grantOf(pass)
  if (pass === undefined || grant === undefined) return 'pass-malformed'
  const code = await denied(env, mailbox, pass)
  return code ?? { [HELLO_HEADER]: toBase64url(encodeMail(hello)), [GRANT_HEADER]: toBase64url(grant) }
}
