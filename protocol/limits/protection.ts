// Limits of the blacklist: what it takes to be listed, for how long, what is remembered, and how soon everybody knows.

import { KIB } from './units.ts'

/** What each offence weighs against a peer; protocol/protection/offences.ts says which they are. */
export const OFFENCE_WEIGHTS = {
  flooding: 10,
  forged: 2,
  malformed: 0.25,
  unexpected: 0.25,
  'too-large': 0.25,
} as const
/** Listed at this weight: one flood, six forgeries, fifty frames that are none, within minutes. An honest client never comes to one. */
export const OFFENCE_LISTED_AT = 10
/** Writes of one peer that a shard refuses because it keeps as much as it may, until that is flooding: whoever was told so a thousand times knows. */
export const SHARD_REFUSED_FLOODING = 1_000
/** Half of what weighs against a peer is forgiven in this time: what a bug does now and then never adds up. */
export const OFFENCE_HALF_LIFE_MS = 600_000
/** What an object gathers of a peer before it tells: four reports to a listing at most, and none for a slip. */
export const OFFENCE_REPORTED_AT = OFFENCE_LISTED_AT / 4
/** Peers of whom an object gathers. Beyond: those it heard of first are forgotten. */
export const OFFENDERS_GATHERED_MAX = 1_024

/** Terms of a peer's first listing, second and so on; the last for all after it. */
export const LISTING_TERMS_MS = [60_000, 600_000, 3_600_000, 86_400_000] as const
/** A listing is forgotten after so long without another: the next is a term shorter again. */
export const LISTING_FORGIVEN_MS = 86_400_000

/** Peers a registry knows to have offended, listed or not: 4,096 × 200 bytes. Beyond: the least guilty is forgotten. */
export const OFFENDERS_KNOWN_MAX = 4_096
/** What an administrator may write beside a listing. Beyond: `too-large`. */
export const LISTING_NOTE_LENGTH_MAX = 500
/** The body that lists somebody. Beyond: `too-large`. */
export const LISTING_BODY_BYTES_MAX = 4 * KIB
/** The last moment that a Date can say, and so a sentence about a listing. Beyond it there is "until somebody takes it off". */
export const LISTING_UNTIL_MS_MAX = 8_640_000_000_000_000
/** Rooms that complained of a peer, who are told at once when it is listed. Others notice by themselves. */
export const COMPLAINANTS_MAX = 16

/** So long a Worker or an object goes by what it last heard of a registry's list without asking again. */
export const LISTED_FRESH_MS = 10_000
/** …and so long it still answers by it, while it asks. Beyond: who wants to know waits for the answer. */
export const LISTED_STALE_MS = 30_000
/** …and so long it goes by it when nobody can be asked. Beyond: nothing is known. */
export const LISTED_KEPT_MS = 600_000
/** Lists of registries that an isolate keeps, each up to 4,096 × 80 bytes and mostly empty. Beyond: all are asked for again. */
export const LISTED_LISTS_MAX = 256

/** So often an object asks itself whether who speaks there is listed by now: so long a listed peer may go on, where it was not told of. */
export const JUDGED_EVERY_MS = 30_000

/** Administrative acts that a registry keeps, the newest. */
export const AUDIT_KEPT_MAX = 1_000
/** Wrong administrator's tokens an isolate takes at once and per second, of everybody together. Beyond: `rate-limited`. */
export const ADMIN_GUESSES_BURST = 10
export const ADMIN_GUESSES_PER_SECOND = 1 / 6
