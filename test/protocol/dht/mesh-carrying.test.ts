// Nodes of the mesh with links as drawn here: what is carried where, and what comes back.

import { describe, expect, it } from 'vitest'
import { MESH_PATH_MS, MESH_PONG_MS } from '../../../protocol/limits/mesh.ts'
import { recordOf } from '../../sim/mesh/records.ts'
import {
  answers,
  at,
  chainOf,
  FOREVER_MS,
  KEY,
  LINK_MS,
  type Member,
  MeshNet,
  VERIFY_MS,
} from './mesh-net.ts'

type Triple = [Member, Member, Member]

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
