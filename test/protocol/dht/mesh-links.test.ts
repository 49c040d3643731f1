// Links that come and go: who has a place in a full bucket, who is pinged, and which links the host is told to look for.

import { beforeEach, describe, expect, it } from 'vitest'
import type { MeshEffect, MeshInput } from '../../../protocol/dht/mesh/contract.ts'
import { MeshNode } from '../../../protocol/dht/mesh/machine.ts'
import { encodeMesh, tryDecodeMesh } from '../../../protocol/dht/mesh/messages.ts'
import { MESH_BUCKET_MAX, MESH_PONG_MS, MESH_REFRESH_MS } from '../../../protocol/limits/mesh.ts'
import { Random } from '../../sim/random.ts'
import { at } from './mesh-net.ts'

let node: MeshNode
let random: Random
beforeEach(() => {
  random = new Random('links')
  node = new MeshNode({ self: at(''), random: () => random.unit() })
})

const gives = (input: MeshInput, nowMs: number) => node.receive(input, nowMs)
/** In the bucket of this many shared bits. */
function links(neighbour: number, bucket: number, nowMs: number): readonly MeshEffect[] {
  const place = random.bytes(32)
  place.set(at(`${'0'.repeat(bucket)}1`).subarray(0, 4))
  return gives({ kind: 'linked', neighbour, node: place, roundTripMs: 50 }, nowMs)
}
function pingIn(effects: readonly MeshEffect[]): { readonly neighbour: number; readonly token: number } {
  for (const effect of effects) {
    const message = effect.kind === 'send' ? tryDecodeMesh(effect.bytes) : undefined
    if (effect.kind === 'send' && message?.kind === 'ping')
      return { neighbour: effect.neighbour, token: message.token }
  }
  throw new Error('nobody was pinged')
}

describe('a full bucket', () => {
  const NEWCOMER = 100
  beforeEach(() => {
    for (let i = 0; i < MESH_BUCKET_MAX; i++) links(i, 0, i === 4 ? 0 : 10)
  })

  it('keeps the one that was silent longest if it answers, and the newcomer is spare', () => {
    const { neighbour, token } = pingIn(links(NEWCOMER, 0, 1_000))
    expect(neighbour).toBe(4)
    const bytes = encodeMesh({ kind: 'pong', token })
    expect(gives({ kind: 'message', neighbour: 5, bytes }, 1_010)).toEqual([
      { kind: 'drop', reason: 'stale', neighbour: 5 }, // in another's name
    ])
    expect(gives({ kind: 'message', neighbour, bytes }, 1_020)).toEqual([
      { kind: 'spare', neighbour: NEWCOMER },
    ])
    expect(node.neighbours).toBe(MESH_BUCKET_MAX)
  })

  it('gives its place to the newcomer if it does not', () => {
    pingIn(links(NEWCOMER, 0, 1_000))
    expect(gives({ kind: 'wake' }, 999 + MESH_PONG_MS)).toEqual([])
    expect(gives({ kind: 'wake' }, 1_000 + MESH_PONG_MS)).toEqual([{ kind: 'spare', neighbour: 4 }])
    expect(node.neighbours).toBe(MESH_BUCKET_MAX)
    const ping = encodeMesh({ kind: 'ping', token: 1 })
    const [answer] = gives({ kind: 'message', neighbour: NEWCOMER, bytes: ping }, 5_000)
    expect(answer).toMatchObject({ kind: 'send', neighbour: NEWCOMER })
    expect(gives({ kind: 'message', neighbour: 4, bytes: ping }, 5_000)).toMatchObject([
      { reason: 'unknown-peer' },
    ])
  })

  it('has a place at once for the newcomer when the other goes meanwhile', () => {
    links(NEWCOMER, 0, 1_000)
    gives({ kind: 'unlinked', neighbour: 4 }, 1_500)
    expect(node.neighbours).toBe(MESH_BUCKET_MAX)
    expect(gives({ kind: 'wake' }, 10_000).filter(({ kind }) => kind === 'spare')).toEqual([])
  })

  it('has none for a newcomer that is gone, nor for a second one', () => {
    links(NEWCOMER, 0, 1_000)
    expect(links(NEWCOMER + 1, 0, 1_001)).toEqual([{ kind: 'spare', neighbour: NEWCOMER + 1 }])
    gives({ kind: 'unlinked', neighbour: NEWCOMER }, 1_500)
    expect(gives({ kind: 'wake' }, 1_000 + MESH_PONG_MS)).toEqual([])
    expect(node.neighbours).toBe(MESH_BUCKET_MAX)
  })
})

describe('links that are wanted', () => {
  const wanted = (effects: readonly MeshEffect[]) => effects.filter(({ kind }) => kind === 'wanted')

  it('are told to the host at once, and again no sooner than after half a minute', () => {
    links(1, 6, 1_000_000)
    expect(node.wakeAtMs).toBe(1_000_000)
    expect(wanted(gives({ kind: 'wake' }, 1_000_000))).toEqual([
      { kind: 'wanted', buckets: [], nearest: true },
    ])
    for (const [i, bucket] of [7, 7, 8, 0, 2].entries()) links(10 + i, bucket, 1_000_500)
    expect(node.wakeAtMs).toBe(1_000_000 + MESH_REFRESH_MS)
    expect(wanted(gives({ kind: 'wake' }, 1_000_000 + MESH_REFRESH_MS))).toEqual([
      { kind: 'wanted', buckets: [1, 3, 4, 5], nearest: false },
    ])
  })

  it('are none where every bucket has somebody, until one goes', () => {
    for (const [i, bucket] of [0, 1, 2, 3, 3, 3, 3].entries()) links(i, bucket, 0)
    expect(gives({ kind: 'wake' }, 100_000)).toEqual([])
    expect(node.wakeAtMs).toBeUndefined()
    gives({ kind: 'unlinked', neighbour: 1 }, 200_000)
    expect(node.wakeAtMs).toBe(200_000)
    expect(wanted(gives({ kind: 'wake' }, 200_000))).toMatchObject([{ buckets: [1] }])
  })
})
