// A second path under a link's keys: each number once, over the channel both ends see, and by the link's peers alone.

import { beforeAll, describe, expect, it } from 'vitest'
import { type Binding, encodeBinding } from '../../../../protocol/crypto/handshake/binding.ts'
import { type Join, type Joinable, Joins } from '../../../../protocol/crypto/handshake/join.ts'
import { PATH_JOIN } from '../../../../protocol/crypto/handshake/labels.ts'
import { coveredJoining } from '../../../../protocol/crypto/handshake/layout.ts'
import { expand } from '../../../../protocol/crypto/handshake/schedule.ts'
import { concat, type Suite } from '../../../../protocol/crypto/suite.ts'
import { suiteOf } from '../suites.ts'
import { cast, DTLS, dial, drop, flipped, listen, meet, patched, RELAY } from './meeting.ts'

let suite: Suite
let sessions: { readonly alices: Joinable; readonly bobs: Joinable }
beforeAll(async () => {
  suite = await suiteOf('native')
  const { alice, bob } = await cast(suite)
  sessions = await meet(await dial(suite, alice, bob), await listen(suite, bob))
})

/** Sessions are used once; these tests have one for all. */
const copy = (session: Joinable): Joinable => ({ ...session, paths: session.paths.slice() })
const both = () => ({
  alice: new Joins(suite, copy(sessions.alices)),
  bob: new Joins(suite, copy(sessions.bobs)),
})

async function started(joins: Joins, binding = DTLS): Promise<Join> {
  const join = await joins.start(binding)
  if (join === undefined) throw new Error('no more paths')
  return join
}

async function accepted(joins: Joins, message: Uint8Array, binding = DTLS) {
  const answer = await joins.receive(message, binding)
  if (answer.kind !== 'accepted') throw new Error(`not accepted but ${JSON.stringify(answer)}`)
  return answer
}

describe('a path is joined', () => {
  it('by either side, under numbers that never meet', async () => {
    const { alice, bob } = both()
    const paths: number[] = []
    for (const [joiner, other] of [
      [alice, bob],
      [bob, alice],
      [alice, bob],
      [bob, alice],
    ] as const) {
      const join = await started(joiner)
      const { accept, path } = await accepted(other, join.message)
      expect(await join.receive(accept)).toEqual({ kind: 'joined', path })
      paths.push(path)
    }
    expect(paths).toEqual([2, 1, 4, 3])
  })

  it('though its acceptance was lost, by asking again', async () => {
    const { alice, bob } = both()
    const join = await started(alice)
    const { accept } = await accepted(bob, join.message)
    expect(await accepted(bob, join.message)).toEqual({ kind: 'accepted', accept, path: 2, again: true })
  })

  it('under a later number when the one before came to nothing, which is over then', async () => {
    const { alice, bob } = both()
    const [lost, next] = [await started(alice), await started(alice)]
    expect(await accepted(bob, next.message)).toMatchObject({ path: 4 })
    expect(await bob.receive(lost.message, DTLS)).toEqual(drop('replayed'))
  })
})

describe('joins of several channels at once', () => {
  const channel = (byte: number): Binding => ({
    kind: 'dtls',
    initiator: new Uint8Array(32).fill(byte),
    responder: new Uint8Array(32).fill(byte + 1),
  })
  const startedOn = async (joins: Joins, byte: number) => {
    const join = await joins.start(channel(byte))
    if (join === undefined) throw new Error('no join')
    return join
  }

  it('are accepted in any order, and again when an acceptance was lost', async () => {
    const { alice, bob } = both()
    const [one, two] = [await startedOn(alice, 10), await startedOn(alice, 20)]
    const second = await bob.receive(two.message, channel(20))
    const first = await bob.receive(one.message, channel(10))
    expect([second, first]).toMatchObject([
      { kind: 'accepted', path: 4, again: false },
      { kind: 'accepted', path: 2, again: false },
    ])
    expect(await bob.receive(two.message, channel(20))).toEqual({ ...second, again: true })
    expect(await bob.receive(one.message, channel(10))).toEqual({ ...first, again: true })
  })

  it('are remembered for as many as there may be, and what is older is over', async () => {
    const { alice, bob } = both()
    const early = await startedOn(alice, 100)
    const joins: Join[] = []
    for (let i = 0; i < 9; i++) joins.push(await startedOn(alice, i))
    for (const [i, { message }] of joins.entries())
      expect(await bob.receive(message, channel(i))).toMatchObject({ kind: 'accepted' })
    expect(await bob.receive((joins[0] as Join).message, channel(0))).toEqual(drop('replayed'))
    expect(await bob.receive((joins[1] as Join).message, channel(1))).toMatchObject({ again: true })
    expect(await bob.receive(early.message, channel(100))).toEqual(drop('replayed'))
  })
})

describe('a join is refused', () => {
  it('over a channel that is not the one both see', async () => {
    const { alice, bob } = both()
    const join = await started(alice)
    const swapped = {
      ...DTLS,
      initiator: new Uint8Array(32).fill(0x22),
      responder: new Uint8Array(32).fill(0x11),
    }
    expect(await bob.receive(join.message, swapped as typeof DTLS)).toEqual(drop('mac'))
    expect(await bob.receive(join.message, RELAY)).toEqual(drop('mac'))
    const { accept } = await accepted(bob, join.message)
    const elsewhere = await started(both().alice, RELAY)
    expect(await elsewhere.receive(accept)).toEqual(drop('mac'))
  })

  it('of another link, and of nobody who has not its keys', async () => {
    const { alice } = both()
    const stranger = { ...sessions.bobs, paths: suite.random(32) }
    const join = await started(alice)
    expect(await new Joins(suite, stranger).receive(join.message, DTLS)).toEqual(drop('mac'))
    const other = { ...copy(sessions.bobs), link: suite.random(16) }
    expect(await new Joins(suite, other).receive(join.message, DTLS)).toEqual(drop('unexpected'))
  })

  it('that comes back to its sender, as join or as acceptance', async () => {
    const { alice, bob } = both()
    const join = await started(alice)
    expect(await alice.receive(join.message, DTLS)).toEqual(drop('unexpected'))
    // Even with a number that could be the other's: the MAC says who joins.
    expect(await alice.receive(patched(join.message, 6, Uint8Array.of(0, 1)), DTLS)).toEqual(drop('mac'))
    expect(await join.receive(patched(join.message, 4, Uint8Array.of(7)))).toEqual(drop('mac'))
    const { accept } = await accepted(bob, join.message)
    expect(await bob.receive(patched(accept, 4, Uint8Array.of(6)), DTLS)).toEqual(drop('mac'))
  })

  it('that was accepted before, once another was', async () => {
    const { alice, bob } = both()
    const [first, second] = [await started(alice), await started(alice)]
    const { accept } = await accepted(bob, first.message)
    await accepted(bob, second.message)
    expect(await bob.receive(first.message, DTLS)).toEqual(drop('replayed'))
    expect(await second.receive(accept)).toEqual(drop('unexpected'))
  })

  it('with any bit flipped', async () => {
    const { alice, bob } = both()
    const join = await started(alice)
    for (let bit = 0; bit < join.message.length * 8; bit++)
      expect((await bob.receive(flipped(join.message, bit), DTLS)).kind).toBe('drop')
    const { accept } = await accepted(bob, join.message)
    for (let bit = 0; bit < accept.length * 8; bit++)
      expect((await join.receive(flipped(accept, bit))).kind).toBe('drop')
  })

  it('once the link is closed, though zeros were a key too', async () => {
    const { alice, bob } = both()
    const join = await started(alice)
    const covered = coveredJoining('join', 2, sessions.bobs.link, suite.random(32))
    const zeros = await expand(suite.hash, new Uint8Array(32), PATH_JOIN, Uint8Array.of(0))
    const channel = await encodeBinding(suite.hash, DTLS)
    const forged = concat([covered, await suite.hash.hmac(zeros, channel, covered)])
    bob.close()
    expect(await bob.receive(join.message, DTLS)).toEqual(drop('mac'))
    expect(await bob.receive(forged, DTLS)).toEqual(drop('mac'))
    expect(await bob.start(DTLS)).toBeUndefined()
  })
  it('is misuse of a session whose secret was taken', () => {
    const session = copy(sessions.alices)
    const joins = new Joins(suite, session)
    expect(() => new Joins(suite, session)).toThrow('taken')
    joins.close()
  })
})
