// Limits of TURN credentials: how long they live, how often a peer may have new ones, and how long anybody waits for them.

/**
 * One hour, as a pass: whoever is shut out keeps what it was given no longer than that. A relayed connection restarts ICE
 * once in it.
 */
export const TURN_LIFETIME_MS = 3_600_000
/** Below it clients would ask more often than a connection takes to be made. */
export const TURN_LIFETIME_MIN_MS = 5_000
/** Cloudflare gives none that live longer than two days, and nobody needs them. */
export const TURN_LIFETIME_MAX_MS = 172_800_000

/**
 * Of one pass, per second and saved up, in each isolate of the edge: a client asks once in a lifetime, and again when it
 * reloads. Beyond it: `rate-limited`.
 */
export const TURN_ASKS_PER_SECOND = 1 / 5
export const TURN_ASKS_BURST = 10
/** Passes remembered for that, 64 bytes each. Beyond it the oldest is forgotten: it may then ask as if it never had. */
export const TURN_ASKERS_MAX = 10_000

/** The service that makes the credentials is not waited for longer. Clients wait less: they connect without. */
export const TURN_UPSTREAM_MS = 3_000
/** Its answer has half a KiB. One beyond this is none. */
export const TURN_UPSTREAM_BYTES_MAX = 16_384
/** Whoever was refused because the service is away tries again after this. */
export const TURN_RETRY_MS = 5_000

/** A client renews when so much of their life is over, more or less a twentieth, so that those of one hour do not ask at once. */
export const TURN_RENEW_AT = 0.8
export const TURN_RENEW_SPREAD = 0.05
/** A connection that is about to be made waits so long for the credentials, then goes on without. The relay carries meanwhile. */
export const TURN_AWAITED_MS = 2_000
/** An edge that is silent for so long gives none now. */
export const TURN_ANSWER_MS = 10_000
/** After a failure the client asks again in this, doubled each time to the cap. */
export const TURN_FAILED_RETRY_MS = 2_000
export const TURN_FAILED_RETRY_MAX_MS = 120_000
/** TURN servers of its own that a deployment tells a peer of: one, and one for when that is away. Of more it is told of two, by its id. */
export const TURN_SERVERS_MAX = 2
