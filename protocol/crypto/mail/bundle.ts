// A bundle, as the edge hands it to one who wants to write: nothing in it is believed before its owner's signature.

import type { Suite } from '../suite.ts'
import { type Dropped, dropped, type PrekeyDrop } from './drops.ts'
import { isInTree, leafOf } from './merkle.ts'
import { checkHead, HEAD_BYTES, ONE_TIME_BYTES, readHead, readOneTime } from './publication.ts'

/** Of one peer, checked: what a first message is sealed to. */
export interface Bundle {
  readonly kind: 'bundle'
  /** The 32 bytes of its PeerId. */
  readonly owner: Uint8Array
  readonly signedPrekey: Uint8Array
  readonly endHour: number
  readonly oneTime: { readonly id: Uint8Array; readonly publicKey: Uint8Array } | undefined
}

export async function readBundle(
  suite: Suite,
  bytes: Uint8Array,
  owner: Uint8Array,
  nowMs: number,
): Promise<Bundle | Dropped<PrekeyDrop>> {
  const hasOneTime = bytes.length === HEAD_BYTES + ONE_TIME_BYTES
  const head = readHead(bytes.slice(0, HEAD_BYTES))
  const oneTime = hasOneTime ? readOneTime(bytes.slice(HEAD_BYTES)) : undefined
  if (head === undefined || (!hasOneTime && bytes.length !== HEAD_BYTES)) return dropped('malformed')
  const wrong = await checkHead(suite, head, owner, nowMs)
  if (wrong !== undefined) return dropped(wrong)
  if (oneTime !== undefined) {
    const { index, id, publicKey, path } = oneTime
    const leaf = await leafOf(suite.hash, id, publicKey)
    if (index >= head.count || !(await isInTree(suite.hash, head.root, index, leaf, path)))
      return dropped('path')
  }
  // Nobody is harmed but its owner; but what was accepted here must not fail later.
  for (const key of [head.publicKey, ...(oneTime === undefined ? [] : [oneTime.publicKey])])
    if ((await suite.kem.encapsulate(key)) === undefined) return dropped('not-a-key')
  return { kind: 'bundle', owner, signedPrekey: head.publicKey, endHour: head.endHour, oneTime }
}
