// Limits of a client's place in a room: how long it waits for whom, what it keeps meanwhile.

/** So long `join` tries to get in for the first time, if it is not told: two sockets that fail slowly, and a third. */
export const JOIN_WITHIN_MS = 30_000
/** …and what it, and `connect`, may be told: ten minutes is what anybody waits for a network. Beyond it: RangeError. */
export const TIMEOUT_MAX_MS = 600_000
/** What a refusal may ask for as patience: whatever an edge says, nobody sleeps for ever. */
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
