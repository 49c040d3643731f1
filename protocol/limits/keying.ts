// Limits of a link's keys: how often a handshake is tried, how many are answered, what waits for keys meanwhile.

import { MIB } from './units.ts'
import { MESSAGE_BYTES_MAX } from './wire.ts'

/** A first message of a handshake nobody answered is sent again after this, doubled each time to the cap. */
export const KEYING_RESEND_MS = 1_000
export const KEYING_RESEND_MAX_MS = 8_000
/** Of two dials that cross, the one that stands does so for as many tries: then perhaps nobody hears it. */
export const KEYING_CROSSED_TRIES = 2
/** A resumption as often unanswered is given up for a full handshake: the peer's ticket is gone, or its answer lost. */
export const KEYING_RESUME_TRIES = 2
/** A dial as often unanswered is made through another room, if there is one: 1 + 2 + 4 s. This one may keep what it should carry. */
export const KEYING_DIAL_TRIES = 3
/** A join as often unanswered ends the way: 1 + 2 + 4 s. */
export const KEYING_JOIN_TRIES = 3
/** So long the answer to a resumption is remembered, in case it was lost. */
export const KEYING_REMEMBER_MS = 20_000
/** With something to say, and no way the other side joined for so long, we dial ourselves. */
export const KEYING_STRANDED_MS = 3_000
/**
 * First messages answered per second over all peers, and saved up: each may cost a phone 20 ms where lattices are computed
 * in JavaScript. A room of 50 that meets at once has its answers within a second. Beyond it: dropped, and sent again.
 */
export const HANDSHAKES_PER_SECOND = 20
export const HANDSHAKES_BURST = 50
/** Of one peer, so that nobody can use up what is there for all. A peer that reloads again and again needs no more. */
export const HANDSHAKES_OF_PEER_PER_SECOND = 1
export const HANDSHAKES_OF_PEER_BURST = 5
/** Records that came before the keys they are under: as many are held for a link, and as many bytes. Beyond it: dropped. */
export const HELD_RECORDS_MAX = 64
export const HELD_RECORDS_BYTES_MAX = MIB
/**
 * Records of a link that came and are not opened yet, each with what its turn costs beside its bytes. More than what an
 * honest peer may have under way on all lanes and a page that slept hears at once. Beyond it: dropped.
 */
export const OPENING_BYTES_MAX = 8 * MIB
export const OPENING_OVERHEAD_BYTES = 256
/** Peers we keep tickets of, the last met: the members of a full room. Beyond it: the next meeting is a full handshake. */
export const TICKETS_PEERS_MAX = 1_000
/** Of these the last so many outlive a reload: with three tickets each they fill one value of the store, 16 KiB. */
export const TICKETS_PEERS_KEPT = 60
/** Link frames that leave together share a record of at most so many bytes: what a relay frame holds beside its headers. */
export const RECORD_BODY_BYTES_MAX = MESSAGE_BYTES_MAX - 5 - 24
/** Datagrams to a peer whose link is being made wait, so many at most and so long. */
export const DATAGRAMS_HELD_MAX = 32
export const DATAGRAMS_HELD_MS = 3_000
