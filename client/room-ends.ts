// Why a room ended, in words for whoever waited for it. Loaded with the keys: no room ends before it began.

import { WaypostError } from '../protocol/errors.ts'
import type { EndReason } from '../protocol/membership/contract.ts'
import type { CloseReason } from './types.ts'

export type RoomErrorOf = typeof roomErrorOf

/** Its code is a `CloseReason`. */
export function roomErrorOf(reason: EndReason, room: string, cause: unknown): WaypostError {
  const { code, message } = ENDS[reason] ?? {
    code: 'edge-refused',
    message: `the edge will not let us in: ${reason}`,
  }
  const why = reason === 'no-pass' && cause instanceof WaypostError ? `: ${cause.message}` : ''
  return new WaypostError(code, `${message}${why} (room '${room}')`, { cause })
}

/** All others are refusals of the edge, whose names say enough. */
const ENDS: Partial<Record<EndReason, { readonly code: CloseReason; readonly message: string }>> = {
  left: { code: 'closed', message: 'the room was left' },
  unreachable: { code: 'edge-unreachable', message: 'the room could not be reached in time' },
  superseded: { code: 'superseded', message: 'this peer joined from elsewhere' },
  'room-full': { code: 'room-full', message: 'the room has all the members it may have' },
  'version-mismatch': {
    code: 'version-mismatch',
    message: 'edge and client speak different versions of the protocol',
  },
  'too-large': { code: 'too-large', message: 'the edge takes less metadata than this' },
}
