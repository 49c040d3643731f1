// encode and decode for every frame of the registry, one table of layouts. decode throws WireError and nothing else.

import { Reader, WireError, Writer } from './bytes.ts'
import type { CarriedFrame, DescriptionFrame, Frame, LinkProbeFrame, RosterMember } from './frames.ts'
import {
  DECLINE,
  FRAME,
  type FrameKind,
  LANE,
  LEFT,
  nameOf,
  PAYLOAD_AT,
  PEER_BYTES,
  REFUSAL,
  SESSION_BYTES,
  UNDELIVERABLE,
} from './registry.ts'

type FrameOf<Kind extends FrameKind> = Extract<Frame, { kind: Kind }>

interface Layout<F> {
  write(frame: F, to: Writer): void
  read(from: Reader): F
}

export function encode(frame: Frame): Uint8Array<ArrayBuffer> {
  const to = new Writer().u8(FRAME[frame.kind])
  const layout = LAYOUTS[frame.kind] as Layout<Frame>
  layout.write(frame, to)
  return to.done()
}

/** The same bytes; what a frame of a link carries is a piece of its own, as it was given: nothing is copied. */
export function encodeInPieces(frame: Frame): readonly Uint8Array[] {
  return frame.kind === 'linkData'
    ? [encode({ ...frame, fragment: NOTHING }), frame.fragment]
    : [encode(frame)]
}

const NOTHING = new Uint8Array()

/** A relay frame whose payload stays where it is: the frame's head is written over the bytes before it, which are nobody's. */
export function relayInPlace(address: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(payload.buffer, payload.byteOffset - PAYLOAD_AT, PAYLOAD_AT + payload.length)
  const view = new DataView(frame.buffer, frame.byteOffset, PAYLOAD_AT)
  view.setUint8(0, FRAME.relay)
  view.setUint32(1, address)
  return frame
}

/** Fields that are bytes are views of what was given. */
export function decode(bytes: Uint8Array): Frame {
  if (bytes.length === 0) throw new WireError('empty', 'a frame has at least its type')
  const from = new Reader(bytes)
  const type = from.u8()
  const kind = nameOf(FRAME, type)
  if (kind === undefined) throw new WireError('unknown-type', `0x${type.toString(16).padStart(2, '0')}`)
  const layout: Layout<Frame> = LAYOUTS[kind]
  const frame = layout.read(from)
  from.end()
  return frame
}

/** decode for those who treat a bad frame as a drop. */
export function tryDecode(bytes: Uint8Array): Frame | undefined {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function named<Name extends string>(table: Readonly<Record<Name, number>>, number: number): Name {
  const name = nameOf(table, number)
  if (name === undefined) throw new WireError('bad-value', `no such code: ${number}`)
  return name
}

function bool(value: number): boolean {
  if (value > 1) throw new WireError('bad-value', `neither 0 nor 1: ${value}`)
  return value === 1
}

function writeMember(member: RosterMember, to: Writer): void {
  to.u32(member.address)
    .bytes(member.peer)
    .bytes(member.session)
    .u16(member.metadata.length)
    .bytes(member.metadata)
}

function readMember(from: Reader): RosterMember {
  const address = from.u32()
  const peer = from.bytes(PEER_BYTES)
  const session = from.bytes(SESSION_BYTES)
  return { address, peer, session, metadata: from.bytes(from.u16()) }
}

function carried<Kind extends 'relay' | 'broadcast' | 'signal'>(kind: Kind): Layout<CarriedFrame<Kind>> {
  return {
    write: (f, to) => to.u32(f.address).bytes(f.payload),
    read: (from) => ({ kind, address: from.u32(), payload: from.rest() }),
  }
}

function probe<Kind extends 'linkPing' | 'linkPong'>(kind: Kind): Layout<LinkProbeFrame<Kind>> {
  return {
    write: (f, to) => to.u32(f.token),
    read: (from) => ({ kind, token: from.u32() }),
  }
}

function description<Kind extends 'offer' | 'answer'>(kind: Kind): Layout<DescriptionFrame<Kind>> {
  return {
    write: (f, to) => to.u32(f.connection).u32(f.round).text(f.sdp),
    read: (from) => ({
      kind,
      connection: from.u32(),
      round: from.u32(),
      sdp: from.text(from.remaining),
    }),
  }
}

/** The lane's number is in the two bits below. */
const FLAG_FIRST = 4
const FLAG_LAST = 8
const LANE_MASK = 3

const LAYOUTS: { readonly [Kind in FrameKind]: Layout<FrameOf<Kind>> } = {
  batch: {
    write: (f, to) => {
      for (const frame of f.frames) to.u16(frame.length).bytes(frame)
    },
    read: (from) => {
      const frames: Uint8Array[] = []
      while (from.remaining > 0) frames.push(from.bytes(from.u16()))
      return { kind: 'batch', frames }
    },
  },
  refusal: {
    write: (f, to) => to.u8(REFUSAL[f.code]).u8(f.refusedType).u32(f.retryAfterMs),
    read: (from) => ({
      kind: 'refusal',
      code: named(REFUSAL, from.u8()),
      refusedType: from.u8(),
      retryAfterMs: from.u32(),
    }),
  },
  join: {
    write: (f, to) => to.u8(f.version).bytes(f.peer).bytes(f.session).bytes(f.metadata),
    read: (from) => ({
      kind: 'join',
      version: from.u8(),
      peer: from.bytes(PEER_BYTES),
      session: from.bytes(SESSION_BYTES),
      metadata: from.rest(),
    }),
  },
  welcome: {
    write: (f, to) => {
      to.u8(f.version)
        .u8(f.resumed ? 1 : 0)
        .u32(f.address)
        .u32(f.keepAliveMs)
        .u32(f.presenceTimeoutMs)
      to.u32(f.peersMax).u32(f.tokensPerSecond).u32(f.tokensBurst).u32(f.bytesPerSecond).u32(f.bytesBurst)
    },
    read: (from) => {
      const frame = {
        kind: 'welcome',
        version: from.u8(),
        resumed: bool(from.u8()),
        address: from.u32(),
        keepAliveMs: from.u32(),
        presenceTimeoutMs: from.u32(),
        peersMax: from.u32(),
        tokensPerSecond: from.u32(),
        tokensBurst: from.u32(),
        bytesPerSecond: from.u32(),
        bytesBurst: from.u32(),
      } as const
      from.rest() // Lax: what a later version adds is not for us
      return frame
    },
  },
  roster: {
    write: (f, to) => {
      to.u8(f.last ? 1 : 0)
      for (const member of f.members) writeMember(member, to)
    },
    read: (from) => {
      const last = bool(from.u8())
      const members: RosterMember[] = []
      while (from.remaining > 0) members.push(readMember(from))
      return { kind: 'roster', last, members }
    },
  },
  joined: {
    write: (f, to) => writeMember(f.member, to),
    read: (from) => ({ kind: 'joined', member: readMember(from) }),
  },
  left: {
    write: (f, to) => to.u32(f.address).u8(LEFT[f.reason]),
    read: (from) => ({ kind: 'left', address: from.u32(), reason: named(LEFT, from.u8()) }),
  },
  metadata: {
    write: (f, to) => to.u32(f.address).bytes(f.metadata),
    read: (from) => ({ kind: 'metadata', address: from.u32(), metadata: from.rest() }),
  },
  sweep: {
    write: () => {},
    read: () => ({ kind: 'sweep' }),
  },
  drained: {
    write: (f, to) => to.u32(f.bytes),
    read: (from) => ({ kind: 'drained', bytes: from.u32() }),
  },
  passWanted: {
    write: () => {},
    read: () => ({ kind: 'passWanted' }),
  },
  pass: {
    write: (f, to) => to.text(f.pass),
    read: (from) => ({ kind: 'pass', pass: from.text(from.remaining) }),
  },
  relay: carried('relay'),
  broadcast: carried('broadcast'),
  signal: carried('signal'),
  undeliverable: {
    write: (f, to) => to.u32(f.address).u8(UNDELIVERABLE[f.reason]),
    read: (from) => ({ kind: 'undeliverable', address: from.u32(), reason: named(UNDELIVERABLE, from.u8()) }),
  },
  linkData: {
    write: (f, to) => {
      const flags = LANE[f.lane] | (f.first ? FLAG_FIRST : 0) | (f.last ? FLAG_LAST : 0)
      to.u32(f.epoch).u8(flags).u32(f.seq).u32(f.base).bytes(f.fragment)
    },
    read: (from) => {
      const epoch = from.u32()
      const flags = from.u8()
      if (flags > (LANE_MASK | FLAG_FIRST | FLAG_LAST))
        throw new WireError('bad-value', `link flags ${flags}`)
      return {
        kind: 'linkData',
        epoch,
        lane: named(LANE, flags & LANE_MASK),
        first: (flags & FLAG_FIRST) !== 0,
        last: (flags & FLAG_LAST) !== 0,
        seq: from.u32(),
        base: from.u32(),
        fragment: from.rest(),
      }
    },
  },
  linkAck: {
    write: (f, to) => to.u32(f.epoch).u8(LANE[f.lane]).u32(f.next).u32(f.windowBytes),
    read: (from) => ({
      kind: 'linkAck',
      epoch: from.u32(),
      lane: named(LANE, from.u8()),
      next: from.u32(),
      windowBytes: from.u32(),
    }),
  },
  linkDatagram: {
    write: (f, to) => to.bytes(f.data),
    read: (from) => ({ kind: 'linkDatagram', data: from.rest() }),
  },
  linkPing: probe('linkPing'),
  linkPong: probe('linkPong'),
  offer: description('offer'),
  answer: description('answer'),
  candidates: {
    write: (f, to) => {
      to.u32(f.connection)
      for (const candidate of f.candidates) {
        const text = new Writer().text(candidate).done()
        to.u16(text.length).bytes(text)
      }
    },
    read: (from) => {
      const connection = from.u32()
      const candidates: string[] = []
      while (from.remaining > 0) candidates.push(from.text(from.u16()))
      return { kind: 'candidates', connection, candidates }
    },
  },
  decline: {
    write: (f, to) => to.u32(f.connection).u8(DECLINE[f.reason]),
    read: (from) => ({ kind: 'decline', connection: from.u32(), reason: named(DECLINE, from.u8()) }),
  },
}
