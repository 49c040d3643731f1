// Why a message of a handshake, a resumption or a join was not acted upon. Nothing a peer sends throws; a drop leaves the
// state as it was, so that whoever can inject messages cannot end a handshake that the real peer would finish.

export const HANDSHAKE_DROPS = [
  'malformed', // wrong length, magic, type or flags, or something not zero that must be
  'unexpected', // a good message, but not one that is waited for now
  'self', // from our own identity
  'suite', // no suite in common, or one that was not offered
  'downgraded', // a suite lower than this peer is known to have
  'dial-tag', // for another peer, or over another binding than we see
  'rate-limited', // the host will not spend a key encapsulation now
  'not-a-key', // an encapsulation key or ciphertext that is none
  'unopened', // a box that does not open: another transcript, or other keys
  'wrong-peer', // whoever answers is not whom we dialled
  'signature', // not made by the key beside it, over this transcript
  'ticket', // unknown, spent, expired, or another's
  'mac', // a binder, finished or join MAC that is not right
  'replayed', // a path number that was used
] as const

export type HandshakeDrop = (typeof HANDSHAKE_DROPS)[number]

export interface Dropped {
  readonly kind: 'drop'
  readonly reason: HandshakeDrop
}

export function dropped(reason: HandshakeDrop): Dropped {
  return { kind: 'drop', reason }
}
