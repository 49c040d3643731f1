// Limits of the streams of a link: how many, how much of each is under way, and what happens beyond.

import { FRAGMENT_BYTES_MAX, LINK_WINDOW_BYTES } from './link.ts'
import { KIB, MIB } from './units.ts'

/**
 * Streams that one of two peers may have open to the other at once. Each may hold its first window, so 8,192 × 8 KiB are the
 * 64 MiB that a hostile opener can make an application hold which accepts everything and reads nothing. Beyond it: the
 * stream is refused as `too-many`; at our own side `open` throws `queue-full`.
 */
export const STREAMS_MAX = 8_192
/** What may be sent on a stream before its reader read anything: a request and then some, without a round trip. */
export const STREAM_WINDOW_LEAST_BYTES = 8 * KIB
/** What a stream's window grows to while it is read: the lane's own, so that one stream alone fills it. */
export const STREAM_WINDOW_MOST_BYTES = LINK_WINDOW_BYTES
/** Growing is eightfold: 8 KiB, 64 KiB, 512 KiB, 1 MiB, so a stream is at full speed after three round trips. */
export const STREAM_WINDOW_GROWTH = 8
/** What the windows of a link's streams may have grown by, all together. Beyond it: a stream keeps the window it has. */
export const STREAMS_GROWTH_BYTES_MAX = 16 * MIB
/** A message of the streams' lane: one fragment, so that nothing waits for the rest of it. Beyond it: dropped as `too-large`. */
export const STREAMS_MESSAGE_BYTES_MAX = FRAGMENT_BYTES_MAX
/** Bytes handed to the lane and not acknowledged: it is never out of work, and what waits to take its turn waits with us. */
export const STREAMS_UNSETTLED_BYTES_MAX = LINK_WINDOW_BYTES + 256 * KIB
/** Messages likewise: tiny writes go at once, sixty-four times; then they travel together. */
export const STREAMS_UNSETTLED_MESSAGES_MAX = 64
/** What of a stream was written and not handed over before a write waits: one message, so that messages go out full. */
export const STREAM_PENDING_BYTES_MAX = 32 * KIB
/** Refusals not yet sent. Only a peer that opens and never acknowledges makes more; beyond it: they are not sent. */
export const STREAM_REFUSALS_MAX = 1_024
/** A stream's label in UTF-8: one byte says its length. */
export const STREAM_LABEL_BYTES_MAX = 255
