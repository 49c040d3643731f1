// Bodies of routes about mailboxes.

import * as z from 'zod'
import { MAIL_REFUSAL, type MailRefusal } from '../../../protocol/wire/registry.ts'
import { named } from '../naming.ts'
import { base64url, count, ms, networkName, perPriority, priority } from './words.ts'

export const LetterPut = named(
  'LetterPut',
  z.object({
    id: base64url,
    known: z.boolean().describe('It had come before'),
    expiresAt: ms,
  }),
)
export type LetterPutBody = z.infer<typeof LetterPut>

export const LettersPage = named(
  'LettersPage',
  z.object({
    messages: z.array(
      z.object({
        id: base64url,
        priority,
        hour: count.describe('In which it came, since 1970'),
        envelope: base64url,
      }),
    ),
    cursor: base64url.describe('Where the next page begins'),
    more: z.boolean(),
  }),
)
export type LettersPageBody = z.infer<typeof LettersPage>

export const LettersTaken = named('LettersTaken', z.object({ taken: count }))
export const PrekeysPublished = named(
  'PrekeysPublished',
  z.object({ oneTime: count.describe('Left in all') }),
)

export const PrekeysDrawn = named(
  'PrekeysDrawn',
  z.object({
    bundle: base64url.nullable(),
    challenge: base64url,
    difficulty: count,
  }),
)
export type PrekeysDrawnBody = z.infer<typeof PrekeysDrawn>

export const AccessRules = named(
  'AccessRules',
  z.object({
    keys: z.array(base64url).describe('Whoever has one of these writes without a stamp'),
    strangers: z.boolean().describe('Whether others may, with one'),
  }),
)

/** Each by its name: of a record, the schema would not say what it holds. */
const perReason = Object.fromEntries(Object.keys(MAIL_REFUSAL).map((reason) => [reason, count])) as Record<
  MailRefusal,
  typeof count
>
const flow = { depth: count, accepted: count, delivered: count, acknowledged: count, expired: count }

export const QueueStats = named(
  'QueueStats',
  z.object({
    network: networkName,
    mailboxes: count,
    behind: count.describe('Of them, whose newest figures are not in it'),
    total: z.object({ ...flow, bytes: count, oldestAgeMs: ms.nullable(), known: count, refused: count }),
    priorities: perPriority(z.object(flow)),
    refused: z.object(perReason),
    staleMsMax: ms,
  }),
)
export type QueueStatsBody = z.infer<typeof QueueStats>
