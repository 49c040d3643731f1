// Why a bundle or an envelope was not acted upon. Counted, never thrown; what is dropped leaves prekeys and sessions as they were.

/** Of a publication at the edge, and of a bundle at whoever drew it. */
export const PREKEY_DROPS = [
  'malformed', // not of its layout, to the byte
  'wrong-owner', // the key in it is not that of whose mailbox it is
  'too-early', // made in our future
  'expired', // past its end, or offered for longer than one may be
  'signature', // not made by the owner over exactly this
  'root', // a publication whose one-time prekeys are not those that were signed
  'path', // a bundle whose one-time prekey is not among those that were signed
  'not-a-key', // a key, signed by its owner, that is none
] as const
export type PrekeyDrop = (typeof PREKEY_DROPS)[number]

/** Of an envelope. */
export const MAIL_DROPS = [
  'malformed', // of no class or version there is; or sealed rightly around something that is not of its layout
  'not-for-us', // opens under no session and no prekey of ours: another's, forged, or of a session we no longer have
  'unopened', // of a session or prekey of ours, and touched
  'replayed', // had it already
  'prekey-used', // sealed with a one-time prekey that is used, erased, or was never ours
  'misaddressed', // its sender introduced itself to somebody else, or over other keys
  'self', // from our own identity
  'hour', // written in our future, or too long ago
  'not-a-key', // the key its sender wants answers sealed to is none
  'signature', // not made by whom it says it is from
  'too-far', // more steps ahead than we follow: too many were lost
  'too-much-held', // no more first messages without a one-time prekey can be remembered
] as const
export type MailDrop = (typeof MAIL_DROPS)[number]

export interface Dropped<Reason extends string> {
  readonly kind: 'drop'
  readonly reason: Reason
}

export function dropped<Reason extends string>(reason: Reason): Dropped<Reason> {
  return { kind: 'drop', reason }
}
