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

/** Sockets of one address at one time, in each isolate. Beyond: `edge-busy`. */
export const ADDRESS_CONNECTIONS_MAX = 100
