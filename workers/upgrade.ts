// WebSocket upgrades, as the Worker sees them.

import { encode } from '../protocol/wire/codec.ts'
import { CLOSE_CODE_BASE, REFUSAL, type RefusalCode, SUBPROTOCOL } from '../protocol/wire/registry.ts'

export function isUpgrade(request: Request): boolean {
  return request.headers.get('Upgrade')?.toLowerCase() === 'websocket'
}

/**
 * A refusal a browser can read: it is not shown the status or body of a refused upgrade, so the socket is opened, told
 * the reason, and closed.
 */
export function refuseUpgrade(code: RefusalCode): Response {
  const { 0: client, 1: server } = new WebSocketPair()
  server.accept()
  server.send(encode({ kind: 'refusal', code, refusedType: 0, retryAfterMs: 0 }))
  server.close(CLOSE_CODE_BASE + REFUSAL[code], code)
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL },
  })
}
