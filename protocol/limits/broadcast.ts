// Limits of sealed broadcasts: how long keys serve, and what may wait for them. Each with its reason and what happens at it.

import { DEPARTED_GRACE_MS } from './link.ts'
import { MIB } from './units.ts'

/**
 * Others in a room to whom a broadcast goes one by one. Four sealings cost less than a generation of keys for them, which
 * are as many messages again. Beyond it: sender keys, one frame for all.
 */
export const BROADCAST_PAIRWISE_MAX = 4
/**
 * A sender's chain is replaced after so long or so many, three minutes of the busiest sender: whoever read a member's memory
 * is out again. Costs a message to each member, so in a room of 1,000 a sixteenth of a message for each broadcast.
 */
export const BROADCAST_GENERATION_MS = 3_600_000
export const BROADCAST_GENERATION_MAX = 2 ** 14
/**
 * Lost broadcasts in a row that a receiver steps over, which is so many hashes (8 ms in JavaScript, 40 by a slow platform's own).
 * Beyond: `too-far`, and it asks. Each frame that then does not open halves it down to the least, until one does: forged
 * frames cost hardly more than real ones.
 */
export const BROADCAST_STEPS_MAX = 256
export const BROADCAST_STEPS_LEAST = 8
/** Generations of one sender whose frames may still be under way, and ids remembered of erased ones. Beyond: the oldest goes. */
export const BROADCAST_GENERATIONS_KEPT = 8
/**
 * How long the room may still bring what was sent before something that a link brought. The membership holds broadcasts back
 * for 3 s after a reconnect; and a round trip or two. After it: the old keys are erased, and what comes then is dropped.
 */
export const BROADCAST_ORDER_MS = 5_000
/** A frame waits so long for its key: a handshake through the room, its messages sent again twice. After it: `no-key`. */
export const BROADCAST_HELD_MS = 10_000
/** Frames of one sender that wait for keys: the burst of a busy one (30 a second in a room of six) while a link comes up. */
export const BROADCAST_HELD_MAX = 128
/** All that waits in one room, for keys, for order or for its sender to arrive: what one socket may send at once, halved. */
export const BROADCAST_HELD_BYTES_MAX = 4 * MIB
/** Frames taken in and not opened yet: a second of one socket at its full rate. Beyond: `overloaded`. */
export const BROADCAST_OPENING_BYTES_MAX = 4 * MIB
/** A key on its way overtakes nothing: a frame without one is asked about only after this… */
export const BROADCAST_ASK_MS = 2_000
/** …and its sender again not before this, since question and answer wait for the same link as the key. */
export const BROADCAST_ASK_AGAIN_MS = 10_000
/** Who left may have said something that is still under way on its link: as long as the link itself waits for it. */
export const BROADCAST_DEPARTED_MS = DEPARTED_GRACE_MS
