// What a mailbox is told of a socket that opens, and by whom. An owner puts its hello and its pass into the upgrade request,
// as subprotocols; the Worker checks that the pass is of the mailbox's own key, and hands the hello to the object in a
// header that it alone sets. A socket without a hello is a sender's: it needs no pass, since each of its puts has a proof.

import { fromBase64url, toBase64url } from '../wire/base64url.ts'
import { encodeMail, type HelloFrame, tryDecodeMail } from '../wire/mail-frames.ts'
import { MAIL_SUBPROTOCOL_PREFIX, PASS_SUBPROTOCOL_PREFIX, SUBPROTOCOL } from '../wire/registry.ts'

/** From the Worker to the mailbox: the owner's hello, its pass checked; or no such header. */
export const HELLO_HEADER = 'x-waypost-hello'
/** From the Worker to the mailbox: for which origin and network stamps are made here. */
export const AUDIENCE_HEADER = 'x-waypost-audience'
/** From the Worker to the mailbox: in which region of the world an owner is, if that is known. */
export const REGION_HEADER = 'x-waypost-region'

/** The subprotocols an owner offers. A sender offers the first alone. */
export function mailSubprotocols(hello: HelloFrame, pass: string): string[] {
  return [
    SUBPROTOCOL,
    MAIL_SUBPROTOCOL_PREFIX + toBase64url(encodeMail(hello)),
    PASS_SUBPROTOCOL_PREFIX + pass,
  ]
}

/** The hello among the offered subprotocols: none is a sender's way, and one that is none is nobody's. */
export function offeredHello(offered: string | null | undefined): HelloFrame | 'none' | 'malformed' {
  for (const part of (offered ?? '').split(',')) {
    const token = part.trim()
    if (token.startsWith(MAIL_SUBPROTOCOL_PREFIX))
      return helloOf(token.slice(MAIL_SUBPROTOCOL_PREFIX.length)) ?? 'malformed'
  }
  return 'none'
}

/** The hello as its letters say it. */
export function helloOf(letters: string): HelloFrame | undefined {
  const bytes = fromBase64url(letters)
  const frame = bytes && tryDecodeMail(bytes)
  return frame?.kind === 'hello' ? frame : undefined
}
