// A client's pass: from a real edge, and from edges that behave badly.

import { createServer, type IncomingMessage, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Passes } from '../../client/pass.ts'
import { makeChallenge, SCOPE } from '../../protocol/crypto/admission/challenge.ts'
import { edgeKeys } from '../../protocol/crypto/admission/keys.ts'
import { mintPass, readPass } from '../../protocol/crypto/admission/pass.ts'
import { chooseSuite } from '../../protocol/crypto/choose.ts'
import { peerIdOf } from '../../protocol/crypto/identity.ts'
import type { Subtle } from '../../protocol/crypto/subtle.ts'
import { PASS_LIFETIME_MS, PASS_RENEWAL_MS } from '../../protocol/limits/admission.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { LocalEdge } from '../support/local-edge.ts'

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))
const { hash, signatures } = await chooseSuite({ subtle: crypto.subtle as unknown as Subtle, random })
const key = await signatures.signingKey(random(32))
const id = await peerIdOf(hash, key.publicKey)
const keys = await edgeKeys(hash, random(32))

const HOUR_MS = 3_600_000

/** An edge that answers what a test wants, and counts how often it is asked. */
class FalseEdge {
  asked = { challenges: 0, passes: 0 }
  nowMs = () => Date.now()
  bits = 2
  refusals: { status: number; code: string }[] = []
  subject = id
  #server: Server | undefined
  base = new URL('http://127.0.0.1')

  async start(): Promise<this> {
    const server = createServer(async (request, response) => {
      const { status, body } = await this.#answer(request)
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    })
    this.#server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (typeof address === 'object' && address !== null)
      this.base = new URL(`http://127.0.0.1:${address.port}/`)
    return this
  }

  stop = () => this.#server?.close()

  async challenge(): Promise<string> {
    const terms = { scope: SCOPE.pass, resource: new Uint8Array(32) }
    const bytes = await makeChallenge(hash, keys, terms, Math.min(22, this.bits), this.nowMs(), random)
    bytes[5] = this.bits
    return toBase64url(bytes)
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    if (request.url?.startsWith('/v1/bootstrap')) {
      this.asked.challenges++
      return { status: 200, body: { challenge: await this.challenge() } }
    }
    this.asked.passes++
    for await (const _ of request);
    const refusal = this.refusals.shift()
    if (refusal !== undefined)
      return {
        status: refusal.status,
        body: { error: { code: refusal.code, message: `because ${refusal.code}` } },
      }
    const expiresAtMs = this.nowMs() + PASS_LIFETIME_MS
    const pass = await mintPass(hash, keys, 'demo', { subject: this.subject, capabilities: 1, expiresAtMs })
    return { status: 200, body: { pass, expiresAt: expiresAtMs } }
  }
}

const edges: FalseEdge[] = []
async function falseEdge(): Promise<FalseEdge> {
  const edge = await new FalseEdge().start()
  edges.push(edge)
  return edge
}
const passesAt = (base: URL, challenge?: string) => {
  const passes = new Passes({ base, network: 'demo', hash, key })
  passes.offer(challenge)
  return passes
}

afterEach(() => {
  vi.useRealTimers()
  for (const edge of edges.splice(0)) edge.stop()
})

describe('at a real edge', () => {
  let edge: LocalEdge
  beforeAll(async () => {
    edge = await LocalEdge.start({ vars: { STAMP_BITS: 12 } })
  }, 60_000)
  afterAll(() => edge?.stop())

  it('a pass of our own key is given, once for all who ask', async () => {
    const passes = passesAt(new URL(`${edge.url}/`))
    const progress: number[] = []
    const [one, two] = await Promise.all([
      passes.get({ onProgress: (share) => progress.push(share) }),
      passes.get(),
    ])
    expect(two).toBe(one)
    expect(await passes.get()).toBe(one)
    expect(readPass(one)).toMatchObject({ subject: id, capabilities: 7 })
    expect(progress.at(-1)).toBe(1)
  })
})

describe('a pass', () => {
  it('that a room gave is shown from then on, if it is ours and no older', async () => {
    const edge = await falseEdge()
    edge.nowMs = () => Date.now() + 3 * HOUR_MS
    const passes = passesAt(edge.base)
    const next = (subject: Uint8Array, expiresAtMs: number) =>
      mintPass(hash, keys, 'demo', { subject, capabilities: 1, expiresAtMs })
    const laterMs = edge.nowMs() + 2 * HOUR_MS
    expect(passes.renewed(await next(id, laterMs))).toBe(false) // Of which we know nothing: we have shown none.
    expect(passes.renewAtMs).toBe(Number.POSITIVE_INFINITY)
    const first = await passes.get()
    const startMs = Date.now()
    for (const other of [await next(random(32), laterMs), await next(id, edge.nowMs()), 'nonsense', ''])
      expect(passes.renewed(other)).toBe(false)
    expect(await passes.get()).toBe(first)
    const second = await next(id, laterMs)
    expect(passes.renewed(second)).toBe(true)
    expect(await passes.get()).toBe(second)
    // By our own clock, and a while before its end.
    expect(passes.renewAtMs).toBeGreaterThan(startMs + 2 * HOUR_MS - PASS_RENEWAL_MS - 2_000)
    expect(passes.renewAtMs).toBeLessThan(Date.now() + 2 * HOUR_MS - PASS_RENEWAL_MS / 2 + 2_000)
    expect(edge.asked.passes).toBe(1)
  })

  it('is kept until five minutes before its end, by the edge’s clock and not ours', async () => {
    const edge = await falseEdge()
    edge.nowMs = () => Date.now() - 3 * HOUR_MS
    const passes = passesAt(edge.base)
    const first = await passes.get()
    const startMs = Date.now()
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(startMs + HOUR_MS - 305_000)
    expect(await passes.get()).toBe(first)
    vi.setSystemTime(startMs + HOUR_MS - 295_000)
    expect(await passes.get()).not.toBe(first)
    expect(edge.asked).toEqual({ challenges: 2, passes: 2 })
  })

  it('needs no other challenge where one was given already, unless it grew old', async () => {
    const edge = await falseEdge()
    await passesAt(edge.base, await edge.challenge()).get()
    expect(edge.asked).toEqual({ challenges: 0, passes: 1 })
    const old = passesAt(edge.base, await edge.challenge())
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 400_000 })
    await old.get()
    expect(edge.asked).toEqual({ challenges: 1, passes: 2 })
  })

  it('that the edge does not accept is asked for anew', async () => {
    const edge = await falseEdge()
    const passes = passesAt(edge.base)
    const first = await passes.get()
    passes.forget('another')
    expect(await passes.get()).toBe(first)
    passes.forget(first)
    await passes.get()
    expect(edge.asked.passes).toBe(2)
  })

  it('of another peer is none', async () => {
    const edge = await falseEdge()
    edge.subject = new Uint8Array(32)
    await expect(passesAt(edge.base).get()).rejects.toMatchObject({ code: 'edge-refused' })
  })
})

describe('a refusal', () => {
  it('of a stale challenge is answered with another challenge, once', async () => {
    const edge = await falseEdge()
    edge.refusals = [{ status: 410, code: 'expired' }]
    await passesAt(edge.base).get()
    expect(edge.asked).toEqual({ challenges: 2, passes: 2 })
    edge.refusals = [
      { status: 409, code: 'spent' },
      { status: 403, code: 'forged' },
    ]
    await expect(passesAt(edge.base).get()).rejects.toMatchObject({ code: 'edge-refused' })
  })

  it.each([
    [403, 'wrong-signature', 'edge-refused'],
    [403, 'blacklisted', 'edge-refused'],
    [429, 'rate-limited', 'edge-unreachable'],
    [500, 'misconfigured', 'edge-unreachable'],
  ])('%i %s is told as %s, and the next one who asks tries again', async (status, code, told) => {
    const edge = await falseEdge()
    edge.refusals = [{ status, code }]
    const passes = passesAt(edge.base)
    await expect(passes.get()).rejects.toMatchObject({ code: told, message: expect.stringContaining(code) })
    expect(await passes.get()).toHaveLength(84)
  })

  it('to work more than any edge may ask for is ours', async () => {
    const edge = await falseEdge()
    edge.bits = 23
    await expect(passesAt(edge.base).get()).rejects.toMatchObject({ code: 'edge-refused' })
    expect(edge.asked.passes).toBe(0)
  })

  it('by nobody is edge-unreachable', async () => {
    const edge = await falseEdge()
    edge.stop()
    await expect(passesAt(edge.base).get()).rejects.toMatchObject({ code: 'edge-unreachable' })
  })
})

describe('giving up', () => {
  it('ends the work when nobody waits any more, and not before', async () => {
    const edge = await falseEdge()
    edge.bits = 13
    const passes = passesAt(edge.base)
    const [first, second] = [new AbortController(), new AbortController()]
    const impatient = passes.get({ signal: first.signal })
    const patient = passes.get({ signal: second.signal })
    first.abort()
    await expect(impatient).rejects.toMatchObject({ code: 'aborted' })
    expect(await patient).toHaveLength(84)
    edge.bits = 22
    const hopeless = passesAt(edge.base)
    const stop = new AbortController()
    const asked = hopeless.get({ signal: stop.signal })
    await vi.waitFor(() => expect(edge.asked.challenges).toBe(2))
    stop.abort()
    await expect(asked).rejects.toMatchObject({ code: 'aborted' })
    // Nothing of it is left: the next one begins anew.
    edge.bits = 2
    expect(await hopeless.get()).toHaveLength(84)
    await expect(hopeless.get({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
  })
})
