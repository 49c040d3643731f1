// The yardstick of mailboxes: a Durable Object that keeps bytes in a row each, and gives them back in the order of coming.
// Over HTTP a request is an insert; over a socket a message is one. It knows no owner, proof, priority, limit or end.

import { DurableObject } from 'cloudflare:workers'

export class BareMailbox extends DurableObject {
  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS letters (seq INTEGER PRIMARY KEY, envelope BLOB NOT NULL)',
    )
  }

  override async fetch(request: Request): Promise<Response> {
    switch (request.method) {
      case 'POST':
        this.insert(await request.arrayBuffer())
        return new Response(null, { status: 201 })
      case 'DELETE':
        return this.take(Number(request.headers.get('up-to')))
      default:
        return request.headers.has('Upgrade') ? this.enter() : this.read(Number(request.headers.get('limit')))
    }
  }

  enter(): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }

  insert(envelope: ArrayBuffer): void {
    this.ctx.storage.sql.exec('INSERT INTO letters (envelope) VALUES (?)', envelope)
  }

  /** The oldest, one after the other, and the last one's place. */
  read(limit: number): Response {
    const query = 'SELECT seq, envelope FROM letters ORDER BY seq LIMIT ?'
    const letters = this.ctx.storage.sql.exec<{ seq: number; envelope: ArrayBuffer }>(query, limit).toArray()
    const headers = { last: String(letters.at(-1)?.seq ?? 0) }
    return new Response(new Blob(letters.map(({ envelope }) => envelope)), { headers })
  }

  take(upTo: number): Response {
    this.ctx.storage.sql.exec('DELETE FROM letters WHERE seq <= ?', upTo)
    return new Response(null, { status: 204 })
  }

  /** A token and an envelope; answered by the token when that is on the disk, for which the platform waits. */
  override webSocketMessage(socket: WebSocket, message: ArrayBuffer): void {
    this.insert(message.slice(4))
    socket.send(message.slice(0, 4))
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close(1000, '')
  }
}
