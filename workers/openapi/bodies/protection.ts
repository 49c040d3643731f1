// Bodies of routes about the blacklist.

import { z } from 'zod'
import { LISTING_NOTE_LENGTH_MAX } from '../../../protocol/limits/protection.ts'
import { OFFENCES } from '../../../protocol/protection/offences.ts'
import { named } from '../naming.ts'
import { count, ms, networkName, peerId } from './words.ts'

const reason = z.enum(['admin', ...OFFENCES])
const note = z.string().max(LISTING_NOTE_LENGTH_MAX)
const untilMs = ms.nullable().describe('Null: until somebody takes it off')

export const Listing = named(
  'Listing',
  z.object({
    id: peerId,
    reason,
    source: z.enum(['automatic', 'admin']),
    sinceMs: ms,
    untilMs,
    offences: z.partialRecord(z.enum(OFFENCES), count),
    note: note.optional(),
  }),
)
export const Blacklist = named('Blacklist', z.object({ network: networkName, entries: z.array(Listing) }))
export const ListingWanted = named(
  'ListingWanted',
  z.object({
    network: networkName.optional(),
    id: peerId,
    reason,
    untilMs: untilMs.optional(),
    note: note.optional(),
  }),
)
const anyAct = { atMs: ms, id: peerId, by: z.literal('admin'), note }
export const Audit = named(
  'Audit',
  z.object({
    network: networkName,
    entries: z.array(
      z.discriminatedUnion('act', [
        z.object({ ...anyAct, act: z.literal('list'), reason, untilMs }),
        z.object({ ...anyAct, act: z.literal('unlist') }),
      ]),
    ),
  }),
)
