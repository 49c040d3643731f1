// When a registry cannot be asked about a peer: there is no new pass, and whoever has one goes on (decision 17).

import { env, exports } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { readChallenge } from '../../protocol/crypto/admission/challenge.ts'
import { bidForPass, encodePassRequest } from '../../protocol/crypto/admission/request.ts'
import { sha256Block, stampSearcher } from '../../protocol/crypto/admission/search.ts'
import { platformSuite } from '../../protocol/crypto/platform.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { STAMP_PUZZLES } from '../../protocol/limits/admission.ts'
import { fromBase64url } from '../../protocol/wire/base64url.ts'
import { administered, lists } from './admin.ts'
import { deployedWith } from './rooms.ts'
import { newPeer, RoomSocket, refusedFor } from './socket.ts'

const ORIGIN = 'https://edge.example'
const { hash, signatures } = await platformSuite(crypto.subtle as unknown as Subtle)

/** While it runs, every call on a registry fails, as when the platform cannot place the object. */
async function withoutRegistries<T>(run: () => Promise<T>): Promise<T> {
  const bindings = env as unknown as Record<string, unknown>
  const { REGISTRIES } = bindings
  const away = () => Promise.reject(new Error('the object cannot be reached'))
  const stub = new Proxy({}, { get: () => away })
  bindings.REGISTRIES = { getByName: () => stub }
  try {
    return await run()
  } finally {
    bindings.REGISTRIES = REGISTRIES
  }
}

const newKey = () => signatures.signingKey(crypto.getRandomValues(new Uint8Array(32)))

async function asksForPass(network: string, signing = newKey()) {
  const key = await signing
  const boot = await exports.default.fetch(`${ORIGIN}/v1/bootstrap?network=${network}`)
  const bytes = fromBase64url(((await boot.json()) as { challenge: string }).challenge) as Uint8Array
  const challenge = readChallenge(bytes)
  if (challenge === undefined) throw new Error('no challenge')
  const bid = await bidForPass(hash, ORIGIN, network, key.publicKey)
  const searcher = stampSearcher(sha256Block(), bytes, bid.place, challenge.bits, STAMP_PUZZLES)
  while (!searcher.step(10_000));
  const body = await encodePassRequest(challenge, bid, searcher.stamp(), key)
  const init = { method: 'POST', body, headers: { 'Content-Type': 'application/octet-stream' } }
  const answer = await exports.default.fetch(`${ORIGIN}/v1/passes?network=${network}`, init as never)
  return {
    status: answer.status,
    body: (await answer.json()) as { error?: { code: string; message: string } },
    bid,
  }
}

it('there is no pass for whom nobody can be asked about, and one as soon as somebody can', () =>
  deployedWith({ STAMP_BITS: '3' }, async () => {
    const refused = await withoutRegistries(() => asksForPass('unjudged'))
    expect([refused.status, refused.body.error?.code]).toEqual([503, 'busy'])
    expect((await asksForPass('unjudged')).status).toBe(200)
  }))

it('whoever has a pass is let in by it', () =>
  withoutRegistries(async () => {
    await (await RoomSocket.join('unjudged', newPeer(), { network: 'unjudged-rooms' })).welcomed()
  }))

it('but not whoever was known to be listed a moment ago', () =>
  administered(async () => {
    const peer = newPeer()
    await lists(peer, 'unjudged-listed')
    await withoutRegistries(async () => {
      const socket = await RoomSocket.join('unjudged', peer, { network: 'unjudged-listed' })
      expect((await refusedFor(socket)).code).toBe('blacklisted')
    })
  }))

it('a listed peer gets no pass, and is told until when', () =>
  administered(
    async () => {
      const key = newKey()
      expect((await asksForPass('judged', key)).status).toBe(200)
      const { bid } = await asksForPass('judged', key)
      await lists(bid.subject, 'judged', { untilMs: 4_000_000_000_000 })
      const { status, body } = await asksForPass('judged', key)
      expect([status, body.error?.code]).toEqual([403, 'blacklisted'])
      expect(body.error?.message).toContain('until 2096-10-02T07:06:40.000Z')
    },
    { STAMP_BITS: '3' },
  ))
