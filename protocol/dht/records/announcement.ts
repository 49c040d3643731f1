// What a peer says of itself, as the JSON in an announcement's value. What is under the signature is bytes; JSON is only how they
// are read, so nothing depends on how it is spelled. Every field is bounded, and all but `node` and `edges` must be there. Fields that are not
// known are passed over: a later version may say more, and this one must still find its address.

import {
  DHT_ADDRESS_LENGTH_MAX,
  DHT_ADDRESSES_MAX,
  DHT_ANNOUNCEMENT_BYTES_MAX,
  DHT_CAPABILITIES_MAX,
  DHT_CAPABILITY_LENGTH_MAX,
  DHT_ROOMS_MAX,
} from '../../limits/dht.ts'
import { INTRODUCTION_EDGES_ANSWERED_MAX } from '../../limits/introductions.ts'
import { isRoomName } from '../../names.ts'
import { fromBase64url, toBase64url } from '../../wire/base64url.ts'
import { Reader, utf8, WireError } from '../../wire/bytes.ts'
import { demand, isRegion } from './fields.ts'

/** Four bytes: one puzzle's nonce. */
export const NODE_STAMP_BYTES = 4

/** A place in the mesh, as its owner claims it: crypto/dht/node.ts checks it. */
export interface NodeClaim {
  readonly era: number
  readonly stamp: Uint8Array
}

export interface Announcement {
  /** Where it is reached: as URLs. */
  readonly addresses: readonly string[]
  readonly capabilities: readonly string[]
  readonly rooms: readonly string[]
  /** Whether letters can be left for it. */
  readonly mailbox: boolean
  /** Letters, or nothing. */
  readonly region: string
  readonly node?: NodeClaim | undefined
  /** Edges by which it is met, as their addresses. */
  readonly edges?: readonly string[] | undefined
}

/** Throws a RangeError for what no reader would take. */
export function encodeAnnouncement(announcement: Announcement): Uint8Array<ArrayBuffer> {
  const { addresses, capabilities, rooms, mailbox, region, node, edges } = announcement
  const told = node && { era: node.era, stamp: toBase64url(node.stamp) }
  const json = {
    addresses,
    capabilities,
    rooms,
    mailbox,
    region,
    ...(told && { node: told }),
    ...(edges && { edges }),
  }
  const bytes = utf8(JSON.stringify(json)).slice()
  demand(tryDecodeAnnouncement(bytes) !== undefined, 'an announcement that is too long, or of other fields')
  return bytes
}

/** Undefined for what is none. */
export function tryDecodeAnnouncement(bytes: Uint8Array): Announcement | undefined {
  if (bytes.length > DHT_ANNOUNCEMENT_BYTES_MAX) return undefined
  const said = jsonOf(bytes)
  if (!isObject(said)) return undefined
  const addresses = listOf(said.addresses, DHT_ADDRESSES_MAX, isAddress)
  const capabilities = listOf(said.capabilities, DHT_CAPABILITIES_MAX, isCapability)
  const rooms = listOf(said.rooms, DHT_ROOMS_MAX, isRoomName)
  const { mailbox, region } = said
  if (addresses === undefined || capabilities === undefined || rooms === undefined) return undefined
  if (typeof mailbox !== 'boolean' || typeof region !== 'string' || !isRegion(region)) return undefined
  const edges =
    said.edges === undefined ? undefined : listOf(said.edges, INTRODUCTION_EDGES_ANSWERED_MAX, isAddress)
  if (said.edges !== undefined && edges === undefined) return undefined
  const rest = { addresses, capabilities, rooms, mailbox, region, ...(edges && { edges }) }
  if (said.node === undefined) return rest
  const node = nodeOf(said.node)
  return node && { ...rest, node }
}

type Fields = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Two kilobytes of JSON nest no deeper than a thousand times, which every engine takes. */
function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new Reader(bytes).text(bytes.length))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof WireError) return undefined
    throw error
  }
}

function listOf(
  value: unknown,
  most: number,
  isOne: (text: string) => boolean,
): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > most) return undefined
  const items: readonly unknown[] = value
  return items.every((item): item is string => typeof item === 'string' && isOne(item)) ? items : undefined
}

/** What a URL is written in: no space, no control, nothing beyond ASCII. */
function isAddress(text: string): boolean {
  return text.length <= DHT_ADDRESS_LENGTH_MAX && /^[!-~]+$/.test(text)
}

function isCapability(text: string): boolean {
  return text.length <= DHT_CAPABILITY_LENGTH_MAX && /^[a-z0-9][a-z0-9._/-]*$/.test(text)
}

function nodeOf(value: unknown): NodeClaim | undefined {
  if (!isObject(value)) return undefined
  const { era, stamp: text } = value
  const stamp = typeof text === 'string' ? fromBase64url(text) : undefined
  if (typeof era !== 'number' || !Number.isInteger(era) || era < 0 || era >= 2 ** 32) return undefined
  return stamp?.length === NODE_STAMP_BYTES ? { era, stamp } : undefined
}
