// Limits of mail on a client's device: its outbox, its inbox, and what it remembers of either.

import { KIB, MIB } from './units.ts'

/** A message that a link has not brought after so long is kept on the device. Longer than nearly every acknowledgement takes. */
export const MAIL_KEEP_AFTER_MS = 250
/** Puts and sealings under way at once: what a browser has connections for, less those a page needs. */
export const MAIL_PUTS_MAX = 4
/** A put that did not get through is tried again after this, doubled to the cap, with jitter. */
export const MAIL_RETRY_BASE_MS = 1_000
export const MAIL_RETRY_MAX_MS = 300_000
/** Proofs of one letter that are refused before it is given up: an old card, a challenge that ran out, and one more. */
export const MAIL_PROOFS_MAX = 3
/** Messages in the outbox, and bytes. Beyond either: `queue-full`. */
export const MAIL_OUTBOX_MESSAGES_MAX = 1_000
export const MAIL_OUTBOX_BYTES_MAX = 32 * MIB
/** One message by mail: four of the largest envelopes, and one value of a vault. What is larger waits for a stream. Beyond it: `too-large`. */
export const MAIL_MESSAGE_BYTES_MAX = 900 * KIB
/** Pieces of one message: as many as it takes in envelopes of 64 KiB, which a sender of another make may use. Beyond it: `too-large`. */
export const MAIL_PARTS_MAX = 16
/** Messages of one peer that came in part, and of all peers. Beyond either the oldest goes (`too-much-held`). */
export const MAIL_PARTIALS_OF_PEER_MAX = 4
export const MAIL_PARTIALS_MAX = 16
/**
 * Messages, and their bytes, that the application was not given or is not done with. Beyond either nothing more is taken out
 * of the mailbox, which has room for ten times as many.
 */
export const MAIL_INBOX_MESSAGES_MAX = 1_000
export const MAIL_INBOX_BYTES_MAX = 32 * MIB
/** Receipts kept for one peer that cannot be told: what a day's conversation comes to. Beyond it: the oldest is never told. */
export const MAIL_TOLD_MAX = 256
/**
 * Peers whose correspondence is kept, a few KiB each. Beyond it the one goes that was used longest ago of those we never
 * wrote to; where we wrote to all, no stranger's first letter is taken (`too-much-held`).
 */
export const MAIL_PEERS_MAX = 4_096
/**
 * More one-time prekeys are made no sooner than this, whatever the mailbox says is left of them: strangers draw no faster than
 * it takes 48 of them. Each time costs 0.2 s of JavaScript, and one who lies about it could have all of ours replaced.
 */
export const MAIL_REPLENISH_MS = 120_000
/** Of an answer to a client, beside prekeys (11 KiB as text). What is longer is no answer. */
export const MAIL_ANSWER_BYTES_MAX = 64 * KIB
/** Letters that came and are not opened yet; more are not let in by the window of the home socket. */
export const MAIL_HANDLING_MAX = 64
/** Ids of messages remembered, so that none comes twice whichever way: what a busy month brings, 1 MB. */
export const MAIL_IDS_REMEMBERED = 32_768
/** Receipts wait so long for company, or for the next letter to their peer. */
export const MAIL_RECEIPT_DELAY_MS = 2_000
/** Receipts in one letter. */
export const MAIL_RECEIPTS_MAX = 100
