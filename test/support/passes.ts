// Passes for peers that tests and benchmarks invent: minted with the secret their edges run with, since whoever has the
// secret needs no stamp. The one place where a raw socket's subprotocols are put together. Runs in Node and in workerd.

import { type EdgeKeys, edgeKeys, parseSecret } from '../../protocol/crypto/admission/keys.ts'
import { EVERY_CAPABILITY, mintPass } from '../../protocol/crypto/admission/pass.ts'
import { nativeHash } from '../../protocol/crypto/native.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { PASS_LIFETIME_MS } from '../../protocol/limits/admission.ts'
import { joinSubprotocols } from '../../protocol/room/admission.ts'
import type { JoinFrame } from '../../protocol/wire/frames.ts'

/** No deployment's secret: what the edge signs with in tests and benchmarks. */
export const TEST_SECRET = 'a-secret-of-no-deployment-used-in-tests-only'

export interface TestPass {
  readonly network?: string | undefined
  readonly secret?: string
  readonly capabilities?: number
  readonly expiresAtMs?: number
}

const hash = nativeHash(crypto.subtle as unknown as Subtle)
const keysOf = new Map<string, EdgeKeys>()

export async function passFor(subject: Uint8Array, options: TestPass = {}): Promise<string> {
  const { network = 'default', secret = TEST_SECRET, capabilities = EVERY_CAPABILITY } = options
  const { expiresAtMs = Date.now() + PASS_LIFETIME_MS } = options
  const bytes = parseSecret(secret)
  if (bytes === undefined) throw new Error('a secret of no use')
  const keys = keysOf.get(secret) ?? (await edgeKeys(hash, bytes))
  keysOf.set(secret, keys)
  return mintPass(hash, keys, network, { subject, capabilities, expiresAtMs })
}

/** What a peer offers that is let in. */
export async function offerOf(join: JoinFrame, options?: TestPass): Promise<string[]> {
  return joinSubprotocols(join, await passFor(join.peer, options))
}
