// What separates one use of a hash or key of broadcasts from another. None is ever reused for something else.

import { utf8 } from '../../wire/bytes.ts'

/** Of network and room: what is given in one room is worthless in another. */
export const BROADCAST_ROOM = utf8('waypost/1 broadcast room')
/** Of a chain's key: that of one message, which says nothing of others… */
export const BROADCAST_MESSAGE = utf8('waypost/1 broadcast message')
/** …and the chain's next, which says nothing of what was before. */
export const BROADCAST_STEP = utf8('waypost/1 broadcast step')
