// Frames by chance: one generator for each kind of the registry, so that a frame without one does not compile.

import fc from 'fast-check'
import type { Frame, RosterMember } from '../../../protocol/wire/frames.ts'
import {
  DECLINE,
  FRAME,
  type FrameKind,
  LEFT,
  REFUSAL,
  UNDELIVERABLE,
} from '../../../protocol/wire/registry.ts'

export const u8 = fc.integer({ min: 0, max: 0xff })
export const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
export const bytes = fc.uint8Array({ maxLength: 40 })
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const oneOf = <Name extends string>(table: Readonly<Record<Name, number>>) =>
  fc.constantFrom(...(Object.keys(table) as Name[]))
// Well formed: a lone surrogate has no UTF-8.
const text = fc.string({ unit: 'grapheme', maxLength: 30 })

export const member: fc.Arbitrary<RosterMember> = fc.record({
  address: u32,
  peer: exactly(32),
  session: exactly(8),
  metadata: bytes,
})

type FrameOf<Kind extends FrameKind> = Extract<Frame, { kind: Kind }>
type Fields<Kind extends FrameKind> = { [Field in keyof FrameOf<Kind>]: fc.Arbitrary<FrameOf<Kind>[Field]> }

function frame<Kind extends FrameKind>(fields: Fields<Kind>): fc.Arbitrary<FrameOf<Kind>> {
  // The compiler cannot follow a mapped type through fc.record; Fields is what is checked, where frames are listed.
  const record: unknown = fc.record(fields as Record<string, fc.Arbitrary<unknown>>, {
    noNullPrototype: true,
  })
  return record as fc.Arbitrary<FrameOf<Kind>>
}

const kind = <Kind extends FrameKind>(name: Kind) => fc.constant(name)

export const FRAMES: { readonly [Kind in FrameKind]: fc.Arbitrary<FrameOf<Kind>> } = {
  batch: frame<'batch'>({ kind: kind('batch'), frames: fc.array(bytes, { maxLength: 5 }) }),
  refusal: frame<'refusal'>({
    kind: kind('refusal'),
    code: oneOf(REFUSAL),
    refusedType: u8,
    retryAfterMs: u32,
  }),
  join: frame<'join'>({
    kind: kind('join'),
    version: u8,
    peer: exactly(32),
    session: exactly(8),
    metadata: bytes,
  }),
  welcome: frame<'welcome'>({
    kind: kind('welcome'),
    version: u8,
    resumed: fc.boolean(),
    address: u32,
    keepAliveMs: u32,
    presenceTimeoutMs: u32,
    peersMax: u32,
    tokensPerSecond: u32,
    tokensBurst: u32,
    bytesPerSecond: u32,
    bytesBurst: u32,
  }),
  roster: frame<'roster'>({
    kind: kind('roster'),
    last: fc.boolean(),
    members: fc.array(member, { maxLength: 4 }),
  }),
  joined: frame<'joined'>({ kind: kind('joined'), member }),
  left: frame<'left'>({ kind: kind('left'), address: u32, reason: oneOf(LEFT) }),
  metadata: frame<'metadata'>({ kind: kind('metadata'), address: u32, metadata: bytes }),
  sweep: frame<'sweep'>({ kind: kind('sweep') }),
  drained: frame<'drained'>({ kind: kind('drained'), bytes: u32 }),
  passWanted: frame<'passWanted'>({ kind: kind('passWanted') }),
  pass: frame<'pass'>({ kind: kind('pass'), pass: text }),
  relay: frame<'relay'>({ kind: kind('relay'), address: u32, payload: bytes }),
  broadcast: frame<'broadcast'>({ kind: kind('broadcast'), address: u32, payload: bytes }),
  undeliverable: frame<'undeliverable'>({
    kind: kind('undeliverable'),
    address: u32,
    reason: oneOf(UNDELIVERABLE),
  }),
  signal: frame<'signal'>({ kind: kind('signal'), address: u32, payload: bytes }),
  linkData: frame<'linkData'>({
    kind: kind('linkData'),
    epoch: u32,
    lane: fc.constantFrom('control', 'bulk', 'streams', 'service'),
    first: fc.boolean(),
    last: fc.boolean(),
    seq: u32,
    base: u32,
    fragment: bytes,
  }),
  linkAck: frame<'linkAck'>({
    kind: kind('linkAck'),
    epoch: u32,
    lane: fc.constantFrom('control', 'bulk', 'streams', 'service'),
    next: u32,
    windowBytes: u32,
  }),
  linkDatagram: frame<'linkDatagram'>({ kind: kind('linkDatagram'), data: bytes }),
  linkPing: frame<'linkPing'>({ kind: kind('linkPing'), token: u32 }),
  linkPong: frame<'linkPong'>({ kind: kind('linkPong'), token: u32 }),
  offer: frame<'offer'>({ kind: kind('offer'), connection: u32, round: u32, sdp: text }),
  answer: frame<'answer'>({ kind: kind('answer'), connection: u32, round: u32, sdp: text }),
  candidates: frame<'candidates'>({
    kind: kind('candidates'),
    connection: u32,
    candidates: fc.array(text, { maxLength: 4 }),
  }),
  decline: frame<'decline'>({ kind: kind('decline'), connection: u32, reason: oneOf(DECLINE) }),
}

export const KINDS = Object.keys(FRAME) as FrameKind[]
export const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  ...KINDS.map((name) => FRAMES[name] as fc.Arbitrary<Frame>),
)

/** Bytes that look like frames: half of them a frame with some bytes changed, cut or added, half plain noise. */
export const frameLike: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .tuple(fc.constantFrom(...Object.values(FRAME)), fc.uint8Array({ maxLength: 120 }))
    .map(([type, rest]) => Uint8Array.from([type, ...rest])),
)
