// Nodes of the mesh with links as drawn here: what is carried where, what comes back, and what is made of those who lie.

import { describe, expect, it } from 'vitest'
import type { Answer } from '../../../protocol/dht/mesh/messages.ts'
import { MESH_ASKS_BURST, MESH_PATH_MS, MESH_PONG_MS } from '../../../protocol/limits/mesh.ts'
import { forgedRecord, recordOf } from '../../sim/mesh/records.ts'
import { at, FOREVER_MS, LINK_MS, type Member, MeshNet, VERIFY_MS } from './mesh-net.ts'

const KEY = at('1111111111111111')

/** Each nearer to the key than the one before. */
function chainOf(net: MeshNet, count: number): Member[] {
  const members = Array.from({ length: count }, (_, i) => net.joins(`node ${i}`, at('1'.repeat(i))))
  net.chain(...members)
  return members
}

type Triple = [Member, Member, Member]

/** Answers whatever a played member was asked last. */
function answers(net: MeshNet, member: Member, answer: (token: number) => Answer): void {
  const { from, ask } = net.asked(member).at(-1)!
  net.says(member, from, answer(ask.token))
}

describe('a value', () => {
  it('is kept by those near the key, and the looker is told of it once, with the links it came', () => {
    const net = new MeshNet()
    const nodes = chainOf(net, 6)
    const item = net.puts(nodes[5]!, KEY)
    net.passes(10_000)
    const far = net.joins('far', at('0'))
    net.links(far, nodes[0]!)
    net.finds(far, KEY)
    net.passes(1_000)
    expect(net.result(far)).toMatchObject({ items: [{ bytes: item.bytes }], hops: 1 })
    expect(far.effects.filter(({ kind }) => kind === 'found')).toHaveLength(1)
    expect(far.effects.filter(({ kind }) => kind === 'done')).toHaveLength(1)
  })

  it('is found at once by who holds it, without asking anybody', () => {
    const net = new MeshNet()
    const [node] = chainOf(net, 2)
    net.puts(node!, KEY)
    net.passes(10_000)
    const before = node!.effects.length
    net.finds(node!, KEY)
    expect(node!.effects.slice(before).map(({ kind }) => kind)).toEqual(['found', 'done'])
  })

  it('that nobody has is nothing, in good time', () => {
    const net = new MeshNet()
    const [node] = chainOf(net, 6)
    net.finds(node!, KEY)
    net.passes(1_000)
    expect(net.result(node!)).toMatchObject({ items: [], paths: 1 })
  })

  it('is not looked for by who has no neighbour', () => {
    const net = new MeshNet()
    const alone = net.joins('alone', at('0'))
    net.finds(alone, KEY)
    expect(net.result(alone)).toMatchObject({ items: [], nodes: [], copies: 0, paths: 0 })
  })

  it('takes as long as its links and one verification of each', () => {
    const net = new MeshNet()
    const [a, b, c] = chainOf(net, 4)
    const holder = net.joins('holder', at('1111111'), true)
    net.links(c!, holder)
    net.finds(a!, KEY)
    net.passes(3 * LINK_MS)
    answers(net, holder, (token) => ({
      kind: 'record',
      token,
      hops: 0,
      bytes: recordOf(KEY, 1, true, 0).bytes,
    }))
    net.passes(3 * LINK_MS + 3 * VERIFY_MS - 1)
    expect(net.result(a!)).toBeUndefined()
    net.passes(1)
    expect(net.result(a!)).toMatchObject({ hops: 3, paths: 1 })
    expect(b!.machine!.held).toBe(1) // near the key, as it has two neighbours, and a value: kept on its way
  })
})

describe('a name', () => {
  it('is the newest that any path brings', () => {
    const net = new MeshNet()
    const looker = net.joins('looker', at('0'))
    const holders = ['100', '110', '111', '101', '011'].map((bits) => net.joins(bits, at(bits), true))
    for (const holder of holders) net.links(looker, holder)
    net.finds(looker, KEY)
    net.passes(LINK_MS)
    const asked = holders.filter((holder) => net.asked(holder).length > 0)
    expect(asked).toHaveLength(4)
    asked.slice(1).forEach((holder, i) => {
      const { bytes } = recordOf(KEY, [4, 9, 6][i]!, false, 0)
      answers(net, holder, (token) => ({ kind: 'record', token, hops: i, bytes }))
    })
    net.passes(LINK_MS + VERIFY_MS)
    expect(net.result(looker)?.items.map(({ sequence }) => sequence)).toEqual([9n])
    const found = looker.effects.flatMap((effect) => (effect.kind === 'found' ? [effect.item.sequence] : []))
    expect(found).toEqual([4n, 9n])
  })

  it('is not kept by those it only passes', () => {
    const net = new MeshNet()
    const [a, b, c] = chainOf(net, 3)
    const holder = net.joins('holder', at('1111111'), true)
    net.links(c!, holder)
    net.finds(a!, KEY)
    net.passes(3 * LINK_MS)
    answers(net, holder, (token) => ({
      kind: 'record',
      token,
      hops: 0,
      bytes: recordOf(KEY, 1, false, 0).bytes,
    }))
    net.passes(5_000)
    expect(net.result(a!)?.items).toHaveLength(1)
    expect([b!.machine!.held, c!.machine!.held]).toEqual([0, 0])
  })
})

describe('a path', () => {
  /** Whoever looks, a node, one nearer that is silent, and behind the node one who has it. */
  function beforeSilence() {
    const net = new MeshNet()
    const [looker, node, holder] = ['0', '1', '1111'].map((bits) => net.joins(bits, at(bits))) as Triple
    const silent = net.joins('silent', at('11111'), true)
    net.puts(holder, KEY, 1, false)
    net.chain(looker, node, holder)
    net.links(node, silent)
    return { net, looker, node, silent }
  }

  it('goes another way at once when a link ends', () => {
    const { net, looker, node, silent } = beforeSilence()
    net.finds(looker, KEY)
    net.passes(3 * LINK_MS)
    expect(net.asked(silent)).toHaveLength(1)
    net.unlinks(node, silent)
    net.passes(3 * LINK_MS + 2 * VERIFY_MS)
    expect(net.result(looker)?.items).toHaveLength(1)
  })

  it('goes another way when a neighbour is silent, which is pinged then, and asked no more until it speaks', () => {
    const { net, looker, node, silent } = beforeSilence()
    const found = () => {
      net.finds(looker, KEY)
      net.passes(MESH_PATH_MS / 2)
      expect(net.result(looker)?.items).toHaveLength(1)
      return net.asked(silent).length
    }
    expect(found()).toBe(1)
    expect(silent.heard.at(-1)?.message.kind).toBe('ping')
    net.passes(MESH_PONG_MS)
    expect(found()).toBe(1)
    net.says(silent, node, { kind: 'pong', token: 1 })
    net.passes(LINK_MS)
    expect(found()).toBe(2)
  })

  it('of one lookup goes through a node once, and what the node has it says all the same', () => {
    const net = new MeshNet()
    const [one, two] = ['one', 'two'].map((name, i) => net.joins(name, at(`0${i}`), true))
    const node = net.joins('node', at('1'))
    net.links(one!, node)
    net.links(two!, node)
    const ask = {
      kind: 'findValue',
      token: 1,
      lookup: 5n,
      hops: 3,
      detours: 0,
      withinMs: 3_000,
      key: KEY,
    } as const
    net.says(one!, node, { ...ask, bytes: new Uint8Array() })
    net.passes(1)
    net.says(two!, node, { ...ask, token: 9, bytes: new Uint8Array() })
    net.passes(4 * LINK_MS)
    expect(one!.heard.map(({ message }) => message)).toEqual([
      { kind: 'nodes', token: 1, hops: 0, nodes: [] },
    ])
    expect(two!.heard.map(({ message }) => message)).toEqual([
      { kind: 'refused', token: 9, reason: 'served' },
    ])
    net.puts(node, KEY)
    net.says(two!, node, { ...ask, token: 10, bytes: new Uint8Array() })
    net.passes(3 * LINK_MS)
    expect(two!.heard.at(-1)?.message).toMatchObject({ kind: 'record', token: 10 })
  })

  it('ends where its hops do', () => {
    const net = new MeshNet()
    const nodes = chainOf(net, 14)
    net.finds(nodes[0]!, KEY, 'nodes')
    net.passes(5_000)
    expect(net.result(nodes[0]!)).toMatchObject({ hops: 10 })
    expect(net.result(nodes[0]!)?.nodes[0]).toEqual(at('1'.repeat(11))) // who was reached last knows one more
  })
})

describe('who lies', () => {
  function liarBetween() {
    const net = new MeshNet()
    const [a, b, holder] = ['0', '1', '1111'].map((bits) => net.joins(bits, at(bits)))
    const liar = net.joins('liar', at('11111'), true)
    net.chain(a!, b!, holder!)
    const item = recordOf(KEY, 1, false, FOREVER_MS)
    net.gives(holder!, { kind: 'put', lookup: 1, given: 'record', key: KEY, item })
    net.unlinks(b!, holder!)
    net.passes(20_000)
    const fresh = net.joins('fresh', at('10'))
    net.chain(a!, fresh)
    net.links(fresh, liar)
    net.links(fresh, holder!)
    net.unlinks(a!, b!)
    return { net, a: a!, fresh, liar }
  }

  it('about a record is found out by its neighbour, and another way is tried', () => {
    const { net, a, liar } = liarBetween()
    net.finds(a, KEY)
    net.passes(2 * LINK_MS)
    answers(net, liar, (token) => ({ kind: 'record', token, hops: 0, bytes: forgedRecord(KEY) }))
    net.passes(200)
    expect(net.result(a)?.items.map(({ sequence }) => sequence)).toEqual([1n])
    expect(net.drops.of('unverified')).toBe(1)
  })

  it('that there is nothing is not believed as long as there are other paths', () => {
    const net = new MeshNet()
    const looker = net.joins('looker', at('0'))
    const liars = Array.from({ length: 7 }, (_, i) =>
      net.joins(`liar ${i}`, at(`1111111${'1'.repeat(i)}`), true),
    )
    for (const liar of liars) net.links(looker, liar)
    const holder = net.joins('holder', at('01'))
    net.puts(holder, KEY)
    net.links(looker, holder)
    net.finds(looker, KEY)
    net.passes(LINK_MS)
    const asked = () => liars.filter((liar) => net.asked(liar).length > 0)
    const [first] = asked()
    expect(asked()).toHaveLength(4)
    answers(net, first!, (token) => ({ kind: 'nodes', token, hops: 0, nodes: [] }))
    net.passes(2 * LINK_MS)
    expect(asked()).toHaveLength(7) // two more beside the three, and one for that which is over
    expect(net.result(looker)).toBeUndefined()
    for (const liar of asked().slice(0, -1)) {
      if (liar !== first) answers(net, liar, (token) => ({ kind: 'nodes', token, hops: 0, nodes: [] }))
    }
    net.passes(4 * LINK_MS + VERIFY_MS)
    expect(net.result(looker)?.items).toHaveLength(1)
  })

  it('by answering what was not asked, or as another, is dropped', () => {
    const { net, a, fresh, liar } = liarBetween()
    net.finds(a, KEY)
    net.passes(2 * LINK_MS)
    const { token } = net.asked(liar)[0]!.ask
    net.says(liar, fresh, { kind: 'stored', token: token + 1, hops: 0, copies: 3 })
    net.says(liar, fresh, { kind: 'stored', token, hops: 0, copies: 3 })
    net.passes(200)
    expect(net.drops.of('unexpected')).toBe(2)
    expect(net.result(a)?.items).toHaveLength(1)
  })

  it('about copies is believed no more than a path can leave', () => {
    const net = new MeshNet()
    const node = net.joins('node', at('0'))
    const liar = net.joins('liar', at('1'), true)
    net.links(node, liar)
    net.puts(node, KEY)
    net.passes(LINK_MS)
    answers(net, liar, (token) => ({ kind: 'stored', token, hops: 0, copies: 255 }))
    net.passes(LINK_MS)
    expect(net.result(node)?.copies).toBe(6) // ours, and five
  })

  it('about copies is carried back as no more than the links there were left', () => {
    const net = new MeshNet()
    const node = net.joins('node', at('0'))
    const [asker, liar] = ['01', '1'].map((bits) => net.joins(bits, at(bits), true)) as [Member, Member]
    net.links(node, asker)
    net.links(node, liar)
    const { bytes } = recordOf(KEY, 1, true, FOREVER_MS)
    const ask = { token: 4, lookup: 1n, hops: 3, detours: 4, withinMs: 3_000, key: KEY, bytes } as const
    net.says(asker, node, { kind: 'store', ...ask })
    net.passes(2 * LINK_MS + VERIFY_MS)
    answers(net, liar, (token) => ({ kind: 'stored', token, hops: 0, copies: 255 }))
    net.passes(2 * LINK_MS)
    expect(asker.heard.at(-1)?.message).toEqual({ kind: 'stored', token: 4, hops: 1, copies: 4 })
  })

  it('in the name of another neighbour is not heard', () => {
    const { net, a, fresh, liar } = liarBetween()
    const other = net.joins('other', at('100'), true)
    net.links(fresh, other)
    net.finds(a, KEY)
    net.passes(2 * LINK_MS)
    const { token } = net.asked(liar)[0]!.ask
    net.says(other, fresh, { kind: 'record', token, hops: 0, bytes: recordOf(KEY, 9, false, 0).bytes })
    net.passes(100)
    expect([net.drops.of('unexpected'), net.result(a)]).toEqual([1, undefined])
  })

  it('by giving something false to keep is refused, and it goes no further', () => {
    const net = new MeshNet()
    const [node, next] = chainOf(net, 2)
    const liar = net.joins('liar', at('01'), true)
    net.links(node!, liar)
    const bytes = forgedRecord(KEY)
    net.says(liar, node!, {
      kind: 'store',
      token: 4,
      lookup: 1n,
      hops: 9,
      detours: 4,
      withinMs: 3_000,
      key: KEY,
      bytes,
    })
    net.passes(1_000)
    expect(liar.heard.map(({ message }) => message)).toEqual([
      { kind: 'refused', token: 4, reason: 'invalid' },
    ])
    expect([node!.machine!.held, next!.machine!.held, net.drops.of('unverified')]).toEqual([0, 0, 1])
  })

  it('late is late, and no liar', () => {
    const { net, a, liar } = liarBetween()
    net.finds(a, KEY)
    net.passes(2 * LINK_MS)
    const { token } = net.asked(liar)[0]!.ask
    net.passes(MESH_PATH_MS + 100)
    net.says(liar, net.asked(liar)[0]!.from, { kind: 'nodes', token, hops: 0, nodes: [] })
    net.passes(LINK_MS)
    expect([net.drops.of('stale'), net.drops.of('unexpected')]).toEqual([1, 0])
  })
})

describe('a flood', () => {
  it('of requests is refused as busy after so many, and carried again later', () => {
    const net = new MeshNet()
    const node = net.joins('node', at('1'))
    const flooder = net.joins('flooder', at('0'), true)
    net.links(node, flooder)
    const asks = (count: number, from: bigint) => {
      for (let i = 0; i < count; i++) {
        const ask = {
          token: i,
          lookup: from + BigInt(i),
          hops: 1,
          detours: 0,
          withinMs: 1_000,
          key: KEY,
        } as const
        net.says(flooder, node, { kind: 'findValue', ...ask, bytes: new Uint8Array() })
      }
    }
    asks(MESH_ASKS_BURST + 30, 0n)
    net.passes(2 * LINK_MS)
    const refused = () => flooder.heard.filter(({ message }) => message.kind === 'refused').length
    expect([refused(), net.drops.of('rate-limited')]).toEqual([30, 30])
    net.passes(1_000)
    asks(10, 10_000n)
    net.passes(2 * LINK_MS)
    expect(refused()).toBe(30)
  })

  it('of bytes is not even read', () => {
    const net = new MeshNet()
    const node = net.joins('node', at('1'))
    const flooder = net.joins('flooder', at('0'), true)
    net.links(node, flooder)
    for (let i = 0; i < 1_200; i++) net.says(flooder, node, Uint8Array.of(0xff))
    net.passes(2 * LINK_MS)
    expect([net.drops.of('malformed'), net.drops.of('rate-limited')]).toEqual([1_000, 200])
  })
})

describe('what is published', () => {
  it('is put again and again, and no more once it is retracted', () => {
    const net = new MeshNet()
    const owner = net.joins('owner', at('0'))
    const holder = net.joins('holder', at('1'), true)
    net.links(owner, holder)
    net.gives(owner, { kind: 'publish', given: 'record', key: KEY, item: recordOf(KEY, 1, true, FOREVER_MS) })
    net.passes(3_600_000)
    const stores = () => net.asked(holder).filter(({ ask }) => ask.kind === 'store').length
    expect(stores()).toBeGreaterThanOrEqual(5)
    expect(stores()).toBeLessThanOrEqual(8)
    net.gives(owner, { kind: 'retract', key: KEY })
    const before = stores()
    net.passes(3_600_000)
    expect(stores()).toBe(before)
    expect(owner.effects.some(({ kind }) => kind === 'done')).toBe(false)
  })
})
