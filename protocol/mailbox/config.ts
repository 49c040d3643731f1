// What a deployment may set about its mailboxes, and the limits they get otherwise.

import type { Rate } from '../bucket.ts'
import * as limits from '../limits/mailbox.ts'
import { BYTES_BURST, BYTES_PER_SECOND, TOKENS_BURST, TOKENS_PER_SECOND } from '../limits/room.ts'
import { KIB, MIB } from '../limits/units.ts'
import type { SenderKind } from './contract.ts'

export interface MailboxRates {
  readonly letters: Rate
  readonly bytes: Rate
}

/** What one socket may send: tokens as a room prices them, and bytes. */
export interface SocketRates {
  readonly tokens: Rate
  readonly bytes: Rate
}

export interface MailboxConfig {
  readonly lettersMax: number
  readonly bytesMax: number
  readonly rates: Readonly<Record<SenderKind, MailboxRates>>
  readonly socket: SocketRates
}

/** Names as the deployment's configuration has them, each with its default and the range it may be in. */
export const MAILBOX_SETTINGS = {
  // A quarter of the least holds a letter of a stranger, whatever its size.
  MAILBOX_LETTERS_MAX: { otherwise: limits.MAILBOX_LETTERS_MAX, least: 4, most: 100_000 },
  MAILBOX_BYTES_MAX: { otherwise: limits.MAILBOX_BYTES_MAX, least: MIB, most: 2 ** 30 },
  MAILBOX_CONTACTS_PER_SECOND: {
    otherwise: limits.MAILBOX_CONTACTS_PER_SECOND,
    least: 1,
    most: 1_000_000,
  },
  MAILBOX_CONTACTS_BYTES_PER_SECOND: {
    otherwise: limits.MAILBOX_CONTACTS_BYTES_PER_SECOND,
    least: KIB,
    most: 2 ** 30,
  },
  MAILBOX_STRANGERS_PER_SECOND: {
    otherwise: limits.MAILBOX_STRANGERS_PER_SECOND,
    least: 1,
    most: 1_000_000,
  },
  MAILBOX_STRANGERS_BYTES_PER_SECOND: {
    otherwise: limits.MAILBOX_STRANGERS_BYTES_PER_SECOND,
    least: KIB,
    most: 2 ** 30,
  },
  MAILBOX_SOCKET_TOKENS_PER_SECOND: { otherwise: TOKENS_PER_SECOND, least: 1, most: 1_000_000 },
  MAILBOX_SOCKET_BYTES_PER_SECOND: {
    otherwise: BYTES_PER_SECOND,
    least: limits.MAILBOX_MESSAGE_BYTES_MAX,
    most: 2 ** 30,
  },
} as const

export const MAILBOX_SETTING_NAMES = Object.keys(
  MAILBOX_SETTINGS,
) as readonly (keyof typeof MAILBOX_SETTINGS)[]
export type MailboxSettings = { readonly [Name in keyof typeof MAILBOX_SETTINGS]?: string | number }

/** Throws RangeError naming the setting: a deployment that is wrong should fail on its first request, not serve wrongly. */
export function mailboxConfig(settings: MailboxSettings): MailboxConfig {
  const rate = (name: keyof typeof MAILBOX_SETTINGS, burst: number): Rate => {
    const perSecond = setting(settings, name)
    return { perSecond, burst: perSecond * (burst / MAILBOX_SETTINGS[name].otherwise) }
  }
  return {
    lettersMax: setting(settings, 'MAILBOX_LETTERS_MAX'),
    bytesMax: setting(settings, 'MAILBOX_BYTES_MAX'),
    rates: {
      contact: {
        letters: rate('MAILBOX_CONTACTS_PER_SECOND', limits.MAILBOX_CONTACTS_BURST),
        bytes: rate('MAILBOX_CONTACTS_BYTES_PER_SECOND', limits.MAILBOX_CONTACTS_BYTES_BURST),
      },
      stranger: {
        letters: rate('MAILBOX_STRANGERS_PER_SECOND', limits.MAILBOX_STRANGERS_BURST),
        bytes: rate('MAILBOX_STRANGERS_BYTES_PER_SECOND', limits.MAILBOX_STRANGERS_BYTES_BURST),
      },
    },
    socket: {
      tokens: rate('MAILBOX_SOCKET_TOKENS_PER_SECOND', TOKENS_BURST),
      bytes: rate('MAILBOX_SOCKET_BYTES_PER_SECOND', BYTES_BURST),
    },
  }
}

export const DEFAULT_MAILBOX_CONFIG: MailboxConfig = mailboxConfig({})

function setting(settings: MailboxSettings, name: keyof typeof MAILBOX_SETTINGS): number {
  const given = settings[name]
  const { otherwise, least, most } = MAILBOX_SETTINGS[name]
  if (given === undefined || given === '') return otherwise
  const value = Number(given)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${given}`)
  }
  return value
}
