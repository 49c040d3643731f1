// WebSocket upgrades, as the Worker sees them.

import { encode } from '../protocol/wire/codec.ts'
import { CLOSE_CODE_BASE, REFUSAL, type RefusalCode } from '../protocol/wire/registry.ts'

export function isUpgrade(request: Request): boolean {
  return request.headers.get('Upgrade')?.toLowerCase() === 'websocket'
}

/**
 * A refusal a browser can read: it is not shown the status or body of a refused upgrade, so the socket is opened, told
 * the reason, and closed. A browser fails a socket that is answered with a subprotocol it did not offer, or with none of
 * those it did; so whatever it speaks, the answer is the first it offered.
 */
export function refuseUpgrade(request: Request, code: RefusalCode, retryAfterMs = 0): Response {
  const offered = request.headers.get('Sec-WebSocket-Protocol')?.split(',')[0]?.trim()
  const headers = offered === undefined ? {} : { 'Sec-WebSocket-Protocol': offered }
  const { 0: client, 1: server } = new WebSocketPair()
  server.accept()
  server.send(encode({ kind: 'refusal', code, refusedType: 0, retryAfterMs }))
  server.close(CLOSE_CODE_BASE + REFUSAL[code], code)
  return new Response(null, { status: 101, webSocket: client, headers })
}
