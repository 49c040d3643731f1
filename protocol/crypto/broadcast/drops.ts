// Why something of a broadcast was not acted upon. Counted, never thrown; what is dropped leaves the keys as they were.

export const BROADCAST_DROPS = [
  'malformed', // not of its layout or of no class there is, or its padding is not zeros
  'wrong-room', // a service message for another room than the one it was given to
  'not-a-member', // from somebody the room does not have, and did not show us in time either
  'no-key', // its key did not come in time
  'too-much-held', // more waits for keys, or for its sender to arrive, than may
  'overloaded', // frames come faster than they are opened
  'earlier', // from before the position we were given: from before we came, most likely
  'passed', // had it already, or a later one came before it
  'too-far', // more steps ahead than we follow: too many were lost, or it is nobody's
  'unopened', // does not open: touched, or not from whom the room says
  'key-erased', // of a generation whose successor is in use
  'key-known', // a key we have already: asked for, and then it came by itself
  'unwanted', // asks for a key that is not ours to give now, or was given at this position already
] as const

export type BroadcastDrop = (typeof BROADCAST_DROPS)[number]
