// An edge that lies and peers that lie: what they say is counted and is an error, never data; and content comes all the same
// while somebody has it.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Waypost } from '../../client/index.ts'
import { EXCHANGE_STALL_MS } from '../../protocol/limits/content.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { client, codeOf, newRoom } from './clients.ts'
import { noise, same } from './contents.ts'
import { liar, wrongBlock } from './hostile-provider.ts'

let edge: LocalEdge

beforeAll(async () => {
  edge = await LocalEdge.start()
}, 90_000)
afterAll(() => edge?.stop())

const realFetch = globalThis.fetch
afterEach(() => {
  globalThis.fetch = realFetch
})

/** From now on what the DHT answers goes through this, on its way to everybody here. */
function edgeLies(lie: (path: string, real: () => Promise<Response>) => Promise<Response>): void {
  globalThis.fetch = (input, init) => {
    const url = new URL(String(input instanceof Request ? input.url : input))
    const real = () => realFetch(input, init)
    return url.pathname.startsWith('/v1/dht/') ? lie(url.pathname, real) : real()
  }
}

/** The same answer with other bytes. */
const altered =
  (change: (bytes: Uint8Array) => Uint8Array) => async (_: string, real: () => Promise<Response>) => {
    const response = await real()
    const bytes = new Uint8Array(await response.arrayBuffer())
    return new Response(change(bytes).slice(), { status: response.status, headers: response.headers })
  }

const flipped = (at: number) => (bytes: Uint8Array) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
const drops = (waypost: Waypost) => waypost.status().drops

describe('an edge that lies', () => {
  it('about a value is not believed', async () => {
    const [alice, bob] = [await client(edge.url), await client(edge.url)]
    const cid = await alice.dht.put(noise(100))
    edgeLies(altered(flipped(50)))
    expect(await codeOf(bob.dht.get(cid))).toBe('unverified')
    expect(drops(bob)).toEqual({ 'wrong-key': 1 })
  })

  it.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    ['in what it says', flipped(60), 'wrong-signature'],
    ['in its signature', (bytes) => flipped(bytes.length - 9)(bytes), 'wrong-signature'],
    ['in whose it is', (bytes) => flipped(bytes.length - 4_000)(bytes), 'wrong-key'],
    ['in its layout', (bytes) => bytes.subarray(0, 5_000), 'malformed'],
  ])('about a name, %s, is not believed', async (_, change, why) => {
    const [alice, bob] = [await client(edge.url), await client(edge.url)]
    await alice.dht.publish('name', 'what I say of myself, and nothing else')
    edgeLies(altered(change))
    expect(await codeOf(bob.dht.resolve(alice.id, 'name'))).toBe('unverified')
    expect(drops(bob)).toEqual({ [why]: 1 })
  })

  it("that shows one peer's name as another's, or under another name, is not believed", async () => {
    const [alice, mallory, bob] = [await client(edge.url), await client(edge.url), await client(edge.url)]
    await mallory.dht.publish('name', 'mine')
    await alice.dht.publish('other', 'mine too')
    for (const [owner, name] of [
      [mallory.id, 'name'],
      [alice.id, 'other'],
    ] as const) {
      let record = new Uint8Array()
      edgeLies(async (_, real) => {
        const response = await real()
        record = new Uint8Array(await response.clone().arrayBuffer())
        return response
      })
      await bob.dht.resolve(owner, name)
      const headers = {
        'Content-Type': 'application/vnd.waypost.record',
        'X-Expires-At': `${Date.now() + 60_000}`,
      }
      edgeLies(async () => new Response(record, { headers }))
      expect(await codeOf(bob.dht.resolve(alice.id, 'name'))).toBe('unverified')
      globalThis.fetch = realFetch
    }
    expect(drops(bob)).toEqual({ 'wrong-key': 2 })
  })

  it('and shows what was said before is answered with what was seen since', async () => {
    const [alice, bob] = [await client(edge.url), await client(edge.url)]
    await alice.dht.publish('name', 'before')
    let old: Response | undefined
    edgeLies(async (_, real) => {
      old ??= (await real()).clone()
      return old.clone()
    })
    expect((await bob.dht.resolve(alice.id, 'name')).value).toBe('before')
    globalThis.fetch = realFetch
    await alice.dht.publish('name', 'after')
    // What an isolate of the edge has just read it gives for some seconds more.
    await expect
      .poll(async () => (await bob.dht.resolve(alice.id, 'name')).value, { timeout: 20_000 })
      .toBe('after')
    edgeLies(async () => (old as Response).clone())
    expect((await bob.dht.resolve(alice.id, 'name')).value).toBe('after')
    expect(drops(bob).stale).toBeGreaterThan(0)
  })

  it('about who provides is not believed; of lies and truths the truths are told', async () => {
    const [alice, carol, bob] = [await client(edge.url), await client(edge.url), await client(edge.url)]
    const cid = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
    const { expiresAt } = await alice.dht.provide(cid)
    await carol.dht.provide(cid)
    const lies = (change: (body: { heads: string[]; providers: { peer: string }[] }) => void) =>
      edgeLies(async (_, real) => {
        const response = await real()
        const body = await response.json()
        change(body)
        return Response.json(body)
      })
    lies(({ providers }) => {
      for (const one of providers) if (one.peer === carol.id) one.peer = bob.id
    })
    expect(await bob.dht.providers(cid)).toEqual([{ peer: alice.id, region: '', expiresAt }])
    expect(drops(bob)).toEqual({ 'wrong-key': 1 })
    lies((body) => {
      body.heads = body.heads.map((head) => `${head.slice(0, -8)}AAAAAAAA`)
    })
    expect(await codeOf(bob.dht.providers(cid))).toBe('unverified')
    expect(drops(bob)).toEqual({ 'wrong-key': 1, 'wrong-signature': 2 })
    lies((body) => {
      body.heads = [toBase64url(new Uint8Array(5_000))]
      for (const one of body.providers) Object.assign(one, { head: 0 })
    })
    expect(await codeOf(bob.dht.providers(cid))).toBe('unverified')
  })

  it('and shows who provides something else is not believed', async () => {
    const [alice, bob] = [await client(edge.url), await client(edge.url)]
    const [one, other] = [
      'bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am',
      'bafkreiagnlv6fmfjo2zlqz4mqjdfgkbzv2osxbiiijmc3oeyp6eivp3sxq',
    ]
    await alice.dht.provide([one])
    const answer = await realFetch(`${edge.url}/v1/dht/providers/${one}`)
    edgeLies(async () => answer.clone())
    expect(await bob.dht.providers(one)).toHaveLength(1)
    expect(await codeOf(bob.dht.providers(other))).toBe('unverified')
    expect(drops(bob)).toEqual({ 'wrong-key': 1 })
  })

  it.each<[string, () => Promise<Response>, string]>([
    ['is not there', () => Promise.reject(new TypeError('no network')), 'edge-unreachable'],
    ['speaks HTML', async () => new Response('<h1>Log in</h1>', { status: 404 }), 'edge-unreachable'],
    ['says things without end', async () => new Response(new Uint8Array(300_000)), 'edge-unreachable'],
    [
      'refuses',
      async () => Response.json({ error: { code: 'over-quota', message: '' } }, { status: 429 }),
      'dht-refused',
    ],
  ])('that %s is said to be so', async (_, answer, code) => {
    const bob = await client(edge.url)
    edgeLies(answer)
    const error = await bob.dht.resolve(bob.id, 'name').catch((problem: unknown) => problem)
    expect(error).toMatchObject({ code })
    if (code === 'dht-refused') expect(error).toMatchObject({ cause: 'over-quota' })
  })

  it('that is busy is asked again, when it says', async () => {
    const [alice, bob] = [await client(edge.url), await client(edge.url)]
    await alice.dht.publish('name', 'patience')
    let asked = 0
    edgeLies(async (_, real) => {
      if (++asked > 2) return real()
      return Response.json({ error: { code: 'busy', message: '', retryAfterMs: 50 } }, { status: 503 })
    })
    expect((await bob.dht.resolve(alice.id, 'name')).value).toBe('patience')
    expect(asked).toBe(3)
  })
})

describe('a provider that lies', () => {
  const content = noise(2_000_000, 5)

  async function provided() {
    const room = newRoom()
    const [alice, bob] = await Promise.all([client(edge.url), client(edge.url)])
    await Promise.all([alice.join(room), bob.join(room)])
    return { room, alice, bob, cid: await alice.dht.put(content) }
  }

  it.each<[string, () => Uint8Array, string]>([
    ['with other bytes', () => wrongBlock(), 'wrong-key'],
    ['with a block too large', () => Uint8Array.of(2, 255, 0, 0, 0), 'too-large'],
    ['with what is no frame', () => Uint8Array.of(9), 'malformed'],
    ['with more answers than questions', () => Uint8Array.of(3, 3), 'unexpected'],
  ])('%s is left for another', async (_, answer, why) => {
    const { room, bob, cid } = await provided()
    const { asked } = await liar(edge.url, room, cid, answer)
    expect(same(await bob.dht.get(cid), content)).toBe(true)
    expect(asked()).toBeGreaterThan(0)
    expect(drops(bob)[why as 'wrong-key']).toBe(1)
  })

  it('that nobody else provides with gives an error, and no data', async () => {
    const room = newRoom()
    const bob = await client(edge.url)
    await bob.join(room)
    const cid = 'bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq'
    await liar(edge.url, room, cid, () => wrongBlock())
    expect(await codeOf(bob.dht.get(cid))).toBe('peer-unreachable')
    expect(drops(bob)).toEqual({ 'wrong-key': 1 })
  })

  it('and has none of it is passed over', async () => {
    const { room, bob, cid } = await provided()
    await liar(edge.url, room, cid, () => Uint8Array.of(3))
    expect(same(await bob.dht.get(cid), content)).toBe(true)
  })

  it('and says nothing holds nobody up for longer than it may', async () => {
    const { room, bob, cid } = await provided()
    const { asked } = await liar(edge.url, room, cid, () => undefined)
    const startMs = performance.now()
    expect(same(await bob.dht.get(cid), content)).toBe(true)
    expect(asked()).toBeGreaterThan(0)
    expect(performance.now() - startMs).toBeLessThan(2 * EXCHANGE_STALL_MS)
  })

  it('and leaves in the middle is replaced by who stays', async () => {
    const { room, alice, bob, cid } = await provided()
    const carol = await client(edge.url)
    await carol.join(room)
    await carol.dht.get(cid, { provide: true })
    let left: Promise<void> | undefined
    const got = await bob.dht.get(cid, {
      onProgress: ({ bytes }) => {
        if (bytes > content.length / 4) left ??= alice.close()
      },
    })
    expect(same(got, content)).toBe(true)
    expect(left).toBeDefined()
  })
})
