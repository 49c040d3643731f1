// Where TURN credentials come from, as text says it; and what of that does not fit together.

import { isTurnUrl } from './ice.ts'
import type { Settings } from './table.ts'

export const TURN_API_BASE = 'https://rtc.live.cloudflare.com/v1'

/** Undefined for what is no address that can be asked. Without a slash at its end. */
export function parseBase(text: string): string | undefined {
  const { protocol } = URL.parse(text) ?? {}
  return protocol === 'https:' || protocol === 'http:' ? text.replace(/\/+$/, '') : undefined
}

/** Undefined unless each is the address of a TURN server. */
export function parseTurnUrls(text: string): readonly string[] | undefined {
  if (text === '') return []
  const urls = text.split(',').map((url) => url.trim())
  return urls.every(isTurnUrl) ? urls : undefined
}

export type TurnSettings = Pick<
  Settings,
  'TURN_KEY_ID' | 'TURN_KEY_API_TOKEN' | 'TURN_API_BASE' | 'TURN_URLS' | 'TURN_SECRET' | 'TURN_LIFETIME_MS'
>

export const TWO_TURN_SERVICES = 'TURN_KEY_ID and TURN_URLS are both set; one of them makes the credentials'

/**
 * A sentence; undefined where all that is needed is there. A secret alone is no mistake: it is set before what it belongs to is deployed,
 * and goes after it.
 */
export function turnMisfit(settings: TurnSettings): string | undefined {
  const { TURN_KEY_ID: keyId, TURN_KEY_API_TOKEN: token, TURN_URLS: urls, TURN_SECRET: secret } = settings
  if (keyId !== '' && urls.length > 0) return TWO_TURN_SERVICES
  if (keyId !== '' && token === '') return without('TURN_KEY_ID', 'TURN_KEY_API_TOKEN')
  if (urls.length > 0 && secret === '') return without('TURN_URLS', 'TURN_SECRET')
  return undefined
}

const without = (name: string, secret: string) =>
  `${name} is set, and ${secret} is not: \`npx wrangler secret put ${secret}\` sets it`
