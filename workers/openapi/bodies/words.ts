// Words that bodies and parameters are made of.

import { z } from 'zod'
import { NAME_LENGTH_MAX } from '../../../protocol/limits/room.ts'
import { PRIORITIES } from '../../../protocol/priority.ts'

export const count = z.int().min(0)
/** A time of day or a length of time; neither is ever negative here. */
export const ms = z.number().min(0)
export const base64url = z.string().regex(/^[\w-]*$/)
export const networkName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._~:@-]*$/)
  .max(NAME_LENGTH_MAX)
export const peerId = z
  .string()
  .regex(/^b[a-z2-7]+$/)
  .describe('A PeerId: the multihash of a public key, in base32')
export const priority = z.enum(PRIORITIES)
export const perPriority = <Schema extends z.ZodType>(schema: Schema) =>
  z.object({ critical: schema, high: schema, normal: schema, low: schema })
