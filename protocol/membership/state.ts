// Where a client stands with its room, and what it makes of being refused.

import { KEEP_ALIVE_LEAST_MS, KEEP_ALIVE_MOST_MS } from '../limits.ts'
import type { WelcomeFrame } from '../wire/frames.ts'
import { CLOSE_CODE_BASE, nameOf, REFUSAL, type RefusalCode } from '../wire/registry.ts'
import type { EndReason } from './contract.ts'

export type State =
  | { readonly kind: 'idle' }
  /** Waiting for a pass to show: it may have to be worked for. */
  | { readonly kind: 'admitting' }
  | {
      readonly kind: 'connecting'
      readonly socket: number
      readonly deadlineMs: number
      welcome: WelcomeFrame | undefined
      /** The metadata in our hello; it may have changed before we are in. */
      readonly said: Uint8Array
      readonly pass: string
    }
  | {
      readonly kind: 'joined'
      readonly socket: number
      readonly welcome: WelcomeFrame
      readonly sinceMs: number
      pingAtMs: number
      pongByMs: number | undefined
    }
  | { readonly kind: 'waiting'; readonly retryAtMs: number }
  | { readonly kind: 'ended' }

/** Refusals after which trying again would only be refused again. */
const FINAL: Partial<Record<RefusalCode, EndReason>> = {
  superseded: 'superseded',
  'room-full': 'room-full',
  'version-mismatch': 'version-mismatch',
  'bad-request': 'bad-request',
  'too-large': 'too-large',
  'pass-malformed': 'pass-malformed',
  'pass-foreign': 'pass-foreign',
}

/** What a close says: that it is for good and why, that another pass would help, or that trying again would. */
export function meaningOf(closeCode: number): { readonly end: EndReason } | 'another-pass' | 'again' {
  const refusal = nameOf(REFUSAL, closeCode - CLOSE_CODE_BASE)
  if (refusal === 'pass-expired' || refusal === 'pass-forged') return 'another-pass'
  const end = refusal && FINAL[refusal]
  return end === undefined ? 'again' : { end }
}

export function keepAliveMs(welcome: WelcomeFrame): number {
  return Math.min(KEEP_ALIVE_MOST_MS, Math.max(KEEP_ALIVE_LEAST_MS, welcome.keepAliveMs))
}
