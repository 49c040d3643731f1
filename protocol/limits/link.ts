// Limits of a link: its messages, windows and waits, and when one path is left for another. Each with its reason and what
// happens at it.

import { KIB, MIB } from './units.ts'

/** Bytes of a message in one link frame. Two fit a relayed batch; small enough not to hold up a data channel. */
export const FRAGMENT_BYTES_MAX = 32 * KIB - 64
/** One application message. It is held whole at both ends; larger things are streams. Beyond it: `too-large`. */
export const LINK_MESSAGE_BYTES_MAX = 16 * MIB
/** What a receiver lets a sender have unacknowledged on a lane. Fills 100 Mbit/s at 80 ms. */
export const LINK_WINDOW_BYTES = MIB
/**
 * What a fragment under way, or a message not yet consumed, costs in a window beside its bytes: about what the memory of
 * its record is. So a window holds at most 16,384 of them, however small.
 */
export const LINK_OVERHEAD_BYTES = 64
/** Messages waiting on one link. Beyond it: `queue-full`. */
export const LINK_QUEUE_MESSAGES_MAX = 10_000
/** How long an unacknowledged message is tried. Beyond it: `timeout`. */
export const LINK_TTL_MS = 300_000
/** Acknowledgements of a lane are at least this far apart: the first at once, a busy lane's in bulk. */
export const ACK_SPACING_MS = 10
/** …and those of streams, which nobody waits for one by one: each costs both pages about what a small message does. */
export const STREAMS_ACK_SPACING_MS = 20
/** Retransmission when nothing was acknowledged: from twice the round trip, between these. */
export const RESEND_MIN_MS = 500
export const RESEND_MAX_MS = 8_000
/**
 * A peer that left every room may be back in a moment (a reload): what is under way to it waits so long before it fails.
 * Longer than we need to notice that our own socket is dead (a ping and its pong, 14 s) and to hear that the peer is back.
 */
export const DEPARTED_GRACE_MS = 20_000
/**
 * What is said to the application by a peer that it has not met waits so long to be heard: longer than a roster takes that says so,
 * and no longer than anybody would take it for an answer. Beyond it: dropped as of a stranger.
 */
export const STRANGER_WAITS_MS = 5_000
/** A link nobody used and whose peer is gone is forgotten after this: longer than any message lives, so none comes twice. */
export const LINK_LINGER_MS = LINK_TTL_MS + 60_000

/** A direct path is asked for a sign of life when it was silent this long… */
export const PATH_PING_MS = 2_000
/**
 * …and is left for the relay when it owes an answer and is silent for four round trips and four times their jitter, between
 * these. So a cut is noticed in half a second where there is traffic; the least is what a busy page may be busy.
 */
export const PATH_SILENCE_LEAST_MS = 500
export const PATH_SILENCE_MS = 1_500
/** A direct path that speaks again proves itself for so long before traffic returns: doubled each time, to the cap… */
export const PATH_PROVING_MS = 500
export const PATH_PROVING_MAX_MS = 16_000
/** …unless it had been well for so long. */
export const PATH_STEADY_MS = 60_000
