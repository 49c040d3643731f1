// Asking this edge for something, and what can become of that, as words for whoever reads the page.

import { isRecord, numberOr, textOr } from '../health.ts'
import { tame } from '../tame.ts'
import { duration } from '../words.ts'
import { adminToken } from './token.ts'

export const ANSWER_MS_MAX = 10_000
const SAID_CHARS_MAX = 160

/** It was asked and did not give what was wanted. */
export interface Failure {
  /** The edge's word for it; `no-answer` and `not-readable` are ours. */
  readonly code: string
  /** A whole sentence. */
  readonly words: string
}

export type Answer<T> = { readonly value: T } | { readonly failure: Failure }

export interface Question {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly body?: unknown
  readonly signal?: AbortSignal
}

/** What `read` makes of the JSON that is answered; where it makes nothing of it, that is a failure. */
export async function askFor<T>(
  path: string,
  read: (body: Record<string, unknown>) => T | undefined,
  { method = 'GET', body, signal }: Question = {},
): Promise<Answer<T>> {
  const limit = AbortSignal.timeout(ANSWER_MS_MAX)
  try {
    const response = await fetch(path, {
      method,
      cache: 'no-store',
      headers: headersOf(body !== undefined),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const said: unknown = response.status === 204 ? {} : await response.json().catch(() => undefined)
    if (!response.ok) return { failure: failureOf(response.status, said) }
    const value = isRecord(said) ? read(said) : undefined
    return value === undefined ? { failure: NOT_READABLE } : { value }
  } catch {
    return { failure: NO_ANSWER }
  }
}

export function headersOf(withBody: boolean): Record<string, string> {
  const token = adminToken.value
  return {
    ...(withBody ? { 'Content-Type': 'application/json' } : {}),
    // A header takes only so much; what nobody could have been given is not sent at all.
    ...(token !== undefined && /^[\x21-\x7e]+$/.test(token) ? { Authorization: `Bearer ${token}` } : {}),
  }
}

const NO_ANSWER: Failure = { code: 'no-answer', words: 'The edge did not answer.' }
const NOT_READABLE: Failure = {
  code: 'not-readable',
  words: 'The edge answered something this page does not understand. It may be of another version.',
}

const WORDS: Readonly<Record<string, string>> = {
  'admin-missing': 'This needs the admin token. Type it in on the page Administration.',
  'admin-wrong': 'The edge does not know this admin token. Look whether it was typed in whole.',
  'admin-off': 'Administration is switched off here: this edge was deployed without an ADMIN_TOKEN.',
  'no-such-listing': 'This peer is not on the blacklist, or not any more.',
  'over-quota': 'The blacklist is full: as many are on it by hand as there is room for.',
  'no-such-peer': 'The edge knows no such peer in this network, or no longer.',
  'bad-name': 'That is not well formed: look at the name of the network and at the id of the peer.',
  'not-found': 'This edge does not have that yet. It may be of an older version.',
  'method-not-allowed': 'This edge does not take that yet. It may be of an older version.',
  'rate-limited': 'That was asked too often.',
  busy: 'The edge has too much to do at the moment.',
  internal: 'The edge failed at this. Its log says more.',
}

export function failureOf(status: number, said: unknown): Failure {
  const error = isRecord(said) && isRecord(said.error) ? said.error : {}
  const code = textOr(error.code, `status-${status}`)
  const message = tame(textOr(error.message, ''), SAID_CHARS_MAX)
  const known = Object.hasOwn(WORDS, code) ? WORDS[code] : undefined
  const words = known ?? (message === '' ? `The edge refused with status ${status}.` : sentence(message))
  const waitMs = numberOr(error.retryAfterMs, 0)
  return { code, words: waitMs > 0 ? `${words} Try again in ${duration(waitMs)}.` : words }
}

function sentence(text: string): string {
  const begun = `The edge refused: ${text}`
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`
}
