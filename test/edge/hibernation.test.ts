// Sleep: a room whose object is taken out of memory between any two frames must look, to all its members, exactly like
// one that never slept. And it keeps nothing anywhere but in its sockets' attachments.

import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../protocol/wire/bytes.ts'
import { Conversation, type FrameStep, PEOPLE, type Step } from './conversation.ts'
import { deployedWith, roomObject, UNLIMITED } from './rooms.ts'
import { allSettled, newPeer, RoomSocket } from './socket.ts'

async function run(room: string, steps: readonly Step[], evict: boolean): Promise<Conversation> {
  const conversation = new Conversation(room)
  for (const step of steps) {
    const happened = await conversation.take(step)
    if (evict && happened) await evictDurableObject(roomObject(room))
  }
  return conversation
}

const SCRIPT: readonly Step[] = [
  { does: 'join', who: 0, says: 5 },
  { does: 'join', who: 1, says: 0 },
  { does: 'send', who: 0, frames: [{ says: 'relay', to: 1, bytes: 10 }] },
  { does: 'send', who: 1, frames: [{ says: 'signal', to: 0, bytes: 0 }] },
  { does: 'join', who: 2, says: 1_024 },
  { does: 'send', who: 2, frames: [{ says: 'broadcast', bytes: 60_000 }] },
  {
    does: 'send',
    who: 1,
    frames: [{ says: 'metadata', bytes: 40 }, { says: 'relay', to: 2, bytes: 3 }, { says: 'sweep' }],
  },
  { does: 'resume', who: 1, says: 40 },
  { does: 'send', who: 0, frames: [{ says: 'relay', to: 1, bytes: 20 }] },
  { does: 'resume', who: 2, says: 3 },
  { does: 'join', who: 0, says: 2 },
  { does: 'send', who: 1, frames: [{ says: 'relay', to: 0, bytes: 4 }, { says: 'drained' }] },
  { does: 'bytes', who: 1, bytes: [0xee, 1, 2] },
  { does: 'text', who: 2 },
  { does: 'close', who: 1, code: undefined },
  { does: 'send', who: 0, frames: [{ says: 'relay', to: 1, bytes: 9 }] },
  { does: 'join', who: 3, says: 1 },
  { does: 'close', who: 2, code: 4_001 },
  { does: 'join', who: 1, says: 7 },
  { does: 'send', who: 3, frames: [{ says: 'broadcast', bytes: 3 }] },
]

const who = fc.nat(PEOPLE - 1)
const frame: fc.Arbitrary<FrameStep> = fc.oneof(
  fc.record({ says: fc.constantFrom('relay' as const, 'signal' as const), to: who, bytes: fc.nat(50) }),
  fc.record({ says: fc.constantFrom('broadcast' as const, 'metadata' as const), bytes: fc.nat(1_100) }),
  fc.record({ says: fc.constantFrom('sweep' as const, 'drained' as const) }),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ does: fc.constant('join' as const), who, says: fc.nat(200) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('resume' as const), who, says: fc.nat(200) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('close' as const),
      who,
      code: fc.constantFrom(undefined, 1000, 3000),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('send' as const),
      who,
      frames: fc.array(frame, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('bytes' as const),
      who,
      bytes: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 30 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('text' as const), who }) },
)

describe('a room that sleeps between any two frames', () => {
  it('looks to its members as one that never did', async () => {
    await deployedWith(UNLIMITED, async () => {
      const [awake, asleep] = [await run('awake', SCRIPT, false), await run('asleep', SCRIPT, true)]
      expect(asleep.observed()).toEqual(awake.observed())
      const heard = awake.observed().flatMap((socket) => socket.heard.map((line) => line.split(' ')[0]))
      // The script would show little if it did not reach what it is meant to.
      for (const kind of [
        'welcome',
        'roster',
        'joined',
        'left',
        'metadata',
        'relay',
        'signal',
        'broadcast',
        'undeliverable',
        'refusal',
      ])
        expect(heard).toContain(kind)
    })
  })

  it('does so in whatever conversation', async () => {
    const conversations = fc.sample(fc.array(step, { minLength: 25, maxLength: 25 }), {
      seed: 20_261_121,
      numRuns: 20,
    })
    await deployedWith(UNLIMITED, async () => {
      for (const [i, steps] of conversations.entries()) {
        const [awake, asleep] = [await run(`awake ${i}`, steps, false), await run(`asleep ${i}`, steps, true)]
        expect(asleep.observed(), `conversation ${i}: ${JSON.stringify(steps)}`).toEqual(awake.observed())
      }
    })
  }, 180_000)

  it('still notices who stopped pinging before it slept', async () => {
    await deployedWith({ PRESENCE_TIMEOUT_MS: 1_000 }, async () => {
      const alice = await RoomSocket.join('dozing')
      await alice.welcomed()
      const bob = await RoomSocket.join('dozing')
      await bob.welcomed()
      await evictDurableObject(roomObject('dozing'))
      await scheduler.wait(1_050)
      alice.sendBytes('ping')
      await alice.nextText()
      alice.send({ kind: 'sweep' })
      expect(await alice.next('left')).toMatchObject({ reason: 'vanished' })
      expect(await bob.closing()).toMatchObject({ reason: 'vanished' })
    })
  })

  it('still counts what was spent', async () => {
    // A burst of eight for each round's eight: only who remembers the round before refuses any.
    await deployedWith({ ROOM_TOKENS_PER_SECOND: 4 }, async () => {
      const alice = await RoomSocket.join('spender')
      await alice.welcomed()
      const bob = await RoomSocket.join('spender')
      const { address } = await bob.welcomed()
      for (let round = 0; round < 5; round++) {
        for (let i = 0; i < 8; i++) alice.send({ kind: 'relay', address, payload: utf8('x') })
        await bob.settled()
        await evictDurableObject(roomObject('spender'))
      }
      expect(await alice.next('refusal')).toMatchObject({ code: 'rate-limited' })
    })
  })

  it('answers keep-alives in its sleep', async () => {
    const alice = await RoomSocket.join('asleep and pinged')
    await alice.welcomed()
    await evictDurableObject(roomObject('asleep and pinged'))
    alice.sendBytes('ping')
    expect(await alice.nextText()).toBe('pong')
  })

  it('does not seat again who left, nor a socket that was taken over', async () => {
    const alice = await RoomSocket.join('ghosts')
    await alice.welcomed()
    for (let round = 0; round < 10; round++) {
      const bob = await RoomSocket.join('ghosts', newPeer())
      await bob.welcomed()
      const again = await RoomSocket.join('ghosts', bob.peer, { session: bob.session })
      await again.welcomed()
      again.close()
      // At once, with both closing handshakes perhaps still under way.
      await evictDurableObject(roomObject('ghosts'))
      await again.closing()
    }
    await allSettled([alice])
    expect(alice.view.members.size).toBe(0)
    const carol = await RoomSocket.join('ghosts')
    expect((await carol.welcomed()).roster).toMatchObject([{ peer: alice.peer }])
  })
})

describe('a busy room', () => {
  it('writes nothing to storage and sets no alarm', async () => {
    const stored = (room: string) =>
      runInDurableObject(roomObject(room), async (_, state) => ({
        bytes: state.storage.sql.databaseSize,
        keys: [...(await state.storage.list()).keys()],
        tables: state.storage.sql.exec('SELECT name FROM sqlite_master').toArray(),
        alarm: await state.storage.getAlarm(),
      }))
    const untouched = await stored('nobody was ever here')
    await deployedWith(UNLIMITED, () => run('busy', SCRIPT, true))
    expect(await stored('busy')).toEqual(untouched)
    expect(untouched).toMatchObject({ keys: [], alarm: null })
  })
})
