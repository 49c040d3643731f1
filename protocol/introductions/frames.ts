// Frames of introductions, as README.md beside this file shows them. What is longer than any honest one may be is not looked at.

import { SIGNED_RECORD_BYTES_MAX } from '../dht/records/signed.ts'
import { EDGE_URL_LENGTH_MAX } from '../limits/edges.ts'
import {
  INTRODUCTION_EDGES_ANSWERED_MAX,
  INTRODUCTION_KNOWN_MAX,
  INTRODUCTIONS_ANSWERED_MAX,
} from '../limits/introductions.ts'
import { Reader, utf8, WireError, Writer } from '../wire/bytes.ts'
import { INTRODUCTION_FRAME } from '../wire/registry.ts'

/** Of a digest, so much says which record it is: who makes two alike hides them from itself. */
export const KNOWN_BYTES = 8

/** What an answer has at most. */
export const ANSWER_BYTES_MAX =
  6 +
  INTRODUCTION_EDGES_ANSWERED_MAX * (2 + EDGE_URL_LENGTH_MAX) +
  INTRODUCTIONS_ANSWERED_MAX * (2 + SIGNED_RECORD_BYTES_MAX.announcement)

export type IntroductionFrame =
  | { readonly kind: 'ask'; readonly token: number; readonly known: readonly Uint8Array[] }
  | {
      readonly kind: 'answer'
      readonly token: number
      /** Where whoever answers is, or may be. */
      readonly edges: readonly string[]
      readonly records: readonly Uint8Array[]
    }

export function encodeIntroduction(frame: IntroductionFrame): Uint8Array<ArrayBuffer> {
  const to = new Writer().u8(INTRODUCTION_FRAME[frame.kind]).u32(frame.token)
  if (frame.kind === 'ask') {
    for (const known of frame.known) to.bytes(known.subarray(0, KNOWN_BYTES))
    return to.done()
  }
  to.u8(frame.edges.length)
  for (const edge of frame.edges.map(utf8)) to.u16(edge.length).bytes(edge)
  for (const record of frame.records) to.u16(record.length).bytes(record)
  return to.done()
}

/** Undefined for what is none. */
export function tryDecodeIntroduction(bytes: Uint8Array): IntroductionFrame | undefined {
  if (bytes.length > ANSWER_BYTES_MAX) return undefined
  try {
    const from = new Reader(bytes)
    const type = from.u8()
    if (type === INTRODUCTION_FRAME.ask) return readAsk(from)
    return type === INTRODUCTION_FRAME.answer ? readAnswer(from) : undefined
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function readAsk(from: Reader): IntroductionFrame | undefined {
  const token = from.u32()
  if (from.remaining > INTRODUCTION_KNOWN_MAX * KNOWN_BYTES) return undefined
  const known: Uint8Array[] = []
  while (from.remaining > 0) known.push(from.bytes(KNOWN_BYTES))
  return { kind: 'ask', token, known }
}

function readAnswer(from: Reader): IntroductionFrame | undefined {
  const token = from.u32()
  const count = from.u8()
  if (count > INTRODUCTION_EDGES_ANSWERED_MAX) return undefined
  const edges: string[] = []
  while (edges.length < count) {
    const length = from.u16()
    if (length === 0 || length > EDGE_URL_LENGTH_MAX) return undefined
    edges.push(from.text(length))
  }
  const records: Uint8Array[] = []
  while (from.remaining > 0) {
    const length = from.u16()
    if (length === 0 || records.length === INTRODUCTIONS_ANSWERED_MAX) return undefined
    records.push(from.bytes(length))
  }
  return { kind: 'answer', token, edges, records }
}
