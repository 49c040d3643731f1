// Mailboxes asked over HTTP, as the edge tests do it.

import { toBase64url } from '../../protocol/wire/base64url.ts'
import { encodePutRequest, type PutRequest } from '../../protocol/wire/mail-frames.ts'
import type { MailOwner } from '../support/mail.ts'
import { passFor, type TestPass } from '../support/passes.ts'
import { fetchDescribed } from './described.ts'
import { pathOf } from './mail-socket.ts'

export const ORIGIN = 'https://edge.example'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  // What a test expects of it is the test's business.
  readonly body: {
    readonly error: { readonly code: string; readonly message: string; readonly retryAfterMs?: number }
    readonly messages: readonly { id: string; priority: string; hour: number; envelope: string }[]
    readonly [field: string]: unknown
  }
}

export async function ask(path: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetchDescribed(`${ORIGIN}${path}`, init)
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}

export const OCTETS = { 'Content-Type': 'application/octet-stream' }

export function post(owner: Pick<MailOwner, 'text' | 'network'>, body: Uint8Array): Promise<Answered> {
  return ask(pathOf(owner, '/messages'), { method: 'POST', headers: OCTETS, body })
}

export function put(owner: Pick<MailOwner, 'text' | 'network'>, request: PutRequest): Promise<Answered> {
  return post(owner, encodePutRequest(request))
}

/** As the owner: with a pass of its own. */
export async function asOwner(
  owner: MailOwner,
  rest: string,
  init: RequestInit = {},
  pass: TestPass = {},
): Promise<Answered> {
  const text = await passFor(owner.id, { network: owner.network, ...pass })
  const [path, query] = rest.split('?')
  const whole = pathOf(owner, path) + (query === undefined ? '' : `&${query}`)
  return ask(whole, { ...init, headers: { Authorization: `Bearer ${text}`, ...init.headers } })
}

export function allows(owner: MailOwner, keys = [owner.accessKey], strangers = true): Promise<Answered> {
  const body = JSON.stringify({ keys: keys.map(toBase64url), strangers })
  return asOwner(owner, '/access', { method: 'PUT', body, headers: { 'Content-Type': 'application/json' } })
}

export function publishes(owner: MailOwner, publication: Uint8Array): Promise<Answered> {
  return asOwner(owner, '/prekeys', { method: 'PUT', body: publication, headers: OCTETS })
}
