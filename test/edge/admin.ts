// An administrator of the edge under test, and peers as it names them.

import { exports } from 'cloudflare:workers'
import { peerIdText } from '../../protocol/peer-id.ts'
import { deployedWith } from './rooms.ts'

export const ADMIN_TOKEN = 'an-administrator-of-no-deployment-0123456789'
export const ADMIN = { Authorization: `Bearer ${ADMIN_TOKEN}` }

export interface AdminAnswer {
  readonly status: number
  // What a test expects of it is the test's business.
  readonly body: {
    readonly error: { readonly code: string; readonly message: string; readonly retryAfterMs?: number }
    readonly entries: readonly Record<string, unknown>[]
    readonly [field: string]: unknown
  }
}

export async function asAdmin(
  method: string,
  path: string,
  body?: unknown,
  headers: object = ADMIN,
): Promise<AdminAnswer> {
  const init = {
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  }
  const response = await exports.default.fetch(`https://edge.example${path}`, init as never)
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

export const administered = <T>(run: () => Promise<T>, settings = {}) =>
  deployedWith({ ADMIN_TOKEN, ...settings }, run)

export const lists = (peer: Uint8Array, network: string, more: object = {}) =>
  asAdmin('POST', '/network/blacklist', { network, id: peerIdText(peer), reason: 'admin', ...more })

export const unlists = (peer: Uint8Array, network: string) =>
  asAdmin('DELETE', `/network/blacklist/${peerIdText(peer)}?network=${network}`)
