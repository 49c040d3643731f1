// Of how nodes of the mesh meet: how many meet in a room, how many links come of it, and how long anybody waits for one.

/** Residents of one neighbourhood, ourselves among them, beyond which it splits: halves of the sixty-four that the mesh was tried with. */
export const MEETING_RESIDENTS_MAX = 128
/** Those who stay in a room that was split, and say so to whoever comes: enough that all of them seldom go at once. */
export const MEETING_KEEPERS = 8
/** Others in a neighbourhood with whom it is one. With fewer for so long, who is there goes back to the larger one… */
export const MEETING_OTHERS_LEAST = 4
export const MEETING_LONELY_MS = 120_000
/** …and stays there for so long whatever it is told: other ones who are lonely are to be met there. */
export const MEETING_RETURNED_MS = 600_000
/** Bits of a neighbourhood's name: with 64 in each, four million nodes. Beyond it: they stay where they are. */
export const MEETING_BITS_MAX = 16
/** Those of a room that is split leave within so long, each at a moment of its own: sixty-four joins at once are a peak that nobody needs. */
export const MEETING_SPREAD_MS = 10_000
/** Links to the nearest who are there: with fewer a key's nearest nodes do not know each other. */
export const MEETING_NEAREST = 4
/** Until one who was there connects to a newcomer that did not by itself: offers seldom cross. */
export const MEETING_NEWCOMER_MS = 3_000
/** A link that is not made by then will not be: an attempt takes 16 s, and is tried for no longer (limits/direct.ts). Beyond it: another is tried. */
export const MEETING_CONNECT_MS = 18_000
/** Who could not be connected, or was let go, is not tried again for so long. */
export const MEETING_AVOIDED_MS = 600_000
/** …of so many. Beyond it: the first is forgotten, and may be tried again. */
export const MEETING_AVOIDED_MAX = 256
/** Links being made at once for the mesh's sake: a browser makes an offer in ten milliseconds, on the page's own thread. */
export const MEETING_CONNECTING_MAX = 4
/** Members of one room that are looked at: visitors beside residents. Beyond it: the rest is passed over. */
export const MEETING_MEMBERS_MAX = 256
/** A room that cannot be entered, or has thrown us out, is tried again after so long. */
export const MEETING_RETRY_MS = 30_000
/** So long a room is tried to be entered. Beyond it: there is no edge, for now. */
export const MEETING_ENTER_MS = 15_000
/** Looked at all again so often: where something is under way, and where nothing is. */
export const MEETING_BUSY_MS = 1_000
export const MEETING_IDLE_MS = 15_000
