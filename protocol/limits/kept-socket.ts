// Limits of a socket to the edge that is kept, a member's or a mailbox owner's: how soon it is despaired of, and tried again.

/** A socket that does not open and welcome us in this time is given up. Twice a slow mobile handshake. */
export const JOIN_TIMEOUT_MS = 10_000
/** A ping unanswered this long means the socket is dead, though nobody said so (a changed network says nothing). */
export const PONG_TIMEOUT_MS = 4_000
/** …and so long when there is reason to doubt it: the network changed, or a direct path fell silent. A slow mobile round trip. */
export const PONG_SUSPECT_MS = 1_200
/** Reconnecting: full jitter between the base and the base doubled per attempt, to the cap. */
export const RECONNECT_BASE_MS = 250
export const RECONNECT_MAX_MS = 15_000
/** Only a stay of so long ends the doubling: a room that lets us in and drops us at once is not to be hammered. */
export const STEADY_MS = 5_000
/** What the other side may ask for as keep-alive: whatever an edge says, nobody spins or sleeps for ever. */
export const KEEP_ALIVE_LEAST_MS = 100
export const KEEP_ALIVE_MOST_MS = 60_000
