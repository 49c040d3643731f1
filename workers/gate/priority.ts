// How urgent a request is: what a client needs to stay, before what it needs to come, before what it writes, before what it
// reads. When there is too much of everything, the last goes first.

import type { Priority } from '../../protocol/priority.ts'
import { isUpgrade } from '../upgrade.ts'

const isAdministration = (path: string) => path.startsWith('/network/blacklist') || path === '/network/audit'

export function priorityOf(request: Request): Priority {
  const { pathname } = new URL(request.url)
  if (pathname === '/health' || pathname === '/v1/passes' || isAdministration(pathname)) return 'critical'
  // What an owner has taken makes room for what others put.
  if (request.method === 'DELETE') return 'critical'
  if (isUpgrade(request)) return 'high'
  return request.method === 'GET' || request.method === 'HEAD' ? 'low' : 'normal'
}
