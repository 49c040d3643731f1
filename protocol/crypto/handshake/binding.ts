// Channel bindings: what both ends see of the channel a handshake runs over, hashed into it. Ends that see different
// channels, because somebody between them ends one and begins another, share no transcript and so no keys.

import { utf8, Writer } from '../../wire/bytes.ts'
import { SESSION_BYTES } from '../../wire/registry.ts'
import { concat, type Hash } from '../suite.ts'

/** Where a room says that a member is, and which run of it: what it said of itself when it joined. */
export interface Place {
  readonly address: number
  readonly session: Uint8Array
}

/**
 * Through a room. Both sessions are in it (decision 9), so a room that lies about one of them carries no handshake; the
 * edge's name is not, since two peers may reach one edge by different names.
 */
export interface RelayBinding {
  readonly kind: 'relay'
  readonly network: string
  readonly room: string
  readonly initiator: Place
  readonly responder: Place
}

/** On a data channel: SHA-256 fingerprints of the DTLS certificates, as both ends' descriptions have them. */
export interface DtlsBinding {
  readonly kind: 'dtls'
  readonly initiator: Uint8Array
  readonly responder: Uint8Array
}

/** `initiator` and `responder` are those of the link, whoever opened the channel. */
export type Binding = RelayBinding | DtlsBinding

const TYPE = { relay: 1, dtls: 2 } as const
const FINGERPRINT_BYTES = 32
const TEXT_BYTES_MAX = 0xffff
const ADDRESS_MAX = 0xffff_ffff

/** `type 1 ‖ length 1 ‖ value`. Misuse throws: a binding is made of what this host sees, never of what a peer says. */
export async function encodeBinding(hash: Hash, binding: Binding): Promise<Uint8Array> {
  if (binding.kind === 'relay') return framed(TYPE.relay, await hash.sha256(relayed(binding)))
  for (const fingerprint of [binding.initiator, binding.responder]) {
    if (fingerprint.length !== FINGERPRINT_BYTES)
      throw new RangeError(`a fingerprint has ${FINGERPRINT_BYTES} bytes, not ${fingerprint.length}`)
  }
  return framed(TYPE.dtls, concat([binding.initiator, binding.responder]))
}

function framed(type: number, value: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(type, value.length), value])
}

/** Texts carry their lengths: `ab ‖ c` is not `a ‖ bc`. */
function relayed({ network, room, initiator, responder }: RelayBinding): Uint8Array {
  const writer = new Writer()
  for (const text of [network, room]) {
    const bytes = utf8(text)
    if (bytes.length > TEXT_BYTES_MAX) throw new RangeError('a name in a binding is longer than 65,535 bytes')
    writer.u16(bytes.length).bytes(bytes)
  }
  for (const { address, session } of [initiator, responder]) {
    if (!Number.isInteger(address) || address < 0 || address > ADDRESS_MAX)
      throw new RangeError(`${address} is no address of a member`)
    if (session.length !== SESSION_BYTES) throw new RangeError(`a session has ${SESSION_BYTES} bytes`)
    writer.u32(address).bytes(session)
  }
  return writer.done()
}
