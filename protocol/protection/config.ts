// What a deployment may set about protection that objects go by too.

import { ADDRESS_CONNECTIONS_MAX } from '../limits/gateway.ts'
import { whole } from '../settings/kinds.ts'

export const RATE_CONNECTIONS = whole(
  'sockets of one address at one time, in one room or mailbox, and how many it may open at once and then in a minute; beyond: `edge-busy`; 0: not limited',
  { otherwise: ADDRESS_CONNECTIONS_MAX, least: 0, most: 1_000_000 },
)

export interface ProtectionSettings {
  readonly RATE_CONNECTIONS?: string | number
}

/** 0: not limited. Throws RangeError naming the setting. */
export function connectionsMax(settings: ProtectionSettings): number {
  return RATE_CONNECTIONS.read('RATE_CONNECTIONS', settings.RATE_CONNECTIONS)
}

/** Of an upgrade: a keyed hash of where it comes from, so that an object can count and cannot tell. Made by the Worker alone. */
export const ADDRESS_HEADER = 'X-Waypost-Address'
