// The messages of the mesh as values, and their bytes. Exact: what goes on after its layout is no message. README.md shows each.

import {
  MESH_DETOURS_MAX,
  MESH_HOPS_MAX,
  MESH_NODES_MAX,
  MESH_PATH_MS,
  MESH_PROVIDERS_MAX,
  MESH_RECORD_BYTES_MAX,
} from '../../limits/mesh.ts'
import { Reader, WireError, Writer } from '../../wire/bytes.ts'
import {
  MESH_FRAME,
  MESH_REFUSAL,
  type MeshFrameKind,
  type MeshRefusal,
  nameOf,
} from '../../wire/registry.ts'
import type { Key } from '../contract.ts'
import { NODE_BYTES, type NodeId } from './node.ts'

export type AskKind = 'findNode' | 'findValue' | 'getProviders' | 'store' | 'addProvider'

export interface Ask {
  readonly kind: AskKind
  /** Of the link it travels, for the answer. */
  readonly token: number
  /** The same on all paths of a lookup, and on all their links. */
  readonly lookup: bigint
  /** Links it may still travel after this one, and how many of them without coming nearer. */
  readonly hops: number
  readonly detours: number
  readonly withinMs: number
  readonly key: Key
  /** What is to be stored; nothing where something is looked for. */
  readonly bytes: Uint8Array
}

export type Answer =
  | {
      readonly kind: 'nodes'
      readonly token: number
      readonly hops: number
      readonly nodes: readonly NodeId[]
    }
  | { readonly kind: 'record'; readonly token: number; readonly hops: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'providers'
      readonly token: number
      readonly hops: number
      readonly provided: readonly Uint8Array[]
    }
  | { readonly kind: 'stored'; readonly token: number; readonly hops: number; readonly copies: number }
  | { readonly kind: 'refused'; readonly token: number; readonly reason: MeshRefusal }

export type MeshMessage = Ask | Answer | { readonly kind: 'ping' | 'pong'; readonly token: number }

export function isAsk(message: MeshMessage): message is Ask {
  return 'lookup' in message
}

export function encodeMesh(message: MeshMessage): Uint8Array<ArrayBuffer> {
  const to = new Writer().u8(MESH_FRAME[message.kind]).u32(message.token)
  if (isAsk(message)) {
    to.u32(Number(message.lookup >> 32n)).u32(Number(message.lookup & 0xffff_ffffn))
    return to
      .u8(message.hops)
      .u8(message.detours)
      .u16(message.withinMs)
      .bytes(message.key)
      .bytes(message.bytes)
      .done()
  }
  switch (message.kind) {
    case 'ping':
    case 'pong':
      return to.done()
    case 'refused':
      return to.u8(MESH_REFUSAL[message.reason]).done()
    case 'stored':
      return to.u8(message.hops).u8(message.copies).done()
    case 'record':
      return to.u8(message.hops).bytes(message.bytes).done()
    case 'nodes':
      to.u8(message.hops)
      for (const node of message.nodes) to.bytes(node)
      return to.done()
    case 'providers':
      to.u8(message.hops)
      for (const bytes of message.provided) to.u16(bytes.length).bytes(bytes)
      return to.done()
  }
}

/** Fields that are bytes are views of what was given. Undefined: no message of the mesh. */
export function tryDecodeMesh(bytes: Uint8Array): MeshMessage | undefined {
  try {
    const from = new Reader(bytes)
    const message = read(from)
    from.end()
    return message
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function read(from: Reader): MeshMessage {
  const kind = nameOf(MESH_FRAME, from.u8())
  if (kind === undefined) throw new WireError('unknown-type', 'no message of the mesh')
  const token = from.u32()
  switch (kind) {
    case 'ping':
    case 'pong':
      return { kind, token }
    case 'findNode':
    case 'findValue':
    case 'getProviders':
    case 'store':
    case 'addProvider':
      return readAsk(kind, token, from)
    case 'refused': {
      const reason = nameOf(MESH_REFUSAL, from.u8())
      if (reason === undefined) throw new WireError('bad-value', 'no such reason')
      return { kind, token, reason }
    }
    case 'stored':
      return { kind, token, hops: hopsOf(from), copies: from.u8() }
    case 'record':
      return { kind, token, hops: hopsOf(from), bytes: recordOf(from.rest()) }
    case 'nodes':
      return { kind, token, hops: hopsOf(from), nodes: readNodes(from) }
    case 'providers':
      return { kind, token, hops: hopsOf(from), provided: readProvided(from) }
  }
}

function readAsk(kind: AskKind & MeshFrameKind, token: number, from: Reader): Ask {
  const lookup = (BigInt(from.u32()) << 32n) | BigInt(from.u32())
  const hops = hopsOf(from)
  const detours = upTo(MESH_DETOURS_MAX, from.u8())
  const withinMs = upTo(MESH_PATH_MS, from.u16())
  const key = from.bytes(NODE_BYTES)
  const bytes = kind === 'store' || kind === 'addProvider' ? recordOf(from.rest()) : NOTHING
  return { kind, token, lookup, hops, detours, withinMs, key, bytes }
}

function readNodes(from: Reader): NodeId[] {
  const nodes: NodeId[] = []
  while (from.remaining > 0) nodes.push(from.bytes(NODE_BYTES))
  upTo(MESH_NODES_MAX, nodes.length)
  return nodes
}

function readProvided(from: Reader): Uint8Array[] {
  const provided: Uint8Array[] = []
  while (from.remaining > 0) provided.push(recordOf(from.bytes(from.u16())))
  upTo(MESH_PROVIDERS_MAX, provided.length)
  return provided
}

const NOTHING = new Uint8Array()

function hopsOf(from: Reader): number {
  return upTo(MESH_HOPS_MAX, from.u8())
}

function recordOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new WireError('truncated', 'a record has bytes')
  upTo(MESH_RECORD_BYTES_MAX, bytes.length)
  return bytes
}

function upTo(most: number, value: number): number {
  if (value > most) throw new WireError('bad-value', `${value} is more than ${most}`)
  return value
}
