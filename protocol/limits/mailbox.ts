// Limits of a mailbox, and of its owner's socket to it: what is kept, who may put how much, how much is under way. Each with
// its reason and what happens at it.

import { MAIL_ENVELOPE_BYTES_MAX } from './mail.ts'
import { KIB, MIB } from './units.ts'

/** A message of a mailbox's socket: the largest envelope, and a put's fields before it. */
export const MAILBOX_MESSAGE_BYTES_MAX = MAIL_ENVELOPE_BYTES_MAX + KIB

/** Letters and bytes that one mailbox keeps. Ten thousand heads are 2 MB of an object's memory. Beyond it: `over-quota`. */
export const MAILBOX_LETTERS_MAX = 10_000
export const MAILBOX_BYTES_MAX = 64 * MIB
/**
 * What share of that letters of a priority and those below it may fill, so that there is room left for the more urgent.
 * Nothing that was stored is ever thrown out for it.
 */
export const MAILBOX_SHARES = { critical: 1, high: 0.9, normal: 0.75, low: 0.5 } as const
/** …and what strangers may, whatever they call urgent: a flood of theirs leaves contacts three quarters. */
export const MAILBOX_STRANGERS_SHARE = 0.25

/** Letters and bytes that contacts may put a second and save up: a conversation's burst, a queue that an outage filled. */
export const MAILBOX_CONTACTS_PER_SECOND = 100
export const MAILBOX_CONTACTS_BURST = 1_000
export const MAILBOX_CONTACTS_BYTES_PER_SECOND = 2 * MIB
export const MAILBOX_CONTACTS_BYTES_BURST = 16 * MIB
/** …and strangers: each has worked a second for it, so this is fifty at once, then one each second. */
export const MAILBOX_STRANGERS_PER_SECOND = 1
export const MAILBOX_STRANGERS_BURST = 50
export const MAILBOX_STRANGERS_BYTES_PER_SECOND = 64 * KIB
export const MAILBOX_STRANGERS_BYTES_BURST = 2 * MIB

/** Senders' sockets at one mailbox: an object holds 32,768, and the owner must find a place. Beyond it: `edge-busy`; HTTP goes on. */
export const MAILBOX_SENDERS_MAX = 1_000
/** Puts that wait to be verified. Each holds its envelope; 64 MiB is half of what an isolate has. Beyond it: `rate-limited`. */
export const MAILBOX_VERIFYING_MAX = 256
/** Puts that share a transaction: what one commit carries without holding up a read for long. */
export const MAILBOX_SHARED_MAX = 64

/**
 * Letters of a transaction that share a row, which is what is billed. Who takes one of them has the others written anew: 15
 * of the least size are 60 KB. With 16 that takes 5 to 7 % more of the processor than a row
 * for each letter, with 64 it took 28 %; and of sixteen rows fifteen are saved, so there is little left.
 */
export const MAILBOX_LOT_LETTERS_MAX = 16
/** …and their bytes: no row is larger than that of the largest letter, so reading one never reads more. */
export const MAILBOX_LOT_BYTES_MAX = MAIL_ENVELOPE_BYTES_MAX

/** A full mailbox is asked again no sooner: its owner may come any minute, and nobody knows which. */
export const MAILBOX_FULL_RETRY_MS = 60_000
/** A store that failed is left in peace so long: whatever it is, asking at once would not end it. */
export const MAILBOX_STORE_REST_MS = 5_000

/** A registry adds up its mailboxes no more often: whoever watches asks each few seconds. */
export const REGISTRY_SUM_MS = 5_000
/** Mailboxes that one sum asks, of one registry: 4,096 of a network, less than a tenth of a cent. The others are for the next sum. */
export const REGISTRY_ASKS_MAX = 256
/** What a mailbox said is asked again after so long, though it said of no change: it may have said so to nobody. */
export const REGISTRY_TRUST_MS = 3_600_000

/** Letters and bytes under way to an owner that has not taken them: by default, and at most. */
export const MAILBOX_WINDOW_LETTERS = 64
export const MAILBOX_WINDOW_BYTES = MIB
export const MAILBOX_WINDOW_LETTERS_MOST = 1_024
export const MAILBOX_WINDOW_BYTES_MOST = 4 * MIB
/**
 * Windows' worth of letters that an owner has been given and has not taken: after a reconnect what is under way comes again,
 * and perhaps more urgent ones before it. Beyond it: dropped as `over-window`, and asked for again when there is room.
 */
export const HOME_HELD_WINDOWS = 2
/**
 * Ids an owner remembers of letters it took: `took` has no answer, and may be lost with its socket, a window of them each time.
 * About 500 KB. Beyond it: the oldest is forgotten, and a letter that comes all the same is handed over once more.
 */
export const HOME_TAKEN_REMEMBERED = 4_096
/** Questions to the DHT that an owner waits for at once: as many as its mailbox asks (`DHT_ASKED_MAX`). Beyond it: not asked. */
export const HOME_QUESTIONS_MAX = 256
/** …and for how long: a reconnect and a slow shard. After it whoever asked may ask by another way. */
export const HOME_QUESTION_MS = 10_000
/** Letters of one page that is read over HTTP, and bytes after which it ends. */
export const MAILBOX_PAGE_LETTERS_MAX = 100
export const MAILBOX_PAGE_BYTES_MAX = MIB
/** Letters acknowledged in one request or frame. */
export const MAILBOX_TOOK_MAX = 1_024
/** Ids remembered of letters that are gone, so that a put repeated late is known. Beyond: the oldest is forgotten; clients remember too. */
export const MAILBOX_GONE_REMEMBERED = 4_096

/** Access keys an owner has at once: the present one, and those it is rotating away from. */
export const MAILBOX_ACCESS_KEYS_MAX = 4
/** One-time prekeys a mailbox keeps: two signed batches. Beyond it: the older batch is replaced. */
export const MAILBOX_PREKEYS_MAX = 128
/** One-time prekeys drawn by strangers, a second and saved up. Beyond it: the signed prekey alone. */
export const MAILBOX_DRAWS_PER_SECOND = 1 / 10
export const MAILBOX_DRAWS_BURST = 32
/** With so few left the owner is told. */
export const MAILBOX_PREKEYS_LOW = 16

/**
 * Refused frames a socket may send before it is closed as `flooding`; it earns as many a second as in a room. There a batch is one; here each
 * of its frames is, since each is answered.
 */
export const MAILBOX_PATIENCE_BURST = 1_000
