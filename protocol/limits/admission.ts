// Limits of admission: how much work a stamp is and when it grows, how long challenges and passes last, what is remembered.

/** How long there is to make a stamp: a slow phone at the hardest puzzle, asleep in between. After it: `expired`. */
export const CHALLENGE_LIFETIME_MS = 600_000
/** Machines of one edge do not agree on the second. Earlier than this: `expired` too. */
export const CHALLENGE_EARLY_MS = 30_000

/** Puzzles in one stamp. One large puzzle may take five times as long as another; sixteen small ones differ by a quarter. */
export const STAMP_PUZZLES = 16
/** Zeros of each puzzle's hash: 2^20 hashes in all, about a second of one thread of a browser. */
export const STAMP_BITS = 16
/** Sixty-four times that, a minute: beyond it people are kept out, and native solvers still are not. */
export const STAMP_BITS_MAX = 22

/** Passes one isolate gives per second before it asks for more work. An application that opens everywhere at once is no attack. */
export const PASSES_PER_SECOND_CALM = 64
/** What the measure of load is averaged over: longer than a crowd's arrival flickers, shorter than anybody waits. */
export const LOAD_WINDOW_MS = 10_000

/** After it a pass must be renewed or asked for anew: the time for which somebody blocked may be let in by an edge that lags. */
export const PASS_LIFETIME_MS = 3_600_000
/**
 * So long before its end a client asks its rooms for the next pass, and no earlier than half of this later, by chance: those
 * who came at once shall not ask at once, and there is time to ask again.
 */
export const PASS_RENEWAL_MS = 900_000
/** Between two askings of one room: one that does not answer will not be made to by asking more often. */
export const PASS_RENEWAL_RETRY_MS = 60_000
/** Passes that may be refused in a row before we give up: a new secret reaches one machine of the edge before another. */
export const PASS_REFUSALS_MAX = 2

/** Stamped requests on one challenge: the first, and retries whose answer got lost. Each costs a signature's check. Beyond: `spent`. */
export const CHALLENGE_TRIES_MAX = 4
/** Challenges an isolate remembers as answered, in each of two halves: 2 × 8,192 × about 150 bytes. Beyond: the oldest half is forgotten. */
export const SPENT_REMEMBERED_MAX = 8_192
