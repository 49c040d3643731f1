// What a peer with a link may say, said to the code that a client runs, with real signatures: forged, altered, of others, flooded. And
// what is kept of edges, whoever wrote it.

import { describe, expect, it } from 'vitest'
import type { DhtParts } from '../../client/dht/contract.ts'
import { openEdges } from '../../client/edges/edges.ts'
import { OneEdge } from '../../client/edges/one-edge.ts'
import { inTurn, keepToldEdges, readToldEdges } from '../../client/edges/told-edges.ts'
import { memoryStore } from '../../client/identities/store.ts'
import { type Identity, newIdentity } from '../../client/identity.ts'
import { Introductions } from '../../client/introductions/introductions.ts'
import { Bootstraps, openSuite, Passes } from '../../client/secure.ts'
import type { PeerId } from '../../client/types.ts'
import { signRecord } from '../../protocol/crypto/dht/records.ts'
import { encodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { encodeIntroduction, tryDecodeIntroduction } from '../../protocol/introductions/frames.ts'
import { INTRODUCTION_EDGE_KEPT_MS } from '../../protocol/limits/introductions.ts'

/** An edge that is away. */
const OWN = 'https://127.0.0.1:1/'

const newPeer = async () => (await newIdentity(await openSuite())).identity

interface Terms {
  readonly kind?: 'announcement' | 'name'
  readonly createdMs?: number
  readonly edges?: readonly string[]
}

async function announced(
  peer: Identity,
  { kind = 'announcement', createdMs = Date.now(), edges }: Terms = {},
) {
  const said = { addresses: [], capabilities: [], rooms: [], mailbox: false, region: 'weur' }
  const value = encodeAnnouncement({ ...said, edges })
  const terms = { kind, sequence: 1n, createdMs, ttlSeconds: 3_600, value }
  return (await signRecord(await openSuite(), { key: peer.key, id: peer.bytes }, terms)).bytes
}

/** The part of a client that hears of peers, with a link to each of these; what it sends goes to them. */
async function victim(tellers: readonly string[]) {
  const [suite, store] = [await openSuite(), memoryStore()]
  const { identity } = await newIdentity(suite)
  const sent: { readonly to: string; readonly token: number }[] = []
  const [drops, learnt]: [string[], (readonly string[])[]] = [[], []]
  const passes = {
    base: new URL(OWN),
    edges: undefined,
    learn: (edges: readonly string[]) => void learnt.push(edges),
  }
  const parts = { suite, store, identity, network: 'net', passes } as unknown as DhtParts
  const tell = (to: string, bytes: Uint8Array) => {
    const frame = tryDecodeIntroduction(bytes)
    if (frame?.kind === 'ask') sent.push({ to, token: frame.token })
  }
  const introductions = await Introductions.open(
    parts,
    { tell, dropped: (reason) => void drops.push(reason) },
    () => undefined,
  )
  for (const teller of tellers) introductions.linked(teller as PeerId, true)
  const says = (from: string, records: readonly Uint8Array[], edges: readonly string[] = []) => {
    const token = sent.findLast(({ to }) => to === from)?.token ?? 0
    introductions.hear(from as PeerId, encodeIntroduction({ kind: 'answer', token, edges, records }))
  }
  const known = async () =>
    (await introductions.peers(64, AbortSignal.timeout(10_000))).map(({ peer }) => peer).sort()
  return { introductions, says, known, drops, learnt, store, own: identity }
}

const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))

describe('a teller', () => {
  it('is believed what peers signed, and nothing else', async () => {
    const [one, two, three] = [await newPeer(), await newPeer(), await newPeer()]
    const good = await announced(one, { edges: ['https://told.example/'] })
    const forgeries = {
      'a signature that is another': flipped(good, good.length - 1),
      'a word that is another': flipped(good, good.length - 5_400),
      'a key that is another': flipped(good, good.length - 4_000),
      'the end cut off': good.subarray(0, -1),
      noise: crypto.getRandomValues(new Uint8Array(7_000)),
      'a name, as an announcement': await announced(two, { kind: 'name' }),
    }
    for (const [what, forgery] of Object.entries(forgeries)) {
      const { says, known, drops, learnt, introductions } = await victim(['liar', 'honest'])
      says('honest', [good])
      says('liar', [
        await announced(two, { edges: ['https://bad.example/'] }),
        forgery,
        await announced(three),
      ])
      await expect.poll(() => drops, { message: what }).toEqual(['unverified'])
      expect(await known(), what).toEqual([one.id])
      expect(learnt.at(-1), what).toEqual(['https://told.example/'])
      introductions.close()
    }
  }, 60_000)

  it('whose clock is wrong is no liar', async () => {
    const [one, two] = [await newPeer(), await newPeer()]
    const { says, known, drops } = await victim(['teller'])
    says('teller', [await announced(one, { createdMs: Date.now() - 4_000_000 }), await announced(two)])
    await expect.poll(known).toEqual([two.id])
    expect(drops).toEqual(['expired'])
  })

  it('that answers what nobody asked costs nothing', async () => {
    const { says, known, drops, learnt, introductions } = await victim([])
    introductions.linked('teller' as PeerId, true)
    introductions.linked('teller' as PeerId, false)
    const good = await announced(await newPeer())
    for (let i = 0; i < 500; i++) says('teller', Array(8).fill(good), ['https://bad.example/'])
    expect(await known()).toEqual([])
    expect([learnt, new Set(drops)]).toEqual([[], new Set(['unknown-peer'])])
  })

  it('leads nobody from https to where one is listened to, nor home', async () => {
    const { says, learnt } = await victim(['one', 'two'])
    says('one', [], ['http://plain.example/', 'javascript:alert(1)', `${OWN}x`, 'no address'])
    says('two', [], ['https://user:word@there.example/path?query'])
    expect(learnt).toEqual([['https://there.example/']])
  })
})

describe('edges that peers told of', () => {
  const told = (url: string, tellers: number, toldAtMs = Date.now()) => ({
    url,
    tellers: Array.from({ length: tellers }, (_, i) => `teller ${i}`),
    toldAtMs,
  })

  it('are kept, and read as if anybody had written them', async () => {
    const { says, store, learnt } = await victim(['one', 'two'])
    says('one', [], ['https://a.example/', 'https://b.example/'])
    says('two', [], ['https://b.example/'])
    await expect
      .poll(async () =>
        (await readToldEdges(store, 'net', true, Date.now())).map(({ url, tellers }) => [
          url,
          tellers.length,
        ]),
      )
      .toEqual([
        ['https://b.example/', 2],
        ['https://a.example/', 1],
      ])
    expect(learnt.at(-1)).toEqual(['https://b.example/', 'https://a.example/'])
    expect(await readToldEdges(store, 'another net', true, Date.now())).toEqual([])
    expect(await readToldEdges(store, 'net', true, Date.now() + INTRODUCTION_EDGE_KEPT_MS)).toEqual([])
    const bad = [
      told('http://plain.example/', 1),
      { url: 'https://c.example/', tellers: [1], toldAtMs: 1 },
      null,
      7,
    ]
    await keepToldEdges(store, 'net', bad as never)
    expect(await readToldEdges(store, 'net', true, Date.now())).toEqual([])
  })

  it('have one order for all of a network; and an address made up to be the first is behind those of two', () => {
    const some = ['a', 'b', 'c', 'd', 'e'].map((name) => told(`https://${name}.example/`, 1))
    const order = inTurn(some, 'net')
    expect(inTurn(some.toReversed(), 'net')).toEqual(order)
    const good = told('https://good.example/', 2)
    // As an attacker would look for it.
    const madeUp = Array.from({ length: 500 }, (_, i) => told(`https://bad-${i}.example/`, 1)).find(
      (bad) => inTurn([bad, told(good.url, 1)], 'net')[0] === bad.url,
    )
    expect(inTurn([madeUp ?? good, good], 'net')[0]).toBe(good.url)
    expect(madeUp).toBeDefined()
  })

  /** What a client has of edges that are all away: two that it was told to use. */
  async function awayEdges() {
    const { identity, store } = await newIdentity(await openSuite())
    const { hash } = await openSuite()
    const place = { network: 'net', hash, key: identity.key, store }
    const bases = [new URL('https://127.0.0.1:1/'), new URL('https://127.0.0.1:2/')] as const
    return { bases, place, ...(await openEdges(bases, place)) }
  }

  it('are asked for when a socket breaks while no edge that was named is well, and only then', async () => {
    const { passes, bootstraps } = await awayEdges()
    let asked = 0
    passes.troubled = () => void asked++
    const [first, second] = passes.all as [Passes, Passes]
    const sockets = { first: {}, second: {}, told: {} }
    first.heard(sockets.first, true)
    second.heard(sockets.second, true)
    first.heard(sockets.first, false)
    expect(asked).toBe(0)
    second.heard(sockets.second, false)
    expect(asked).toBe(1)
    // One that peers told of is no reason not to ask for better ones.
    passes.learn?.(['https://127.0.0.1:11/'])
    await expect.poll(() => passes.base.port, { timeout: 20_000 }).toBe('11')
    passes.heard(sockets.told, true)
    expect(passes.edges?.[2]).toMatchObject({ state: 'healthy', inUse: true })
    first.heard({}, false)
    expect(asked).toBe(2)
    bootstraps.close()
  }, 30_000)

  it('are asked for once for each socket that breaks, also when one edge has become several', async () => {
    const { bases, place } = await awayEdges()
    const [base] = bases
    const one = new OneEdge(
      (onSocket) => ({
        passes: new Passes({ base, ...place, onSocket }),
        bootstraps: new Bootstraps(base, place.network, place.store),
      }),
      place,
    )
    let asked = 0
    one.troubled = () => void asked++
    const [passes] = one.all as [Passes]
    passes.heard({}, true)
    passes.heard({}, false)
    expect(asked).toBe(1)
    one.learn(['https://127.0.0.1:11/'])
    await expect.poll(() => one.edges?.length).toBe(2)
    passes.heard({}, false)
    expect(asked).toBe(2)
    one.bootstraps.close()
  })

  it('are three at most, and give way to better ones while the client runs, but for the one in use', async () => {
    const { passes, bootstraps } = await awayEdges()
    const learns = (...names: readonly string[]) => {
      passes.learn?.(names.map((name) => `https://127.0.0.1:${name}/`))
      return passes.edges?.slice(2).map(({ url, learnt }) => [new URL(url).port, learnt])
    }
    expect(learns('11', '1', '12', '13', '14')).toEqual([
      ['11', true],
      ['12', true],
      ['13', true],
    ])
    expect(learns('14', '11', '13')).toEqual([
      ['11', true],
      ['14', true],
      ['13', true],
    ])
    expect(learns()?.length).toBe(3) // Not gone to any more, and there until others come.
    passes.close()
    bootstraps.close()
  })
})
