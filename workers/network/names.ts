// What peers are called in answers: by their ids to whom may see them, and to all others by pseudonyms, which are others on another day
// and in another network, so that nobody can follow a peer by them.

import { idAt } from '../../protocol/network/summary.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { passCheck } from '../desk.ts'
import type { Env } from '../env.ts'

const PSEUDONYM_BYTES = 8

export type NameOf = (id: Uint8Array) => Promise<string>

const plain: NameOf = async (id) => peerIdText(id)

export async function namesFor(env: Env, network: string, maySee: boolean, nowMs: number): Promise<NameOf> {
  if (maySee) return plain
  const { hash, ring } = await passCheck(env)
  const salt = await ring.current.pseudonyms(network, nowMs)
  return async (id) => hex((await hash.sha256(salt, id)).subarray(0, PSEUDONYM_BYTES))
}

/** All of a column of ids. */
export function namesOf(ids: Uint8Array, count: number, nameOf: NameOf): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => nameOf(idAt(ids, at))))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
