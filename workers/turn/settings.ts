// Who makes this deployment's TURN credentials, as its settings say: Cloudflare's TURN service, any coturn that shares a
// secret with us, or nobody.

import { TURN_LIFETIME_MAX_MS, TURN_LIFETIME_MIN_MS, TURN_LIFETIME_MS } from '../../protocol/limits/turn.ts'
import { Misconfigured } from '../errors.ts'

export interface TurnSettings {
  /** Of a TURN key of Cloudflare's. */
  readonly TURN_KEY_ID?: string
  /** Its secret. */
  readonly TURN_KEY_API_TOKEN?: string
  readonly TURN_API_BASE?: string
  /** Of TURN servers of one's own, with commas between them. */
  readonly TURN_URLS?: string
  /** What these servers call `static-auth-secret`. */
  readonly TURN_SECRET?: string
  readonly TURN_LIFETIME_MS?: string | number
}

export type TurnProvider =
  | {
      readonly kind: 'cloudflare'
      readonly address: URL
      readonly token: string
      readonly lifetimeMs: number
    }
  | {
      readonly kind: 'coturn'
      readonly urls: readonly string[]
      readonly secret: string
      readonly lifetimeMs: number
    }

const API_BASE = 'https://rtc.live.cloudflare.com/v1'

/** Undefined where there is no TURN. Throws Misconfigured, and never says what a secret is. */
export function turnProvider(settings: TurnSettings): TurnProvider | undefined {
  const { TURN_KEY_ID: keyId, TURN_KEY_API_TOKEN: token, TURN_URLS: urls, TURN_SECRET: secret } = settings
  mustBeTogether('TURN_KEY_ID', keyId, 'TURN_KEY_API_TOKEN', token)
  mustBeTogether('TURN_URLS', urls, 'TURN_SECRET', secret)
  const lifetimeMs = lifetime(settings.TURN_LIFETIME_MS)
  if (keyId && urls)
    throw new Misconfigured('TURN_KEY_ID and TURN_URLS are both set; one of them makes the credentials')
  if (keyId && token)
    return { kind: 'cloudflare', address: addressOf(settings.TURN_API_BASE, keyId), token, lifetimeMs }
  if (urls && secret) return { kind: 'coturn', urls: listOf(urls), secret, lifetimeMs }
  return undefined
}

function mustBeTogether(one: string, first: string | undefined, other: string, second: string | undefined) {
  if (first && !second) throw new Misconfigured(`${one} is set, and ${other} is not`)
  if (second && !first) throw new Misconfigured(`${other} is set, and ${one} is not`)
}

function addressOf(base: string | undefined, keyId: string): URL {
  const text = (base || API_BASE).replace(/\/+$/, '')
  const path = `${text}/turn/keys/${encodeURIComponent(keyId)}/credentials/generate-ice-servers`
  const url = URL.canParse(path) ? new URL(path) : undefined
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new Misconfigured(`TURN_API_BASE must be an https: URL, not ${text}`)
  return url
}

function listOf(urls: string): readonly string[] {
  const list = urls.split(',').map((url) => url.trim())
  for (const url of list)
    if (!/^turns?:[^\s/?]+(\?transport=(udp|tcp))?$/.test(url))
      throw new Misconfigured(`TURN_URLS must be turn: or turns: URLs with commas between them, not ${url}`)
  return list
}

function lifetime(setting: string | number | undefined): number {
  if (setting === undefined || setting === '') return TURN_LIFETIME_MS
  const ms = Number(setting)
  if (Number.isInteger(ms) && ms >= TURN_LIFETIME_MIN_MS && ms <= TURN_LIFETIME_MAX_MS) return ms
  const range = `from ${TURN_LIFETIME_MIN_MS} to ${TURN_LIFETIME_MAX_MS}`
  throw new Misconfigured(`TURN_LIFETIME_MS must be a whole number ${range}, not ${setting}`)
}
