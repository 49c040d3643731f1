// HMAC keys that are kept imported: the same MACs as with none kept, whichever keys take turns, and fewer imports.

import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { nativeHash } from '../../../protocol/crypto/native.ts'
import type { Subtle } from '../../../protocol/crypto/subtle.ts'

const MESSAGE = new TextEncoder().encode('message')
const KEYS = [new Uint8Array(), ...[1, 2, 3].map((fill) => new Uint8Array(32).fill(fill))]

/** The platform's own, and how often it was asked to import. */
function counted() {
  const subtle = crypto.subtle as unknown as Subtle
  const count = { imports: 0 }
  const importKey: Subtle['importKey'] = (...asked) => {
    count.imports++
    return subtle.importKey(...asked)
  }
  return {
    count,
    subtle: Object.assign(Object.create(subtle) as Subtle, { importKey, sign: subtle.sign.bind(subtle) }),
  }
}

async function macsAreRight(hash: ReturnType<typeof nativeHash>): Promise<void> {
  for (const key of KEYS) {
    const expected = new Uint8Array(createHmac('sha256', key).update(MESSAGE).digest())
    expect(await hash.hmac(key, MESSAGE.subarray(0, 3), MESSAGE.subarray(3))).toEqual(expected)
  }
}

it.each([
  ['imports each time when none are kept', 0, 3 * KEYS.length],
  ['imports each time when more take turns than are kept', 2, 3 * KEYS.length],
  ['imports each key once when all are kept', KEYS.length, KEYS.length],
])('%s', async (_, kept, imports) => {
  const { count, subtle } = counted()
  const hash = nativeHash(subtle, kept)
  for (let turn = 0; turn < 3; turn++) await macsAreRight(hash)
  expect(count.imports).toBe(imports)
})

it('does not mistake a key whose bytes have changed for the one it was', async () => {
  const hash = nativeHash(counted().subtle, 4)
  const key = new Uint8Array(32).fill(7)
  const before = await hash.hmac(key, MESSAGE)
  key.fill(8)
  expect(await hash.hmac(key, MESSAGE)).not.toEqual(before)
})
