// Attacks on the handshake, each by somebody who does everything else right: without the check it is about, it would succeed.

import { beforeAll, describe, expect, it } from 'vitest'
import type { Binding, Place } from '../../../../protocol/crypto/handshake/binding.ts'
import { SIGN_INITIATOR, SIGN_RESPONDER } from '../../../../protocol/crypto/handshake/labels.ts'
import { readAuth, writeAuth } from '../../../../protocol/crypto/handshake/layout.ts'
import type { Identity } from '../../../../protocol/crypto/identity.ts'
import { concat, SIZES, type Suite } from '../../../../protocol/crypto/suite.ts'
import { suiteOf } from '../suites.ts'
import { type Claim, Forger, forgedM2, retagged } from './forging.ts'
import { type Cast, cast, DTLS, dial, drop, listen, m2Of, meet, NOW, patched, RELAY } from './meeting.ts'

let suite: Suite
let peers: Cast
beforeAll(async () => {
  suite = await suiteOf('native')
  peers = await cast(suite)
})

/** Signed rightly by `by` for `as`, whose key is shown: honest when they are the same. */
const signed =
  (by: Identity, context: Uint8Array, as = by): Claim =>
  async (transcript) => {
    const { publicKey } = as.key
    return { publicKey, signature: await by.key.sign(context, concat([transcript, publicKey])) }
  }

describe('somebody answers in place of whom was dialled', () => {
  const answered = async (claim: Claim) => {
    const initiator = await dial(suite, peers.alice, peers.bob)
    return initiator.receive(await forgedM2(suite, initiator.m1, RELAY, claim), NOW)
  }

  it('and is taken, if it is whom was dialled: the forger forges well', async () => {
    expect(await answered(signed(peers.bob, SIGN_RESPONDER))).toMatchObject({ kind: 'established' })
  })

  it('under their own name', async () => {
    expect(await answered(signed(peers.mallory, SIGN_RESPONDER))).toEqual(drop('wrong-peer'))
  })

  it("under the dialled one's name, without the key", async () => {
    const claim = signed(peers.mallory, SIGN_RESPONDER, peers.bob)
    expect(await answered(claim)).toEqual(drop('signature'))
  })

  it('with a signature the dialled one made as somebody who dials', async () => {
    expect(await answered(signed(peers.bob, SIGN_INITIATOR))).toEqual(drop('signature'))
  })

  it('with a signature from another handshake of the dialled one', async () => {
    const forger = await Forger.dialling(suite, peers.bob.id, RELAY)
    const { content } = await forger.read(await m2Of(await listen(suite, peers.bob), forger.m1))
    const theirs = readAuth(content ?? new Uint8Array())
    if (theirs === undefined) throw new Error('no proof')
    expect(await answered(async () => theirs)).toEqual(drop('signature'))
  })

  it("with the dialler's own stolen key: it still cannot be the dialled one", async () => {
    expect(await answered(signed(peers.alice, SIGN_RESPONDER))).toEqual(drop('wrong-peer'))
    expect(await answered(signed(peers.alice, SIGN_RESPONDER, peers.bob))).toEqual(drop('signature'))
  })

  it('and never learns who dialled, since no M3 is made for them', async () => {
    const initiator = await dial(suite, peers.alice, peers.bob)
    const forged = await forgedM2(suite, initiator.m1, RELAY, signed(peers.mallory, SIGN_RESPONDER))
    expect(Object.keys(await initiator.receive(forged, NOW))).toEqual(['kind', 'reason'])
    // A drop ends nothing: the real answer is still taken.
    const real = await m2Of(await listen(suite, peers.bob), initiator.m1)
    expect(await initiator.receive(real, NOW)).toMatchObject({ kind: 'established' })
  })
})

describe('somebody dials in the name of another', () => {
  const dialled = async (claim: Claim) => {
    const forger = await Forger.dialling(suite, peers.bob.id, RELAY)
    const responder = await listen(suite, peers.bob)
    const m2 = await m2Of(responder, forger.m1)
    return responder.receive(await forger.claiming(m2, claim), NOW)
  }

  it('and is taken, if it is that other: the forger forges well', async () => {
    expect(await dialled(signed(peers.alice, SIGN_INITIATOR))).toMatchObject({ kind: 'established' })
  })

  it('without the key', async () => {
    expect(await dialled(signed(peers.mallory, SIGN_INITIATOR, peers.alice))).toEqual(drop('signature'))
  })

  it('with a signature that other made as somebody who was dialled', async () => {
    expect(await dialled(signed(peers.alice, SIGN_RESPONDER))).toEqual(drop('signature'))
  })

  it("with the dialled one's own stolen key (key compromise impersonation)", async () => {
    expect(await dialled(signed(peers.bob, SIGN_INITIATOR, peers.alice))).toEqual(drop('signature'))
    expect(await dialled(signed(peers.bob, SIGN_INITIATOR))).toEqual(drop('self'))
  })

  it('with a signature that other made for the handshake before', async () => {
    const first = await Forger.dialling(suite, peers.bob.id, RELAY)
    const { h3 } = await first.read(await m2Of(await listen(suite, peers.bob), first.m1))
    const before = await signed(peers.alice, SIGN_INITIATOR)(h3)
    expect(await dialled(async () => before)).toEqual(drop('signature'))
  })
})

describe('somebody between two peers', () => {
  it("dials one with what the other signs: the other's proof is worthless there", async () => {
    // Mallory holds the keys on both sides: a session with alice as "bob", one with bob as "alice".
    const alice = await dial(suite, peers.alice, peers.bob)
    const bob = await listen(suite, peers.bob)
    const forger = await Forger.dialling(suite, peers.bob.id, RELAY)
    const m2 = await m2Of(bob, forger.m1)
    const bobs = readAuth((await forger.read(m2)).content ?? new Uint8Array())
    if (bobs === undefined) throw new Error('no proof')
    const relayed = await forgedM2(suite, alice.m1, RELAY, async () => bobs)
    expect(await alice.receive(relayed, NOW)).toEqual(drop('signature'))
  })

  it('puts their own name to a handshake of others (unknown key-share)', async () => {
    const alice = await dial(suite, peers.alice, peers.bob)
    const bob = await listen(suite, peers.bob)
    const m2 = await m2Of(bob, alice.m1)
    const mine = await Forger.dialling(suite, peers.bob.id, RELAY)
    const m3 = await mine.claiming(
      await m2Of(await listen(suite, peers.bob), mine.m1),
      signed(peers.mallory, SIGN_INITIATOR),
    )
    expect(await bob.receive(m3, NOW)).toEqual(drop('unopened'))
    const told = await alice.receive(m2, NOW)
    expect(await bob.receive('m3' in told ? told.m3 : m2, NOW)).toMatchObject({
      kind: 'established',
      session: { peer: peers.alice.id },
    })
  })

  it('passes a call on to another than was called', async () => {
    const alice = await dial(suite, peers.alice, peers.bob)
    const mallorys = await listen(suite, peers.mallory)
    expect(await mallorys.receive(alice.m1, NOW)).toEqual(drop('dial-tag'))
    // Made out to mallory, who is honest here and tricked: alice hears from whom she did not call.
    const misled = await retagged(suite, alice.m1, peers.mallory.id, RELAY)
    expect(await alice.receive(await m2Of(mallorys, misled), NOW)).toEqual(drop('unopened'))
  })

  const otherBindings: readonly (readonly [string, Binding, Binding])[] = [
    [
      'the slots: the caller sits elsewhere',
      RELAY,
      { ...RELAY, initiator: at(RELAY.initiator, 0x0003_abcd) },
    ],
    [
      'the slots: the called sits elsewhere',
      RELAY,
      { ...RELAY, responder: at(RELAY.responder, 0x0003_ef01) },
    ],
    ["the caller's life", RELAY, { ...RELAY, initiator: anew(RELAY.initiator) }],
    ["the called one's life", RELAY, { ...RELAY, responder: anew(RELAY.responder) }],
    ['the slots: the two changed places', RELAY, swapped(RELAY)],
    ['the room', RELAY, { ...RELAY, room: 'lobby2' } as Binding],
    ['the network', RELAY, { ...RELAY, network: 'demo2' } as Binding],
    ['where a name ends', RELAY, { ...RELAY, network: 'demol', room: 'obby' } as Binding],
    ["the caller's certificate", DTLS, { ...DTLS, initiator: new Uint8Array(32).fill(0x33) } as Binding],
    ["the called one's certificate", DTLS, { ...DTLS, responder: new Uint8Array(32).fill(0x33) } as Binding],
    ['whose certificate is whose', DTLS, swapped(DTLS)],
    ['the kind of channel', RELAY, DTLS],
  ]

  it.each(otherBindings)('lies about %s', async (_, alices, bobs) => {
    const alice = await dial(suite, peers.alice, peers.bob, { binding: alices })
    const bob = await listen(suite, peers.bob, { binding: bobs })
    expect(await bob.receive(alice.m1, NOW)).toEqual(drop('dial-tag'))
    const fitted = await retagged(suite, alice.m1, peers.bob.id, bobs)
    expect(await alice.receive(await m2Of(bob, fitted), NOW)).toEqual(drop('unopened'))
  })
})

function at(place: Place, address: number): Place {
  return { ...place, address }
}

function anew(place: Place): Place {
  return { ...place, session: place.session.map((byte) => byte ^ 1) }
}

function swapped<Any extends Binding>(binding: Any): Any {
  return { ...binding, initiator: binding.responder, responder: binding.initiator }
}

describe('somebody wants an older suite', () => {
  const both = { suites: [1, 2] }

  it('and takes the newer out of the list', async () => {
    const alice = await dial(suite, peers.alice, peers.bob, both)
    const bob = await listen(suite, peers.bob, both)
    let less = alice.m1
    for (let at = 6; at < 14; at += 2)
      if (less[at] === 0 && less[at + 1] === 2) less = patched(less, at, Uint8Array.of(0x4a, 0x4a))
    expect(less).not.toEqual(alice.m1)
    expect(await bob.receive(less, NOW)).toEqual(drop('dial-tag'))
    const m2 = await m2Of(bob, await retagged(suite, less, peers.bob.id, RELAY))
    expect(m2[7]).toBe(1)
    expect(await alice.receive(m2, NOW)).toEqual(drop('unopened'))
  })

  it('and says another was chosen', async () => {
    const alice = await dial(suite, peers.alice, peers.bob, both)
    const m2 = await m2Of(await listen(suite, peers.bob, both), alice.m1)
    expect(m2[7]).toBe(2)
    expect(await alice.receive(patched(m2, 7, Uint8Array.of(1)), NOW)).toEqual(drop('unopened'))
  })

  it('of a peer that is known to have the newer', async () => {
    const alice = await dial(suite, peers.alice, peers.bob, { ...both, leastSuite: 2 })
    const m2 = await m2Of(await listen(suite, peers.bob), alice.m1)
    expect(await alice.receive(m2, NOW)).toEqual(drop('downgraded'))

    const caller = await dial(suite, peers.alice, peers.bob)
    const asked: Uint8Array[] = []
    const leastSuiteOf = (peer: Uint8Array) => {
      asked.push(peer)
      return 2
    }
    const bob = await listen(suite, peers.bob, { ...both, leastSuiteOf })
    const told = await caller.receive(await m2Of(bob, caller.m1), NOW)
    expect(await bob.receive('m3' in told ? told.m3 : caller.m1, NOW)).toEqual(drop('downgraded'))
    expect(asked).toEqual([peers.alice.id])
  })

  it('or one that only GREASE promised, or nobody has', async () => {
    const alice = await dial(suite, peers.alice, peers.bob)
    const grease = [6, 8, 10, 12].find((at) => alice.m1[at] !== 0) ?? 0
    const number = ((alice.m1[grease] ?? 0) << 8) | (alice.m1[grease + 1] ?? 0)
    const claim = signed(peers.bob, SIGN_RESPONDER)
    expect(await alice.receive(await forgedM2(suite, alice.m1, RELAY, claim, number), NOW)).toEqual(
      drop('suite'),
    )
    const newer = await dial(suite, peers.alice, peers.bob, { suites: [2, 3] })
    expect(await (await listen(suite, peers.bob)).receive(newer.m1, NOW)).toEqual(drop('suite'))
  })
})

describe('somebody sends back or again what they saw', () => {
  it('reflects a call to its caller', async () => {
    const alice = await dial(suite, peers.alice, peers.bob)
    const alices = await listen(suite, peers.alice)
    expect(await alices.receive(alice.m1, NOW)).toEqual(drop('dial-tag'))
    const m2 = await m2Of(alices, await retagged(suite, alice.m1, peers.alice.id, RELAY))
    expect(await alice.receive(m2, NOW)).toEqual(drop('unopened'))
    expect(await alice.receive(alice.m1, NOW)).toEqual(drop('malformed'))
  })

  it('reflects an answer, or the last message', async () => {
    const bob = await listen(suite, peers.bob)
    const alice = await dial(suite, peers.alice, peers.bob)
    const m2 = await m2Of(bob, alice.m1)
    expect(await bob.receive(m2, NOW)).toEqual(drop('malformed'))
    const told = await alice.receive(m2, NOW)
    expect(await alice.receive('m3' in told ? told.m3 : m2, NOW)).toEqual(drop('malformed'))
  })

  it('replays each message of an old handshake into a new one', async () => {
    const old = await meet(await dial(suite, peers.alice, peers.bob), await listen(suite, peers.bob))
    const bob = await listen(suite, peers.bob)
    expect(await bob.receive(old.m3, NOW)).toEqual(drop('unexpected'))
    await m2Of(bob, old.m1)
    expect(await bob.receive(old.m3, NOW)).toEqual(drop('unopened'))
    const alice = await dial(suite, peers.alice, peers.bob)
    expect(await alice.receive(old.m2, NOW)).toEqual(drop('unopened'))
    expect(await bob.receive(alice.m1, NOW)).toEqual(drop('unexpected'))
  })
})

describe('a peer that proves itself, and is sloppy or sly', () => {
  const told = async (change: (content: Uint8Array) => Uint8Array) => {
    const forger = await Forger.dialling(suite, peers.bob.id, RELAY)
    const bob = await listen(suite, peers.bob)
    const m3 = await forger.m3(await m2Of(bob, forger.m1), async (h3) => {
      const claim = await signed(peers.alice, SIGN_INITIATOR)(h3)
      return change(writeAuth({ ext: Uint8Array.of(1, 2, 3), ...claim }))
    })
    return bob.receive(m3, NOW)
  }
  const length = SIZES.signaturePublicKey + SIZES.signature

  it('is taken when it is neither', async () => {
    expect(await told((content) => content)).toMatchObject({ session: { ext: Uint8Array.of(1, 2, 3) } })
  })

  it('pads with something, or claims more than there is', async () => {
    expect(await told((content) => patched(content, 5_519, Uint8Array.of(1)))).toEqual(drop('malformed'))
    expect(await told((content) => patched(content, length, Uint8Array.of(0, 2)))).toEqual(drop('malformed'))
    expect(await told((content) => patched(content, length, Uint8Array.of(1, 2)))).toEqual(drop('malformed'))
    expect(await told((content) => patched(content, length, Uint8Array.of(255, 255)))).toEqual(
      drop('malformed'),
    )
  })
})
