// Limits of what a device keeps: identities under their passphrases, and vaults.

import { KIB, MIB } from './units.ts'

/** An identity's name. Where a file holds it each character may take three, and a file's name has 255 at most. Beyond it: RangeError. */
export const IDENTITY_NAME_LENGTH_MAX = 64

/** A passphrase: longer ones say nothing more, and each must be read. Beyond it: RangeError. */
export const PASSPHRASE_LENGTH_MAX = 1_024

/**
 * Rounds of PBKDF2-HMAC-SHA-256 that make a key of a passphrase: what is commonly advised for it (OWASP, 2023 to 2026). A
 * fifth of a second of a desktop, about one of a slow phone; a short word is guessed all the same.
 */
export const PASSPHRASE_ROUNDS = 600_000
/** A backup may ask for so many, a few seconds; a forged one must not hang a page for hours. Beyond it: it does not open. */
export const PASSPHRASE_ROUNDS_MAX = 10_000_000

/** A tab that is reloaded dies a moment after its successor is born: so long an identity is waited for. After it: `identity-in-use`. */
export const IDENTITY_LOCK_WAIT_MS = 300

/** What an identity keeps for its links: a ticket for each of as many peers as a large room has. Beyond it: `too-large`. */
export const STORE_ENTRIES_MAX = 1_024
/** One such value: far more than a ticket. Beyond it: `too-large`. */
export const STORE_VALUE_BYTES_MAX = 16 * KIB

/**
 * What an edge said before anything else (which ICE servers there are) is kept with an identity for so long: as long as a letter lives
 * at most. A page that starts without a network goes by it; one that was away longer has to reach the edge first.
 */
export const BOOTSTRAP_KEPT_MS = 30 * 24 * 3_600_000
/** An edge that was silent for so long, though the network is not known to be gone: what was kept will do. TCP has tried three times by then. */
export const BOOTSTRAP_SILENT_MS = 3_000

/** A vault's values: letters, and the sessions and keys of those who write them. As many as are listed at once without a wait. Beyond it: `too-large`. */
export const VAULT_ENTRIES_MAX = 20_000
/** One value: a letter and what is attached to it; larger things have no place in a mailbox either. Beyond it: `too-large`. */
export const VAULT_VALUE_BYTES_MAX = MIB
/** A value's name in UTF-8: a word, and two ids as text. One byte says its length. Beyond it: `too-large`. */
export const VAULT_NAME_BYTES_MAX = 255
/** What is changed at once: it is held in memory twice, as it was and sealed. Sixteen of the largest values. Beyond it: `too-large`. */
export const VAULT_COMMIT_BYTES_MAX = 17 * MIB
/** All of a vault as it lies on the disk, names too: what any browser gives a site without asking its user. Beyond it: `too-large`. */
export const VAULT_BYTES_MAX = 128 * MIB
/** In Node, a log shorter than this is not worth rewriting, whatever of it is garbage: it is read in a moment. */
export const VAULT_LOG_LEAST_BYTES = MIB
