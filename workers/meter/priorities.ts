// How much a request matters while there is too much: what keeps people connected before what lets them in, that before what they
// write, and that before what they read, which can be read again.

import type { Priority } from '../../protocol/priority.ts'

/** By method and pattern, where it is not what its method says. Sockets of rooms and mailboxes are opened by GET. */
const SPECIAL: Readonly<Record<string, Priority>> = {
  'GET /health': 'critical',
  'GET /metrics': 'critical', // What is wrong is looked for there and then.
  'DELETE /v1/mailboxes/:id/messages/:ids': 'critical', // Taking letters makes room.
  'GET /network/blacklist': 'critical',
  'GET /network/audit': 'critical',
  'POST /network/blacklist': 'critical',
  'DELETE /network/blacklist/:id': 'critical',
  'POST /v1/passes': 'high',
  'GET /v1/turn': 'normal', // Connections hang by it, and the relay carries without.
  'GET /v1/rooms/:room': 'high',
  'GET /v1/mailboxes/:id': 'high',
  'GET /v1/mailboxes/:id/prekeys': 'normal', // The beginning of a put.
}

const OF_METHOD: Readonly<Record<string, Priority>> = { PUT: 'normal', POST: 'normal', DELETE: 'normal' }

export function priorityOf(method: string, pattern: string): Priority {
  const asked = method === 'HEAD' ? 'GET' : method
  return SPECIAL[`${asked} ${pattern}`] ?? OF_METHOD[asked] ?? 'low'
}
