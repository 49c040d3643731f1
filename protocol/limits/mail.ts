// Limits of letters, wherever they lie: their sizes and lives, and the keys that seal and open them.

import { KIB } from './units.ts'

/**
 * What an envelope may measure, exactly, each four times the one before: whoever counts bytes learns one of four numbers. A
 * page of text fits the least; a first message, with its sender's key and signature, needs the second. Beyond the last: RangeError.
 */
export const MAIL_ENVELOPE_CLASSES = [4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB] as const
export const MAIL_ENVELOPE_BYTES_MAX = 256 * KIB
/** How long a letter is kept: by default a week, as long as people are away. Outside: brought inside, and the sender told. */
export const MAIL_TTL_MS = 604_800_000
export const MAIL_TTL_LEAST_MS = 60_000
export const MAIL_TTL_MOST_MS = 2_592_000_000

/** One-time prekeys under one signature: 89 KiB to publish, 0.2 s to make in JavaScript, two months of a new contact a day. */
export const MAIL_ONE_TIME_MAX = 64
/** A signed prekey is offered no longer: who is away for a month can be written to until then. Beyond it: `expired`. */
export const MAIL_PREKEY_MS = 30 * 24 * 3_600_000
/** An owner that is there publishes the next one this often: so long what a stolen prekey opens goes on being written. */
export const MAIL_PREKEY_ROTATION_MS = 7 * 24 * 3_600_000
/** So late mail may come: as long as mailboxes keep it. Keys of messages that were stepped over are kept no longer than this. */
export const MAIL_LATE_MS = 30 * 24 * 3_600_000
/** Until it is answered an introduction is repeated, for so long after it was made; then it takes a fresh bundle. */
export const MAIL_REPEAT_MS = 7 * 24 * 3_600_000
/** Clocks may differ by so much: the commonest mistake is the wrong time zone. Beyond it: `too-early` or `hour`. */
export const MAIL_CLOCK_SKEW_MS = 24 * 3_600_000
/** One a week for rotation, repetition and lateness is seven; a forged envelope costs a decapsulation each. Beyond: the oldest goes. */
export const MAIL_SIGNED_KEPT_MAX = 8
/** One-time prekeys kept, 44 bytes each: of as many publications as signed prekeys. Beyond: the oldest go. */
export const MAIL_ONE_TIME_KEPT_MAX = MAIL_SIGNED_KEPT_MAX * MAIL_ONE_TIME_MAX
/** First messages without a one-time prekey, 20 bytes each until their prekey is erased. Beyond: `too-much-held`, as none may be forgotten. */
export const MAIL_REMEMBERED_MAX = 8_192
/** Sessions of one pair: two that wrote first at once, and the same again after a lost state. Beyond: the longest unused goes. */
export const MAIL_SESSIONS_MAX = 4
/** Keys of a correspondent's late messages, 45 KB, and steps within a turn, 2,000 hashes. Beyond: the oldest go; `too-far`. */
export const MAIL_SKIPPED_MAX = 1_000
/** Turns of a session that may still have late messages; each costs an HMAC for every envelope that comes. Beyond: the oldest goes. */
export const MAIL_CHAINS_MAX = 6
