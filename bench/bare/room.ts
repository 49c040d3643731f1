// The yardstick: a Durable Object that does a room's work with the least JavaScript that does it, and nothing else. It
// hibernates, reads the receiver's slot from where our frames have it, and sends. It knows no members, limits, refusals,
// presence or roster (but can make the noise of one, where that is what is measured); after sleep it finds sockets by the slot in their attachments.

import { DurableObject } from 'cloudflare:workers'

const BROADCAST = 0x21
const WELCOME_BYTES = 40
const MEMBER_BYTES = 46

export class BareRoom extends DurableObject {
  readonly sockets: (WebSocket | undefined)[] = []

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    for (const socket of ctx.getWebSockets()) this.sockets[socket.deserializeAttachment()] = socket
  }

  override fetch(request: Request): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    // A browser cannot set headers.
    const slot = Number(request.headers.get('slot') ?? new URL(request.url).searchParams.get('slot'))
    this.ctx.acceptWebSocket(server)
    server.serializeAttachment(slot)
    if (request.headers.has('greet')) this.greet(server)
    this.sockets[slot] = server
    return new Response(null, { status: 101, webSocket: client })
  }

  /** As many bytes as our room says of a joining: a socket that was ever sent something holds more than one that was not. */
  greet(joining: WebSocket): void {
    joining.send(new Uint8Array(WELCOME_BYTES + this.sockets.length * MEMBER_BYTES))
    for (const socket of this.sockets) socket?.send(new Uint8Array(1 + MEMBER_BYTES))
  }

  override webSocketMessage(from: WebSocket, message: ArrayBuffer): void {
    const frame = new DataView(message)
    if (frame.getUint8(0) === BROADCAST) {
      for (const socket of this.sockets) if (socket !== undefined && socket !== from) socket.send(message)
    } else {
      this.sockets[frame.getUint16(1)]?.send(message)
    }
  }

  override webSocketClose(socket: WebSocket): void {
    delete this.sockets[this.sockets.indexOf(socket)]
    socket.close(1000, '')
  }
}
