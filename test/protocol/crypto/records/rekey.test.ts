// Fresh secrets inside a link: nothing is lost over the change, nobody but the peers can bring it about, and who copied the
// keys before hears nothing after.

import { beforeAll, describe, expect, it } from 'vitest'
import { OLD_EPOCH_MS } from '../../../../protocol/crypto/records/receiving.ts'
import { REKEY_BYTES, REKEY_MS } from '../../../../protocol/crypto/records/rekey.ts'
import { STEP_MS } from '../../../../protocol/crypto/records/sending.ts'
import type { Backend, Encapsulated, Kem, Suite } from '../../../../protocol/crypto/suite.ts'
import { drop } from '../handshake/meeting.ts'
import { BACKENDS, suiteOf } from '../suites.ts'
import { BULK, CONTROL, End, ends, GOSSIP, passes } from './wire-pair.ts'

const suites = {} as Record<Backend, Suite>
let suite: Suite
beforeAll(async () => {
  for (const backend of BACKENDS) suites[backend] = await suiteOf(backend)
  suite = suites.mixed
})

const generationOf = (record: Uint8Array) => (record[1] as number) >>> 4

async function offered(alice: End): Promise<Uint8Array> {
  const offer = await alice.rekeying.offer()
  if (offer === undefined) throw new Error('no offer')
  return offer
}

async function sent(answer: ReturnType<End['rekeying']['receive']>): Promise<Uint8Array> {
  const what = await answer
  if (what.kind !== 'send') throw new Error(`nothing to send but ${JSON.stringify(what)}`)
  return what.body
}

/** Offer and answer, not yet a record under the new keys. */
async function exchange(alice: End, bob: End) {
  const offer = await offered(alice)
  const answer = await sent(bob.rekeying.receive('rekeyOffer', offer, bob.nowMs))
  await sent(alice.rekeying.receive('rekeyAnswer', answer, alice.nowMs))
  return { offer, answer }
}

describe.each(BACKENDS.flatMap((one) => BACKENDS.map((other) => [one, other] as const)))(
  '%s with %s',
  (one, other) => {
    it('changes keys both ways, again and again, and loses nothing', async () => {
      const { alice, bob } = ends(suites[one], suites[other])
      for (let generation = 1; generation <= 3; generation++) {
        await exchange(alice, bob)
        const before = await bob.says('old keys still')
        expect(generationOf(before)).toBe(generation - 1)
        const done = await alice.says('', CONTROL, 'rekeyDone')
        expect(generationOf(done)).toBe(generation)
        expect(await alice.hears(before)).toBe('old keys still')
        expect(await bob.hears(done)).toBe('')
        expect(await bob.rekeying.receive('rekeyDone', new Uint8Array(), 0)).toMatchObject({ kind: 'send' })
        expect(await alice.rekeying.receive('rekeyDone', new Uint8Array(), 0)).toEqual({ kind: 'nothing' })
        const after = await bob.says('new keys')
        expect(generationOf(after)).toBe(generation)
        expect(await alice.hears(after)).toBe('new keys')
        expect(alice.layer.settled && bob.layer.settled).toBe(true)
      }
    })
  },
)

describe('a fresh secret', () => {
  it('is due after ten minutes of a link in use, or so many bytes, and for the initiator', async () => {
    const { alice, bob } = ends(suite)
    passes(REKEY_MS, alice, bob)
    expect(alice.rekeying.due(alice.nowMs)).toBe(false)
    await bob.hears(await alice.says('used', GOSSIP), GOSSIP)
    expect(alice.rekeying.due(REKEY_MS - 1)).toBe(false)
    expect(alice.rekeying.due(REKEY_MS)).toBe(true)
    expect(bob.rekeying.due(REKEY_MS)).toBe(false)
    expect(await bob.rekeying.offer()).toBeUndefined()
    await exchange(alice, bob)
    expect(alice.rekeying.due(REKEY_MS + 1)).toBe(false)

    const busy = ends(suites.native)
    const piece = new Uint8Array(8 * 1024 * 1024)
    for (let sentBytes = 0; sentBytes < REKEY_BYTES; sentBytes += piece.length) {
      expect(busy.alice.rekeying.due(0)).toBe(false)
      await busy.alice.says(piece, GOSSIP)
    }
    expect(busy.alice.rekeying.due(0)).toBe(true)
  })

  /** Hears offer and answer, and has either the keys from before or the fresh secret. */
  async function eavesdropped(knows: 'the keys before' | 'the fresh secret') {
    let made: Encapsulated | undefined
    const watched: Kem = {
      ...suite.kem,
      encapsulate: async (key) => {
        made = await suite.kem.encapsulate(key)
        // The one who calls erases what it gets.
        return made && { ...made, sharedSecret: made.sharedSecret.slice() }
      },
    }
    const { alice, bob } = ends(suite, { ...suite, kem: watched })
    const { offer, answer } = await exchange(alice, bob)
    const known = made as Encapsulated
    const sharedSecret = knows === 'the fresh secret' ? known.sharedSecret : new Uint8Array(32)
    const guessing: Kem = { ...suite.kem, encapsulate: async () => ({ ...known, sharedSecret }) }
    const root = new Uint8Array(32).fill(knows === 'the keys before' ? 3 : 9)
    const thief = new End({ ...suite, kem: guessing }, 'responder', root)
    expect(await sent(thief.rekeying.receive('rekeyOffer', offer, 0))).toEqual(answer)
    const record = await alice.says('not for thieves')
    const stolen = await thief.hears(record)
    expect(await bob.hears(record)).toBe('not for thieves')
    return stolen
  }

  it('shuts out who has all keys from before and only listens', async () => {
    expect(await eavesdropped('the keys before')).toBe('unopened')
  })

  it('is nothing without the keys from before', async () => {
    expect(await eavesdropped('the fresh secret')).toBe('unopened')
  })

  it('is found again from messages that come twice, lost or late', async () => {
    const { alice, bob } = ends(suite)
    const offer = await offered(alice)
    expect(await offered(alice)).toEqual(offer)
    const answer = await sent(bob.rekeying.receive('rekeyOffer', offer, 0))
    expect(await sent(bob.rekeying.receive('rekeyOffer', offer, 0))).toEqual(answer)
    await sent(alice.rekeying.receive('rekeyAnswer', answer, 0))
    expect(await alice.rekeying.receive('rekeyAnswer', answer, 0)).toEqual(drop('unexpected'))
    // Not even rekeyDone came: the next record under the new keys says the same.
    expect(await bob.hears(await alice.says('hello'))).toBe('hello')
    expect(await alice.rekeying.offer()).toBeUndefined()
    const record = await bob.says('heard')
    expect(generationOf(record)).toBe(1)
    expect(await alice.hears(record)).toBe('heard')
    const again = await offered(alice)
    expect(await alice.rekeying.receive('rekeyAnswer', answer, 0)).toEqual(drop('unexpected'))
    expect(await bob.rekeying.receive('rekeyOffer', again, 0)).toMatchObject({ kind: 'send' })
  })

  it('is agreed on once, however fast the messages come', async () => {
    const { alice, bob } = ends(suites.native)
    const offers = await Promise.all([alice.rekeying.offer(), alice.rekeying.offer()])
    expect(offers[0]).toEqual(offers[1])
    const offer = offers[0] as Uint8Array
    const answers = await Promise.all([1, 2].map(() => bob.rekeying.receive('rekeyOffer', offer, 0)))
    const good = answers.filter(({ kind }) => kind === 'send')
    expect(good).toHaveLength(1)
    const answer = await sent(Promise.resolve(good[0] as (typeof answers)[0]))
    const done = await Promise.all([1, 2].map(() => alice.rekeying.receive('rekeyAnswer', answer, 0)))
    expect(done.filter(({ kind }) => kind === 'send')).toHaveLength(1)
    expect(await bob.hears(await alice.says('hello'))).toBe('hello')
    expect(await alice.hears(await bob.says('hello'))).toBe('hello')
  })

  it('takes the place of the old, which is erased in thirty seconds, on every channel', async () => {
    const { alice, bob } = ends(suite)
    const [late, later] = [await alice.says('late', GOSSIP), await alice.says('later', GOSSIP)]
    await exchange(alice, bob)
    expect(await bob.hears(await alice.says('new', BULK), BULK)).toBe('new')
    expect(await bob.hears(late, GOSSIP)).toBe('late')
    passes(OLD_EPOCH_MS, bob)
    expect(await bob.hears(later, GOSSIP)).toBe('epoch')
  })

  it('leaves the last steps of the old to what is slow', async () => {
    const { alice, bob } = ends(suite)
    passes(1, alice)
    await bob.hears(await alice.says('0'))
    const slow: Uint8Array[] = []
    for (let step = 1; step <= 3; step++) {
      passes(STEP_MS, alice)
      slow.push(await alice.says(`${step}`, BULK))
    }
    await exchange(alice, bob)
    expect(await bob.hears(await alice.says('new'))).toBe('new')
    for (const [i, record] of slow.entries()) expect(await bob.hears(record, BULK)).toBe(`${i + 1}`)
    const [, ahead] = [await alice.says('a', GOSSIP), (await alice.says('b', GOSSIP)).slice()]
    ahead[1] = 0x05
    expect(await bob.hears(ahead, GOSSIP)).toBe('unopened')
    passes(OLD_EPOCH_MS, bob)
    ahead[1] = 0x03
    expect(await bob.hears(ahead, GOSSIP)).toBe('epoch')
    expect(bob.layer.wakeAtMs).toBeUndefined()
  })

  it('may be stepped before it is first heard', async () => {
    const { alice, bob } = ends(suite)
    await exchange(alice, bob)
    await alice.says('lost', GOSSIP)
    passes(STEP_MS, alice)
    const record = await alice.says('stepped', GOSSIP)
    expect(record[1]).toBe(0x11)
    expect(await bob.hears(record, GOSSIP)).toBe('stepped')
    expect(bob.layer.settled).toBe(true)
  })

  it('is not taken from who may not offer, or out of turn, or malformed', async () => {
    const { alice, bob } = ends(suite)
    const offer = await offered(alice)
    expect(await alice.rekeying.receive('rekeyOffer', offer, 0)).toEqual(drop('unexpected'))
    expect(await bob.rekeying.receive('rekeyAnswer', new Uint8Array(1124), 0)).toEqual(drop('unexpected'))
    const skipping = offer.slice()
    skipping[3] = 2
    expect(await bob.rekeying.receive('rekeyOffer', skipping, 0)).toEqual(drop('unexpected'))
    const nonsense = offer.slice().fill(255, 4)
    expect(await bob.rekeying.receive('rekeyOffer', nonsense, 0)).toEqual(drop('not-a-key'))
    for (const type of ['rekeyOffer', 'rekeyAnswer', 'rekeyDone', 'data'] as const)
      expect(await bob.rekeying.receive(type, new Uint8Array(7), 0)).toEqual(drop('malformed'))
    // A second generation before the first is in use would leave a record without keys.
    await sent(bob.rekeying.receive('rekeyOffer', offer, 0))
    expect(await bob.rekeying.receive('rekeyOffer', skipping, 0)).toEqual(drop('unexpected'))
    expect(() => bob.layer.renew({ send: new Uint8Array(32), receive: new Uint8Array(32) }, true)).toThrow(
      'not in use yet',
    )
  })

  it('of a closed link is nobody’s', async () => {
    const { alice, bob } = ends(suite)
    const offer = await offered(alice)
    const answer = await sent(bob.rekeying.receive('rekeyOffer', offer, 0))
    for (const end of [alice, bob]) {
      end.rekeying.close()
      end.layer.close()
    }
    expect(await alice.rekeying.offer()).toBeUndefined()
    expect(await alice.rekeying.receive('rekeyAnswer', answer, 0)).toEqual(drop('unexpected'))
    expect(
      await bob.rekeying.receive('rekeyOffer', (await ends(suite).alice.rekeying.offer()) as Uint8Array, 0),
    ).toEqual(drop('unexpected'))
  })
})
