// What every socket-holding object of the edge needs of the platform: accepting sockets that may sleep, answering
// keep-alives without waking, and closing the way browsers expect.

import { ADDRESS_HEADER } from '../protocol/protection/config.ts'
import { encode } from '../protocol/wire/codec.ts'
import {
  CLOSE_CODE_BASE,
  KEEP_ALIVE_PING,
  KEEP_ALIVE_PONG,
  REFUSAL,
  type RefusalCode,
  SUBPROTOCOL,
} from '../protocol/wire/registry.ts'

/** One will do for all objects of an isolate. */
let pingAndPong: WebSocketRequestResponsePair | undefined

/** The platform answers pings itself, also while the object sleeps, and notes when (platform: one pair for each object). */
export function answerKeepAlives(ctx: DurableObjectState): void {
  pingAndPong ??= new WebSocketRequestResponsePair(KEEP_ALIVE_PING, KEEP_ALIVE_PONG)
  ctx.setWebSocketAutoResponse(pingAndPong)
}

/** The upgrade's answer. That nothing is deflated is said in wrangler.toml: a header that says so here is not heeded. */
export function upgraded(client: WebSocket): Response {
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL },
  })
}

/** The tag of sockets that come from one address; none where the Worker limits nobody by it. */
export function addressTags(headers: Headers): readonly string[] {
  const address = headers.get(ADDRESS_HEADER)
  return address === null ? [] : [`from:${address}`]
}

/** Whether as many sockets as may be are open here from there already. */
export function isCrowded(ctx: DurableObjectState, tags: readonly string[], most: number): boolean {
  return most > 0 && tags.some((tag) => ctx.getWebSockets(tag).length >= most)
}

/** Tells a socket why it is closed: a Refusal frame for programs, the code and its name for people's developer tools. */
export function closeWith(socket: WebSocket, code: RefusalCode, retryAfterMs = 0): void {
  sendTo(socket, encode({ kind: 'refusal', code, refusedType: 0, retryAfterMs }))
  try {
    socket.close(CLOSE_CODE_BASE + REFUSAL[code], code)
  } catch {
    // It closed in the meantime; there is nobody left to tell.
  }
}

/** Accepted only to be told why not: a browser cannot read the body of a refused upgrade. It never sleeps, so plain accept. */
export function turnAway(socket: WebSocket, code: RefusalCode, retryAfterMs = 0): void {
  socket.accept()
  closeWith(socket, code, retryAfterMs)
}

/**
 * The other half of a close the client began. workerd (1.20261023.1 to 1.20261117.1) leaves it to us, and a browser's
 * plain close() hangs until we do; codes that may not be sent are answered with 1000.
 */
export function answerClose(socket: WebSocket, code: number, reason: string): void {
  const sendable = code === 1000 || (code >= 3000 && code <= 4999)
  try {
    socket.close(sendable ? code : 1000, sendable ? reason : '')
  } catch {
    // Already closed on both sides.
  }
}

/** False when the socket is already closing: the close event that follows says what is to be said about it. */
export function sendTo(socket: WebSocket, message: Uint8Array): boolean {
  try {
    socket.send(message)
    return true
  } catch {
    return false
  }
}
