// Why a record was not taken. A drop leaves everything as it was. On an ordered channel, which is reliable below us, any of
// them means that somebody interferes: the host gives up the path.

export const RECORD_DROPS = [
  'malformed', // too short, or of no type there is
  'closed', // of a path or a link that is over
  'epoch', // of keys we do not have yet, or have no more
  'out-of-order', // not the next on an ordered channel
  'unopened', // does not open: touched, or under other keys
  'replayed', // had it already, or is behind the window and may be one we had
] as const

export type RecordDrop = (typeof RECORD_DROPS)[number]
