// What a browser offers and the edge shall not take: deflating sockets. What links carry is ciphertext, and deflating it cost
// the browser and the room three times what carrying it does. Asked of workerd itself, as nothing in front of it may answer.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Server, serve } from '../../bench/server.ts'
import { SUBPROTOCOL, WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { offerOf } from '../support/passes.ts'

let edge: Server
beforeAll(async () => {
  edge = await serve('ours')
})
afterAll(() => edge.stop())

/** The head of the answer to an upgrade that offers what Chromium's do. */
async function answerTo(protocols: readonly string[]): Promise<string> {
  const tcp = connect({ host: '127.0.0.1', port: edge.port })
  tcp.write(
    [
      'GET /v1/rooms/plain HTTP/1.1',
      'Host: edge.example',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
      `Sec-WebSocket-Protocol: ${protocols.join(', ')}`,
      '\r\n',
    ].join('\r\n'),
  )
  const [head] = await once(tcp, 'data')
  tcp.destroy()
  return String(head).split('\r\n\r\n')[0] as string
}

describe('a socket', () => {
  it('of a room is not deflated, nor is one that is refused', async () => {
    const join = {
      kind: 'join',
      version: WIRE_VERSION,
      peer: randomBytes(32),
      session: randomBytes(8),
      metadata: new Uint8Array(),
    } as const
    for (const protocols of [await offerOf(join), [SUBPROTOCOL]]) {
      const head = await answerTo(protocols)
      expect(head).toMatch(/^HTTP\/1\.1 101 /)
      expect(head).toContain(`Sec-WebSocket-Protocol: ${SUBPROTOCOL}`)
      expect(head).not.toMatch(/^Sec-WebSocket-Extensions/im)
    }
  })
})
