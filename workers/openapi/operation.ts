// What /openapi.json says of one route. Path parameters need no saying here: the pattern names them, and parameters.ts says what they are.

import type * as z from 'zod'
import type { HttpErrorCode } from '../errors.ts'
import type { Parameter } from './parameters.ts'

/** By media type: what a body is, or undefined for bytes that no schema describes. */
export type Content = Readonly<Record<string, z.ZodType | undefined>>

export interface Answer {
  readonly what: string
  readonly content?: Content
  readonly headers?: Readonly<Record<string, string>>
}

/** What operations are about, in the order in which a reader wants them. */
export const TAGS = {
  edge: 'The edge itself: how it is, how to begin, and the passes it gives',
  rooms: 'Where peers find each other, and what they say goes by relay until they have a path of their own',
  mailboxes: 'Letters to peers who are away',
  dht: 'Records and providers that everybody can find, signed by whom they are of',
  'delegated routing': 'The same, as programs of IPFS ask for it',
  network: 'How a network does, who is in it, and who may not be',
} as const

export interface Operation {
  readonly tag: keyof typeof TAGS
  readonly summary: string
  readonly description?: string
  /** Who may: a peer by its pass, an administrator by the token. Else anybody. */
  readonly shows?: 'pass' | 'admin'
  readonly query?: readonly Parameter[]
  readonly headers?: readonly Parameter[]
  readonly body?: { readonly what: string; readonly content: Content }
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>
  /** Codes it refuses with, beside those that every route may (COMMON in document.ts). */
  readonly refuses?: readonly HttpErrorCode[]
}

export const JSON_TYPE = 'application/json'
export const OCTETS = 'application/octet-stream'

export const json = (what: string, schema: z.ZodType): Answer => ({ what, content: { [JSON_TYPE]: schema } })
