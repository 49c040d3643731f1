// The failures an application must handle: one class, one union of codes. Misuse throws TypeError or RangeError
// instead, and what a peer does wrong is a counted drop (drops.ts), never an exception.

export const ERROR_CODES = [
  'aborted', // the caller's AbortSignal fired
  'closed', // this Waypost or room was closed by its owner
  'edge-unreachable', // the edge did not answer, or not as a Waypost edge does
  'edge-refused', // the edge answered that it will not serve this client; the message says why
  'version-mismatch', // edge and client speak different versions of the protocol
  'room-full', // the room has as many members as it may
  'superseded', // the same peer joined from elsewhere; the newest connection owns the place
  'rate-limited', // more was sent than the limits allow; retryAfterMs says when to go on
  'too-large', // a message, frame or metadata is over its bound
  'queue-full', // too much is waiting to be sent already
  'peer-unreachable', // the peer is in no room with us, and has no other way to be reached
  'mailbox-full', // the peer's mailbox has no room for more of this priority
  'mailbox-refused', // the peer's mailbox does not take this from us
  'identity-in-use', // another tab, process or Waypost has the identity open
  'identity-unknown', // no identity of that name is kept here
  'identity-taken', // an identity of that name is kept here already
  'identity-locked', // it has a passphrase, and none was given
  'identity-damaged', // what is kept of it is not what was put there; a backup brings it back
  'wrong-passphrase', // of an identity or a backup; or there is no passphrase to give
  'backup-damaged', // not a backup, not all of one, or one of a later version
  'storage-failed', // the device would not keep or give it: full, forbidden, broken; the cause says which
  'unsupported', // this platform lacks something that is needed; the message names it
  'stream-reset', // the stream was broken off, by either side; `cause` is the code that was given
  'stream-refused', // the peer does not want the stream, or has too many
  'not-found', // the DHT was asked, and there is nothing of that
  'dht-refused', // the DHT does not keep it, or does not answer now; `cause` is the reason, retryAfterMs when to try again
  'unverified', // what came is not what was asked for, by its hash, its signature or its age
  'timeout', // it was tried for as long as it was worth
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

export class WaypostError extends Error {
  override readonly name = 'WaypostError'
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }
}
