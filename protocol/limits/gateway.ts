// Limits of the Worker in front of everything: how many requests it takes of one address, peer or network. Each
// has its reason and what happens at it.

/**
 * Requests a second of one address, in each isolate: an office or a mobile carrier behind one address, where each page makes
 * four to arrive and then one a minute. Beyond: `rate-limited`. Zero of these three: not limited.
 */
export const RATE_ADDRESS_PER_SECOND = 100
/** Of one peer, known by its pass: it works through sockets, and asks over HTTP for what it cannot ask there. */
export const RATE_PEER_PER_SECOND = 50
/** Of one network, in each isolate: so that one application of a deployment cannot use up what the others live on. */
export const RATE_NETWORK_PER_SECOND = 2_000
/** How many seconds' worth may be saved up: a page that opens asks for much at once, and then for little. */
export const RATE_BURST_SECONDS = 10

/**
 * Requests a second of everybody at one isolate, those that are refused included, from which it is pressed: so many cost about a
 * quarter of a core, and an isolate has one for all that it does. Pressed, each address has a share that is enough for a page to arrive.
 * Beyond that: `rate-limited`, said as cheaply as can be. Zero: it never is.
 */
export const PRESSED_PER_SECOND = 500

/** Sockets of one address at one time, in one room or mailbox; and as many new ones at once and in a minute. Beyond: `edge-busy`. */
export const ADDRESS_CONNECTIONS_MAX = 100
