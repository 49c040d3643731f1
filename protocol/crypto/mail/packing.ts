// States as bytes, for a host to commit. Not for anybody else: they hold secrets. What was not packed here, or is damaged, unpacks
// to undefined.

import { type Reader, Writer } from '../../wire/bytes.ts'
import { SIZES } from '../suite.ts'
import { INTRODUCTION_BYTES } from './envelope.ts'
import { ID_BYTES, MAILBOX_BYTES, PEER_BYTES, parsed, readU48, SESSION_ID_BYTES, u48 } from './fields.ts'
import type { Prekeys } from './prekeys.ts'
import type {
  Correspondence,
  Doors,
  HearingChain,
  Introduction,
  Listening,
  Session,
  Speaking,
} from './session.ts'

const VERSION = 1
const KEY_BYTES = 32

/** Of something that may be missing: whether it is there, then it. */
function maybe<T>(writer: Writer, value: T | undefined, write: (value: T) => void): void {
  writer.u8(value === undefined ? 0 : 1)
  if (value !== undefined) write(value)
}

function readMaybe<T>(reader: Reader, read: () => T): T | undefined {
  return reader.u8() === 0 ? undefined : read()
}

function list<T>(writer: Writer, items: readonly T[], write: (item: T) => void): void {
  writer.u16(items.length)
  for (const item of items) write(item)
}

function readList<T>(reader: Reader, read: () => T): T[] {
  const length = reader.u16()
  const items: T[] = []
  for (let i = 0; i < length; i++) items.push(read())
  return items
}

/** Its own bytes: nothing is kept alive by a view of it. */
const copy = (reader: Reader, length: number) => reader.bytes(length).slice()

// ---- prekeys ----------------------------------------------------------------------------------------------------

export function packPrekeys({ signed, oneTime, remembered }: Prekeys): Uint8Array {
  const writer = new Writer(4_096).u8(VERSION)
  list(writer, signed, ({ seed, madeHour, endHour, eraseHour }) =>
    writer.bytes(seed).u32(madeHour).u32(endHour).u32(eraseHour),
  )
  list(writer, oneTime, ({ id, seed, eraseHour }) => writer.bytes(id).bytes(seed).u32(eraseHour))
  list(writer, remembered, ({ session, eraseHour }) => writer.bytes(session).u32(eraseHour))
  return writer.done()
}

export function unpackPrekeys(bytes: Uint8Array): Prekeys | undefined {
  return parsed(bytes, (reader) => {
    if (reader.u8() !== VERSION) return undefined
    const hour = () => reader.u32()
    const seed = () => copy(reader, SIZES.kemSeed)
    const signed = readList(reader, () => ({
      seed: seed(),
      madeHour: hour(),
      endHour: hour(),
      eraseHour: hour(),
    }))
    const oneTime = readList(reader, () => ({ id: copy(reader, ID_BYTES), seed: seed(), eraseHour: hour() }))
    const remembered = readList(reader, () => ({
      session: copy(reader, SESSION_ID_BYTES),
      eraseHour: hour(),
    }))
    return { signed, oneTime, remembered }
  })
}

// ---- correspondences --------------------------------------------------------------------------------------------

export function packCorrespondence({ peer, life, mailbox, sessions }: Correspondence): Uint8Array {
  const writer = new Writer(8_192).u8(VERSION).bytes(peer).bytes(u48(life))
  maybe(writer, mailbox, (bytes) => writer.bytes(bytes))
  list(writer, sessions, (session) => writeSession(writer, session))
  return writer.done()
}

export function unpackCorrespondence(bytes: Uint8Array): Correspondence | undefined {
  return parsed(bytes, (reader) => {
    if (reader.u8() !== VERSION) return undefined
    return {
      peer: copy(reader, PEER_BYTES),
      life: readU48(reader),
      mailbox: readMaybe(reader, () => copy(reader, MAILBOX_BYTES)),
      sessions: readList(reader, () => readSession(reader)),
    }
  })
}

function writeSession(writer: Writer, session: Session): void {
  const { id, begun, peerLife, turn, root, phase, hearing } = session
  writer.bytes(id).u8(begun === 'here' ? 1 : 0)
  writer.bytes(u48(peerLife)).u32(turn).bytes(root)
  writer.u8(phase.kind === 'speaking' ? 1 : 0)
  if (phase.kind === 'speaking') writeSpeaking(writer, phase)
  else writer.bytes(phase.peerKey).u32(phase.before)
  list(writer, hearing, (chain) => writeChain(writer, chain))
}

function readSession(reader: Reader): Session {
  return {
    id: copy(reader, SESSION_ID_BYTES),
    begun: reader.u8() === 1 ? 'here' : 'there',
    peerLife: readU48(reader),
    turn: reader.u32(),
    root: copy(reader, KEY_BYTES),
    phase: reader.u8() === 1 ? readSpeaking(reader) : readListening(reader),
    hearing: readList(reader, () => readChain(reader)),
  }
}

function readListening(reader: Reader): Listening {
  return { kind: 'listening', peerKey: copy(reader, SIZES.kemPublicKey), before: reader.u32() }
}

function writeSpeaking(writer: Writer, speaking: Speaking): void {
  const { key, next, before, doors, introduction, ciphertext, ratchetKey, seed, answer } = speaking
  writer.bytes(key).u32(next).u32(before)
  maybe(writer, doors, (both) => writeDoors(writer, both))
  maybe(writer, introduction, (one) => writeIntroduction(writer, one))
  writer.bytes(ciphertext).bytes(ratchetKey).bytes(seed)
  writeDoors(writer, answer)
}

function readSpeaking(reader: Reader): Speaking {
  return {
    kind: 'speaking',
    key: copy(reader, KEY_BYTES),
    next: reader.u32(),
    before: reader.u32(),
    doors: readMaybe(reader, () => readDoors(reader)),
    introduction: readMaybe(reader, () => readIntroduction(reader)),
    ciphertext: copy(reader, SIZES.kemCiphertext),
    ratchetKey: copy(reader, SIZES.kemPublicKey),
    seed: copy(reader, SIZES.kemSeed),
    answer: readDoors(reader),
  }
}

function writeDoors(writer: Writer, { tags, headers }: Doors): void {
  writer.bytes(tags).bytes(headers)
}

function readDoors(reader: Reader): Doors {
  return { tags: copy(reader, KEY_BYTES), headers: copy(reader, KEY_BYTES) }
}

function writeIntroduction(writer: Writer, introduction: Introduction): void {
  const { signedPrekey, oneTimeId, ciphertext, oneTimeSecret, letter, untilMs } = introduction
  writer.bytes(signedPrekey).bytes(oneTimeId).bytes(ciphertext).bytes(oneTimeSecret)
  writer.bytes(letter).bytes(u48(untilMs))
}

function readIntroduction(reader: Reader): Introduction {
  return {
    signedPrekey: copy(reader, SIZES.kemPublicKey),
    oneTimeId: copy(reader, ID_BYTES),
    ciphertext: copy(reader, SIZES.kemCiphertext),
    oneTimeSecret: copy(reader, SIZES.sharedSecret),
    letter: copy(reader, INTRODUCTION_BYTES),
    untilMs: readU48(reader),
  }
}

function writeChain(writer: Writer, { turn, doors, key, next, skipped }: HearingChain): void {
  writer.u32(turn)
  maybe(writer, doors, (both) => writeDoors(writer, both))
  maybe(writer, key, (bytes) => writer.bytes(bytes))
  writer.u32(next)
  list(writer, skipped, (one) => writer.u32(one.number).bytes(one.key).bytes(u48(one.untilMs)))
}

function readChain(reader: Reader): HearingChain {
  return {
    turn: reader.u32(),
    doors: readMaybe(reader, () => readDoors(reader)),
    key: readMaybe(reader, () => copy(reader, KEY_BYTES)),
    next: reader.u32(),
    skipped: readList(reader, () => ({
      number: reader.u32(),
      key: copy(reader, KEY_BYTES),
      untilMs: readU48(reader),
    })),
  }
}
