// Names of networks and rooms, and what may be in them.

import { IDENTITY_NAME_LENGTH_MAX } from './limits/identities.ts'
import { NAME_LENGTH_MAX } from './limits/room.ts'

export const DEFAULT_NETWORK = 'default'

/** A network's name survives URLs, logs and object names unchanged and unescaped. */
export function isNetworkName(text: string): boolean {
  return text.length <= NAME_LENGTH_MAX && /^[A-Za-z0-9][A-Za-z0-9._~:@-]*$/.test(text)
}

/** A room's name is for people: any text on one line, escaped where it travels. A URL cannot say `.` and `..`, however escaped. */
export function isRoomName(text: string): boolean {
  if (text === '.' || text === '..') return false
  return text.length >= 1 && text.length <= NAME_LENGTH_MAX && text.isWellFormed() && !/\p{Cc}/u.test(text)
}

/** Rooms that machinery meets in: an application neither joins one, nor sends anybody there. */
export function isReservedName(text: string): boolean {
  return text.startsWith('waypost/')
}

/** An identity's name never leaves the device; it is made of what a network's is, so that it can name a file. */
export function isIdentityName(text: string): boolean {
  return text.length <= IDENTITY_NAME_LENGTH_MAX && isNetworkName(text)
}
