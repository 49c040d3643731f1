// Limits of a client in a room, most of them of the socket it keeps: how soon it despairs, tries again and lets others go.

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
/** What a welcome may ask for as keep-alive, and a refusal as patience: whatever an edge says, nobody spins or sleeps for ever. */
export const KEEP_ALIVE_LEAST_MS = 100
export const KEEP_ALIVE_MOST_MS = 60_000
export const RETRY_AFTER_MOST_MS = 60_000
/**
 * After our own reconnect, a member missing from the new roster may still be reconnecting too: so long before it "left".
 * Longer than two of its attempts can be apart (15 s), and the time of the one that succeeds.
 */
export const ROSTER_GRACE_MS = 20_000
/** So long at most our waiting broadcasts wait, after our own reconnect, for those who were here and are not back yet. */
export const BROADCAST_HOLD_MS = 3_000
/** Without a socket for this long the room has taken us for vanished; its members are as good as gone for us too. */
export const ABSENCE_MS = 45_000
/** Broadcasts kept while reconnecting. Beyond it: `broadcast` throws `queue-full`. */
export const BROADCAST_QUEUE_MAX = 256
