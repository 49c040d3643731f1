// What goes wrong with mail, in an application's words.

import { type ErrorCode, WaypostError } from '../../protocol/errors.ts'
import { MAIL_MESSAGE_BYTES_MAX } from '../../protocol/limits/client-mail.ts'
import type { OutboxFailure } from '../../protocol/mail/outbox.ts'
import type { PeerId } from '../types.ts'

const FAILURES: Readonly<Record<OutboxFailure, readonly [ErrorCode, string]>> = {
  timeout: ['timeout', 'the message was neither brought to the peer nor into its mailbox in time'],
  'no-mailbox': ['peer-unreachable', 'the peer is in no room with us, and has no mailbox'],
  full: ['mailbox-full', "the peer's mailbox has no room for more of this priority"],
  refused: ['mailbox-refused', "the peer's mailbox does not take this from us"],
  broken: ['storage-failed', 'the message could not be kept on this device'],
}

export function errorOf(why: OutboxFailure, to: PeerId, cause: unknown): WaypostError {
  const [code, message] = FAILURES[why]
  if (cause instanceof WaypostError) return cause
  return new WaypostError(code, `${message} (${to})`, cause === undefined ? {} : { cause })
}

export function asWaypostError(problem: unknown): WaypostError {
  if (problem instanceof WaypostError) return problem
  return new WaypostError('storage-failed', `mail failed: ${String(problem)}`, { cause: problem })
}

export function tooLarge(): WaypostError {
  const most = MAIL_MESSAGE_BYTES_MAX
  return new WaypostError(
    'too-large',
    `by mail a message holds at most ${most} bytes; open a stream for more`,
  )
}
