// Limits of direct connections: what one carries, how one is made, kept and tried again, and how many there are.

import { KIB, MIB } from './units.ts'

/** A datagram, which travels in one piece. Beyond it: `too-large`. */
export const DATAGRAM_BYTES_MAX = 16 * KIB

/** Data channel bytes waiting in the browser above which we wait, and below which we go on. */
export const CHANNEL_HIGH_BYTES = MIB
export const CHANNEL_LOW_BYTES = 256 * KIB

/** An offer or answer that got no reply is sent again after this. The room may have been reconnecting. */
export const SIGNAL_RESEND_MS = 3_000
/** An attempt that has no open channel after this has failed: Chromium itself never says so when all candidates are unresolvable. */
export const ATTEMPT_TIMEOUT_MS = 16_000
/**
 * New connections made because a peer offers them, per second and saved up. Chromium makes 500 for a page and counts those
 * that are closed until it collects them, so a peer that offers without end would leave none for others. Beyond it: dropped,
 * and offered again.
 */
export const OFFERS_PER_SECOND = 1 / 2
export const OFFERS_BURST = 8
/** ICE is restarted when a path stayed dead this long after being open. */
export const ICE_RESTART_AFTER_MS = 1_500
/** The link has been patient before it says that a path is silent: so much more, and two seconds have passed. */
export const ICE_RESTART_SILENT_MS = 1_000
/** A restart that has not brought the path back by then never does; a new connection may. */
export const RESTART_TIMEOUT_MS = 8_000
/**
 * Between peers that had a direct path in the last minutes another is likely, and a line may be back any second: attempts
 * are so far apart at first and at most, so that a path that is possible again is found within ten seconds.
 */
export const RECOVERY_MS = 600_000
export const RECOVERY_RETRY_MS = 1_000
export const RECOVERY_RETRY_MAX_MS = 8_000
/** After a failed attempt the next waits this long, doubled each time to the cap. */
export const ATTEMPT_RETRY_MS = 15_000
export const ATTEMPT_RETRY_MAX_MS = 300_000
/**
 * So long a direct connection that is wanted waits for the relay's handshake: making it would hold up the keys it cannot do
 * without. A slow relay shall not hold it up for much longer.
 */
export const DIRECT_WAITS_MS = 100
/** Candidates found within this are sent in one frame. */
export const CANDIDATE_GATHER_MS = 20

/** Rooms up to this size connect everybody with everybody; in larger ones a direct path is made on first use. */
export const MESH_PEERS_MAX = 10
/** Direct connections of one browser, to peers its application met. Beyond it: further peers are reached by relay. */
export const CONNECTIONS_MAX = 20
/**
 * Direct connections of all kinds beyond which none is made for the mesh alone: what the simulation of it has (test/sim/README.md), a
 * megabyte each. Where an application comes to want more, those for the mesh go.
 */
export const MESH_LINKS_MAX = 24
/**
 * …and beyond which none is taken for it. In between a newcomer is taken, and one of those who came before goes: if whoever is full said
 * no, those who never say no would soon be all that others find. As many may be in the making at once.
 */
export const MESH_LINKS_TAKEN_MAX = 28
