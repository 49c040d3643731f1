// Who makes this deployment's TURN credentials, as its settings say: Cloudflare's TURN service, any coturn that shares a
// secret with us, or nobody.

import type { TurnSettings } from '../settings/turn.ts'

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

/** Undefined where there is no TURN. That nothing is missing, and nothing set twice, is the configuration's to see (turnMisfit). */
export function turnProvider(settings: TurnSettings): TurnProvider | undefined {
  const {
    TURN_KEY_ID: keyId,
    TURN_KEY_API_TOKEN: token,
    TURN_URLS: urls,
    TURN_SECRET: secret,
    TURN_LIFETIME_MS: lifetimeMs,
  } = settings
  if (urls.length > 0) return { kind: 'coturn', urls, secret, lifetimeMs }
  if (keyId === '') return undefined
  const path = `/turn/keys/${encodeURIComponent(keyId)}/credentials/generate-ice-servers`
  return { kind: 'cloudflare', address: new URL(settings.TURN_API_BASE + path), token, lifetimeMs }
}
