// Neighbours that lie, are late or never stop: what is made of them, by nodes with links as drawn here.

import { describe, expect, it } from 'vitest'
import { MESH_ASKS_BURST, MESH_PATH_MS } from '../../../protocol/limits/mesh.ts'
import { forgedRecord, recordOf } from '../../sim/mesh/records.ts'
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

  it('that there is nothing is not believed by anybody on the way of a thorough lookup', () => {
    for (const thorough of [true, false]) {
      const { net, a, liar } = liarBetween()
      net.gives(a, { kind: 'find', lookup: 5, wanted: 'value', key: KEY, thorough })
      net.passes(2 * LINK_MS)
      answers(net, liar, (token) => ({ kind: 'nodes', token, hops: 3, nodes: [] }))
      net.passes(200)
      expect(net.result(a)?.items).toHaveLength(thorough ? 1 : 0)
    }
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

  function storedBy(given: 'record' | 'provided') {
    const net = new MeshNet()
    const node = net.joins('node', at('0'))
    const [asked, last] = [net.joins('asked', at('01'), true), net.joins('last', at('001'))]
    const liars = Array.from({ length: 7 }, (_, i) => net.joins(`liar ${i}`, at(`1${'1'.repeat(i)}`), true))
    for (const other of [asked, last, ...liars]) net.links(node, other)
    const item = recordOf(KEY, 1, true, FOREVER_MS)
    net.gives(node, { kind: 'put', lookup: 1, given, key: KEY, item })
    net.passes(2 * LINK_MS)
    // Four are asked, and one for each of three that answer; with the fourth there are copies enough.
    for (const liar of liars.toReversed()) {
      answers(net, liar, (token) => ({ kind: 'stored', token, hops: 3, copies: 10 }))
      net.passes(2 * LINK_MS)
    }
    expect(net.asked(asked).map(({ ask }) => ask.kind)).toEqual([
      given === 'record' ? 'findValue' : 'getProviders',
    ])
    expect([last.machine?.held, net.result(node)]).toEqual([0, undefined])
    return { net, node, asked, last, item }
  }

  it('that it has stored something is found out where nobody finds that, and it is stored by others', () => {
    for (const given of ['record', 'provided'] as const) {
      const { net, node, asked, last } = storedBy(given)
      answers(net, asked, (token) => ({ kind: 'nodes', token, hops: 0, nodes: [] }))
      net.passes(10 * LINK_MS)
      expect(last.machine?.held).toBe(1)
      expect(net.result(node)?.copies).toBe(11) // of twenty ten are not believed, and there is one
    }
  })

  it('is not believed for having something else, nor for being silent', () => {
    for (const given of ['record', 'provided'] as const) {
      const { net, asked, last } = storedBy(given)
      const bytes = forgedRecord(KEY)
      answers(net, asked, (token) =>
        given === 'record'
          ? { kind: 'record', token, hops: 0, bytes }
          : { kind: 'providers', token, hops: 0, provided: [bytes] },
      )
      net.passes(10 * LINK_MS)
      expect(last.machine?.held).toBe(1)
    }
    const { net, node, last } = storedBy('record')
    net.passes(MESH_PATH_MS + 10 * LINK_MS)
    expect([last.machine?.held, net.result(node)?.copies]).toEqual([1, 11])
  })

  it('is believed to have stored what comes back, byte for byte', () => {
    for (const given of ['record', 'provided'] as const) {
      const { net, node, asked, last, item } = storedBy(given)
      const { bytes } = item
      answers(net, asked, (token) =>
        given === 'record'
          ? { kind: 'record', token, hops: 0, bytes }
          : { kind: 'providers', token, hops: 0, provided: [forgedRecord(KEY), bytes] },
      )
      net.passes(10 * LINK_MS)
      expect([last.machine?.held, net.result(node)?.copies]).toEqual([0, 35]) // five of each
    }
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
