// Bodies that have a name in /openapi.json: where one is part of another it is referred to by it.

import { z } from 'zod'

export const NAMED = z.registry<{ readonly id: string }>()

/** Registers it, and gives it back. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  NAMED.add(schema, { id })
  return schema
}
