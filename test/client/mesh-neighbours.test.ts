// Who counts as a neighbour in the mesh, told to the code that a client runs: greetings whose place is worked for, and links that come
// and go meanwhile.

import { describe, expect, it } from 'vitest'
import { Mesh, type MeshOwner, type MeshParts } from '../../client/dht/mesh/mesh.ts'
import { encodeHello, ownPlace } from '../../client/dht/mesh/place.ts'
import { memoryStore } from '../../client/identities/store.ts'
import { newIdentity } from '../../client/identity.ts'
import { openSuite } from '../../client/secure.ts'
import type { PeerId } from '../../client/types.ts'

/** One peer with a place of its own, and another's mesh that has, or has not, a link with it. */
async function neighbour() {
  const suite = await openSuite()
  const [{ identity, store }, peer] = [await newIdentity(suite), (await newIdentity(suite)).identity]
  const links = new Map<PeerId, { isForMachinery: boolean }>()
  const said: string[] = []
  let heard = () => {}
  const note = (word: string) => {
    said.push(word)
    heard()
  }
  const owner = {
    links: { all: links, connections: 0 },
    tell: () => note('greeted'),
    dropped: note,
  } as unknown as MeshOwner
  const mesh = new Mesh({ suite, identity, store, relayOnly: true } as unknown as MeshParts, owner)
  await mesh.begin()
  const { claim } = await ownPlace({ hash: suite.hash, peer: peer.bytes, store: memoryStore() }, noEnd())
  return {
    mesh,
    said,
    linked(isReached: boolean) {
      links.set(peer.id, { isForMachinery: isReached })
      if (!isReached) mesh.lost(peer.id)
    },
    /** It greets us, and wants to be greeted; over when its place is checked and something said of it. */
    greets: () =>
      new Promise<void>((resolve) => {
        heard = resolve
        mesh.hear(peer.id, encodeHello({ wantsAnswer: true, claim }))
      }),
  }
}

const noEnd = () => new AbortController().signal

describe('who greets', () => {
  it('is a neighbour while there is a link with it', async () => {
    const { mesh, said, linked, greets } = await neighbour()
    linked(true)
    await greets()
    expect([mesh.status.neighbours, said]).toEqual([1, ['greeted']])
    linked(false)
    expect(mesh.status.neighbours).toBe(0)
  })

  it('and goes while its place is checked is none', async () => {
    const { mesh, said, linked, greets } = await neighbour()
    linked(true)
    const checked = greets()
    linked(false)
    await checked
    expect([mesh.status.neighbours, said]).toEqual([0, ['unknown-peer']])
    linked(true)
    await greets()
    expect(mesh.status.neighbours).toBe(1)
  })
})
