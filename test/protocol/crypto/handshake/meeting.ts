// Two peers that meet, and somebody between them: the vocabulary of the handshake's tests.

import type { Binding, RelayBinding } from '../../../../protocol/crypto/handshake/binding.ts'
import { type Dialling, Initiator } from '../../../../protocol/crypto/handshake/initiator.ts'
import { type Answering, Responder } from '../../../../protocol/crypto/handshake/responder.ts'
import type { Session } from '../../../../protocol/crypto/handshake/session.ts'
import { type Identity, identityFromSeed } from '../../../../protocol/crypto/identity.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'

export const NOW = 1_800_000_000_000

export const RELAY: RelayBinding = {
  kind: 'relay',
  network: 'demo',
  room: 'lobby',
  initiator: { address: 0x0001_abcd, session: new Uint8Array(8).fill(0xa1) },
  responder: { address: 0x0002_ef01, session: new Uint8Array(8).fill(0xb0) },
}

export const DTLS: Binding = {
  kind: 'dtls',
  initiator: new Uint8Array(32).fill(0x11),
  responder: new Uint8Array(32).fill(0x22),
}

export function identityNo(suite: Suite, number: number): Promise<Identity> {
  return identityFromSeed(suite, new Uint8Array(32).fill(number))
}

export interface Cast {
  /** Dials. */
  readonly alice: Identity
  /** Is dialled. */
  readonly bob: Identity
  /** A peer of its own, with a key of its own, who is up to something. */
  readonly mallory: Identity
}

export async function cast(suite: Suite): Promise<Cast> {
  const [alice, bob, mallory] = await Promise.all([1, 2, 3].map((number) => identityNo(suite, number)))
  return { alice, bob, mallory } as Cast
}

export const dial = (suite: Suite, from: Identity, to: Identity, more: Partial<Dialling> = {}) =>
  Initiator.start(suite, { identity: from, peer: to.id, binding: RELAY, ...more })

export const listen = (suite: Suite, identity: Identity, more: Partial<Answering> = {}) =>
  Responder.listen(suite, { identity, binding: RELAY, ...more })

/** The answer to an M1 that must get one. */
export async function m2Of(responder: Responder, m1: Uint8Array): Promise<Uint8Array> {
  const answer = await responder.receive(m1, NOW)
  if (answer.kind !== 'answer') throw new Error(`no M2 but ${JSON.stringify(answer)}`)
  return answer.m2
}

export interface Met {
  readonly m1: Uint8Array
  readonly m2: Uint8Array
  readonly m3: Uint8Array
  readonly alices: Session
  readonly bobs: Session
}

/** Everything goes well, or throws. */
export async function meet(initiator: Initiator, responder: Responder): Promise<Met> {
  const m2 = await m2Of(responder, initiator.m1)
  const told = await initiator.receive(m2, NOW)
  if (told.kind !== 'established') throw new Error(`no M3 but ${JSON.stringify(told)}`)
  const done = await responder.receive(told.m3, NOW)
  if (done.kind !== 'established') throw new Error(`no session but ${JSON.stringify(done)}`)
  return { m1: initiator.m1, m2, m3: told.m3, alices: told.session, bobs: done.session }
}

export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice()
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

/** With other bytes from `at` on. */
export function patched(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy.set(part, at)
  return copy
}

export const drop = (reason: string) => ({ kind: 'drop', reason })
