// Every string that separates one use of a key, hash or signature from another. A constant is here once, with what it keeps
// apart; none is ever reused for something else. A label is followed by bytes of a fixed length, so no two uses can collide.

import { utf8 } from '../../wire/bytes.ts'
import { CONTEXTS } from '../contexts.ts'

// ---- transcripts: what a hash of messages is a hash of

/** The whole suite by name: another suite, or another shape of handshake, shares no transcript with this one. */
export const NAME = utf8('waypost/1 link: X-Wing, ML-DSA-65, ChaCha20-Poly1305, SHA-256')
/** A resumption has no signatures: its transcript must never pass for that of a handshake that has. */
export const NAME_RESUME = utf8('waypost/1 resume: X-Wing, ChaCha20-Poly1305, SHA-256')

// ---- signatures: contexts of ML-DSA

/** Apart from each other, so that nobody's own signature comes back to it as the other's. */
export const SIGN_RESPONDER = CONTEXTS.handshakeResponder
export const SIGN_INITIATOR = CONTEXTS.handshakeInitiator

// ---- keys

/** Of a PeerId: only who knows whom it dials makes a tag that the dialled one spends more than a hash on. */
export const DIAL = utf8('waypost/1 dial')
/** Of the shared secret: the two sealed boxes, and what all else comes from. */
export const BOX_RESPONDER = utf8('waypost/1 box responder')
export const BOX_INITIATOR = utf8('waypost/1 box initiator')
export const MASTER = utf8('waypost/1 master')
/** Of the master secret, when both are known: records of each direction, and what lives as long as the link. */
export const TRAFFIC_INITIATOR = utf8('waypost/1 traffic initiator')
export const TRAFFIC_RESPONDER = utf8('waypost/1 traffic responder')
export const RESUMPTION = utf8('waypost/1 resumption')
export const ROOT = utf8('waypost/1 root')
export const PATHS = utf8('waypost/1 paths')
export const LINK_ID = utf8('waypost/1 link id')
/** Of the path key, with the joiner's role: a message never comes back to its sender as the other's. */
export const PATH_JOIN = utf8('waypost/1 path join')
export const PATH_ACCEPT = utf8('waypost/1 path accept')
/** Of the resumption secret, with the role of whoever will dial: two tickets, so that two who dial at once spend two. */
export const TICKET_ID = utf8('waypost/1 ticket id')
export const TICKET_SECRET = utf8('waypost/1 ticket secret')
/** Of a ticket's secret: proof of having it, and its part in the new keys. */
export const RESUME_BINDER = utf8('waypost/1 resume binder')
export const RESUME_MIX = utf8('waypost/1 resume mix')
/** Of a resumption's fresh secret: proof that the other computed it too. */
export const RESUME_FINISHED = utf8('waypost/1 resume finished')

// ---- records

/** Of a direction's secret in one epoch: the next epoch's, and with the channel its key and IV. */
export const RECORD_STEP = utf8('waypost/1 record step')
export const RECORD_KEY = utf8('waypost/1 record key')
export const RECORD_IV = utf8('waypost/1 record iv')
/** What a rekeying is a transcript of. */
export const REKEY = utf8('waypost/1 rekey')
