// How much of a message travels in one envelope.

import { contentMax } from '../../protocol/crypto/mail/envelope.ts'
import { MAIL_RECEIPTS_MAX } from '../../protocol/limits/client-mail.ts'
import { MAIL_ENVELOPE_BYTES_MAX } from '../../protocol/limits/mail.ts'
import {
  CARD_BYTES,
  PART_OVERHEAD_BYTES,
  RECEIPT_BYTES,
  RECEIPTS_OVERHEAD_BYTES,
} from '../../protocol/mail/content.ts'

/** What fits, whatever else travels with it. */
export const PART_BYTES_MAX =
  (contentMax('first', MAIL_ENVELOPE_BYTES_MAX) as number) -
  PART_OVERHEAD_BYTES -
  CARD_BYTES -
  RECEIPTS_OVERHEAD_BYTES -
  MAIL_RECEIPTS_MAX * RECEIPT_BYTES
