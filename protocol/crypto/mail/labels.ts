// What separates one use of a hash, key or signature of mail from another. None is ever reused for something else; each is
// followed by bytes of a fixed length.

import { utf8 } from '../../wire/bytes.ts'
import { CONTEXTS } from '../contexts.ts'

/** Contexts of ML-DSA. */
export const SIGN_PREKEYS = CONTEXTS.prekeys
export const SIGN_FIRST = CONTEXTS.firstMessage

/** Info of sealed boxes: the small one that any prekey of ours is tried on, and the one that says who writes. */
export const BOX_ADDRESS = utf8('waypost/1 mail address')
export const BOX_INTRODUCTION = utf8('waypost/1 mail introduction')
/** What a sender signs, and what names the session that begins with it. */
export const TRANSCRIPT = utf8('waypost/1 mail transcript')

/** Of an introduction's secret: the root and the chain of a session's first turn. */
export const FIRST_ROOT = utf8('waypost/1 mail first root')
export const FIRST_CHAIN = utf8('waypost/1 mail first chain')
/** Of a root and what a turn's ciphertext holds: the next root, and the turn's chain. */
export const TURN_ROOT = utf8('waypost/1 mail turn root')
export const TURN_CHAIN = utf8('waypost/1 mail turn chain')
/** Of a root: how the next turn's messages are found, and what their headers are sealed with. */
export const NEXT_TAGS = utf8('waypost/1 mail tags')
export const NEXT_HEADERS = utf8('waypost/1 mail headers')
/** Of a chain: the key of one message, which says nothing of others; and its next, which says nothing of what was before. */
export const CHAIN_MESSAGE = utf8('waypost/1 mail message')
export const CHAIN_STEP = utf8('waypost/1 mail step')
/** Of those, with an envelope's salt: key and nonce of its two sealed parts. */
export const SEAL_HEADER = utf8('waypost/1 mail header')
export const SEAL_BODY = utf8('waypost/1 mail body')
