// What the edge says, to whomever, never has a secret in it: no answer, no log line, no refusal; whatever is asked, and
// however it fails.

import { exports } from 'cloudflare:workers'
import { afterEach, expect, it, vi } from 'vitest'
import { peerIdText } from '../../protocol/peer-id.ts'
import { passFor, TEST_SECRET } from '../support/passes.ts'
import { ADMIN_TOKEN, administered } from './admin.ts'
import { newPeer, RoomSocket } from './socket.ts'

const PREVIOUS = 'the-secret-before-this-one-of-no-deployment-'
const LOGS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const

afterEach(() => vi.restoreAllMocks())

it('no answer and no log line has a secret, a token or a pass in it', () =>
  administered(
    async () => {
      const said: string[] = []
      for (const log of LOGS)
        vi.spyOn(console, log).mockImplementation(
          (...words: unknown[]) => void said.push(words.map(String).join(' ')),
        )
      const peer = newPeer()
      const pass = await passFor(peer)
      const shown = [TEST_SECRET, PREVIOUS, ADMIN_TOKEN, pass]
      for (const token of shown) {
        for (const [method, path] of PATHS) {
          const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
          const body =
            method === 'GET' || method === 'DELETE' ? null : JSON.stringify({ id: peerIdText(peer) })
          const response = await exports.default.fetch(`https://edge.example${path}`, {
            method,
            headers,
            body,
          } as never)
          said.push(await response.text(), JSON.stringify([...response.headers]))
        }
        const headers = { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': `waypost.1, ${token}` }
        const { webSocket } = await exports.default.fetch('https://edge.example/v1/rooms/a', { headers })
        const socket = RoomSocket.of({ webSocket, status: 101 } as Response)
        said.push(JSON.stringify([await socket.closing(), socket.frames]))
      }
      expect(said.length).toBeGreaterThan(PATHS.length * shown.length)
      for (const secret of shown)
        for (const words of said) expect(words.includes(secret), `${words} has ${secret}`).toBe(false)
    },
    { PASS_SECRET_PREVIOUS: PREVIOUS },
  ))

const PATHS = [
  ['GET', '/health'],
  ['GET', '/v1/bootstrap'],
  ['POST', '/v1/passes'],
  ['PUT', '/v1/dht/records/not-a-key'],
  ['PUT', '/v1/dht/records/bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'],
  ['GET', `/v1/mailboxes/${peerIdText(newPeer())}/messages`],
  ['PUT', `/v1/mailboxes/${peerIdText(newPeer())}/access`],
  ['GET', '/network/blacklist'],
  ['POST', '/network/blacklist'],
  ['DELETE', `/network/blacklist/${peerIdText(newPeer())}`],
  ['GET', '/network/audit'],
  ['GET', '/network/queue/stats'],
  ['GET', '/nothing'],
] as const
