// Who makes this deployment's TURN credentials, as its settings say: Cloudflare's TURN service, any coturn that shares a
// secret with us, or nobody.

import { Misconfigured } from '../errors.ts'
import type { Settings } from '../settings/table.ts'

export type TurnSettings = Pick<
  Settings,
  'TURN_KEY_ID' | 'TURN_KEY_API_TOKEN' | 'TURN_API_BASE' | 'TURN_URLS' | 'TURN_SECRET' | 'TURN_LIFETIME_MS'
>

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

/** Undefined where there is no TURN. Throws Misconfigured, and never says what a secret is. */
export function turnProvider(settings: TurnSettings): TurnProvider | undefined {
  const {
    TURN_KEY_ID: keyId,
    TURN_KEY_API_TOKEN: token,
    TURN_URLS: urls,
    TURN_SECRET: secret,
    TURN_LIFETIME_MS: lifetimeMs,
  } = settings
  mustBeTogether('TURN_KEY_ID', keyId !== '', 'TURN_KEY_API_TOKEN', token !== '')
  mustBeTogether('TURN_URLS', urls.length > 0, 'TURN_SECRET', secret !== '')
  if (keyId !== '' && urls.length > 0)
    throw new Misconfigured('TURN_KEY_ID and TURN_URLS are both set; one of them makes the credentials')
  if (urls.length > 0) return { kind: 'coturn', urls, secret, lifetimeMs }
  if (keyId === '') return undefined
  const path = `/turn/keys/${encodeURIComponent(keyId)}/credentials/generate-ice-servers`
  return { kind: 'cloudflare', address: new URL(settings.TURN_API_BASE + path), token, lifetimeMs }
}

function mustBeTogether(one: string, isOne: boolean, other: string, isOther: boolean): void {
  if (isOne && !isOther) throw new Misconfigured(`${one} is set, and ${other} is not`)
  if (isOther && !isOne) throw new Misconfigured(`${other} is set, and ${one} is not`)
}
