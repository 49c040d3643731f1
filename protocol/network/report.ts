// What a client says of itself, once a period: its links in this room, and what became of its messages since it last said.
// README.md beside this file says who sends it when. Apart from the other frames' layouts, so that a page loads it when it reports.

import { REPORT_LINKS_MAX, REPORT_RTT_MAX_MS } from '../limits/network.ts'
import { Reader, WireError, Writer } from '../wire/bytes.ts'
import { WATCH_FRAME } from '../wire/watch-frame.ts'

/** A link as one end sees it. */
export interface ReportedLink {
  /** Of the other end, in this room. */
  readonly address: number
  readonly direct: boolean
  readonly roundTripMs: number | undefined
}

export interface ClientReport {
  /** Its cryptography is the platform's own. */
  readonly native: boolean
  /** Messages to peers, that they acknowledged and that they did not while it was worth waiting; since the last report. */
  readonly delivered: number
  readonly failed: number
  readonly links: readonly ReportedLink[]
}

const NATIVE = 1
const DIRECT = 1
const NOT_KNOWN = 0xffff
const U32_MAX = 0xffff_ffff

export function encodeReport(report: ClientReport): Uint8Array<ArrayBuffer> {
  const { native, delivered, failed, links } = report
  if (links.length > REPORT_LINKS_MAX) throw new RangeError(`a report has at most ${REPORT_LINKS_MAX} links`)
  const to = new Writer(10 + 7 * links.length).u8(WATCH_FRAME.report).u8(native ? NATIVE : 0)
  for (const count of [delivered, failed]) to.u32(Math.min(count, U32_MAX))
  for (const { address, direct, roundTripMs } of links) {
    const rtt =
      roundTripMs === undefined
        ? NOT_KNOWN
        : Math.min(Math.max(0, Math.round(roundTripMs)), REPORT_RTT_MAX_MS)
    to.u32(address)
      .u8(direct ? DIRECT : 0)
      .u16(rtt)
  }
  return to.done()
}

/** Undefined for what is no report. */
export function tryDecodeReport(bytes: Uint8Array): ClientReport | undefined {
  try {
    return decodeReport(bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function decodeReport(bytes: Uint8Array): ClientReport {
  const from = new Reader(bytes)
  if (from.u8() !== WATCH_FRAME.report) throw new WireError('unknown-type', 'not a report')
  const native = flag(from.u8())
  const [delivered, failed] = [from.u32(), from.u32()]
  const links: ReportedLink[] = []
  while (from.remaining > 0) {
    if (links.length === REPORT_LINKS_MAX) throw new WireError('bad-value', 'more links than a report has')
    const address = from.u32()
    const direct = flag(from.u8())
    const rtt = from.u16()
    links.push({ address, direct, roundTripMs: rtt === NOT_KNOWN ? undefined : rtt })
  }
  return { native, delivered, failed, links }
}

function flag(value: number): boolean {
  if (value > 1) throw new WireError('bad-value', `neither 0 nor 1: ${value}`)
  return value === 1
}

/**
 * Of more links than a report has, those both ends would choose alike: by a number made of both ids, which is the same at either.
 * Ids are hashes, so four of their bytes are as good as any.
 */
export function pairRank(ours: Uint8Array, theirs: Uint8Array): number {
  const word = (id: Uint8Array) => new DataView(id.buffer, id.byteOffset, id.length).getUint32(id.length - 4)
  // Multiplied, or those chosen would all be neighbours.
  return Math.imul(word(ours) ^ word(theirs), 0x9e37_79b1) >>> 0
}
