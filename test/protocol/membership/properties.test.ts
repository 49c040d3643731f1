// The invariants of protocol/membership/machine.ts, whatever a network, an edge and an application do. The scene throws
// when one is broken: a peer arrives twice, something is sent too early or on a socket that is no more, a wake spins.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ROSTER_GRACE_MS } from '../../../protocol/limits/membership.ts'
import { peerIdText } from '../../../protocol/peer-id.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import { CLOSE_CODE_BASE, REFUSAL } from '../../../protocol/wire/registry.ts'
import { anyFrame, frameLike } from '../wire/arbitrary.ts'
import { member, Scene, WELCOME } from './scene.ts'

type Step = (scene: Scene) => void

const someone = fc
  .record({
    peer: fc.integer({ min: 1, max: 4 }),
    session: fc.constantFrom(1, 1, 2),
    slot: fc.nat({ max: 5 }),
  })
  .map(({ peer, session, slot }) => member(peer, session, (slot << 16) | session))
const code = fc.oneof(
  fc.constantFrom(1000, 1001, 1006, 4999),
  fc.constantFrom(...Object.values(REFUSAL).map((number) => CLOSE_CODE_BASE + number)),
)
const sleep = fc.constantFrom(0, 1, 300, 5_000, 11_000, 50_000, 8 * 3_600_000)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(someone, { maxLength: 4 }).map(
      (members): Step =>
        (scene) =>
          scene.welcomes(...members),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ last: fc.boolean(), members: fc.array(someone, { maxLength: 4 }) }).map(
      (roster): Step =>
        (scene) =>
          scene.says({ kind: 'roster', ...roster }),
    ),
  },
  {
    weight: 4,
    arbitrary: someone.map(
      (each): Step =>
        (scene) =>
          scene.says({ kind: 'joined', member: each }),
    ),
  },
  {
    weight: 3,
    arbitrary: someone.map(
      ({ address }): Step =>
        (scene) =>
          scene.says({ kind: 'left', address, reason: 'closed' }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(1006, 1001).map(
      (each): Step =>
        (scene) =>
          scene.closes(each),
    ),
  },
  {
    weight: 1,
    arbitrary: code.map(
      (each): Step =>
        (scene) =>
          scene.closes(each),
    ),
  },
  {
    weight: 8,
    arbitrary: fc.record({ ms: sleep, line: fc.constantFrom('alive' as const, 'dead' as const) }).map(
      ({ ms, line }): Step =>
        (scene) =>
          scene.after(ms, line),
    ),
  },
  {
    // The device sleeps: no wake comes, however many were due.
    weight: 1,
    arbitrary: sleep.map(
      (ms): Step =>
        (scene) => {
          scene.nowMs += ms
        },
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((scene) => scene.give({ kind: 'networkChanged' })) },
  {
    weight: 3,
    arbitrary: fc.uint8Array({ maxLength: 8 }).map(
      (metadata): Step =>
        (scene) =>
          scene.give({ kind: 'describe', metadata }).give({ kind: 'endOfTurn' }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ to: someone, as: fc.constantFrom('relay' as const, 'signal' as const) }).map(
      ({ to, as }): Step =>
        (scene) =>
          scene.give({ kind: 'carry', as, to: peerIdText(to.peer), payload: new Uint8Array(9) }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.uint8Array({ maxLength: 9 }).map(
      (payload): Step =>
        (scene) =>
          scene.give({ kind: 'broadcast', payload }),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((scene) => scene.give({ kind: 'endOfTurn' })) },
  {
    weight: 2,
    arbitrary: fc.oneof(frameLike, anyFrame.map(encode)).map(
      (bytes): Step =>
        (scene) =>
          scene.give({ kind: 'socketMessage', socket: scene.socket, bytes }),
    ),
  },
  {
    // A socket that is over still has something to say.
    weight: 1,
    arbitrary: someone.map(
      (each): Step =>
        (scene) => {
          const bytes = encode({ kind: 'joined', member: each })
          scene.give({ kind: 'socketMessage', socket: scene.socket - 1, bytes })
          scene.give({ kind: 'socketClosed', socket: scene.socket - 1, code: 4_006 })
        },
    ),
  },
)
const history = fc.array(step, { minLength: 5, maxLength: 60, size: 'max' })

function lives(steps: readonly Step[], random: number): Scene {
  const scene = new Scene({ random: () => random })
  scene.starts()
  for (const each of steps) each(scene)
  return scene
}

const chance = fc.constantFrom(0, 0.5, 0.999_999)

describe('a client in a room, whatever happens', () => {
  it('breaks no invariant', () => {
    fc.assert(
      fc.property(history, chance, (steps, random) => {
        const scene = lives(steps, random)
        expect([...scene.machine.roster.members()].map(({ id }) => id).sort()).toEqual([...scene.here].sort())
      }),
      { numRuns: 1_000 },
    )
  }, 60_000)

  it('is of one mind with the room once the room is well, and nobody stays as a ghost', () => {
    fc.assert(
      fc.property(history, chance, fc.array(someone, { maxLength: 4 }), (steps, random, members) => {
        const scene = lives(steps, random)
        const roster = [...new Map(members.map((each) => [each.peer[0], each])).values()].map(
          (each, slot) => ({
            ...each,
            address: slot << 16,
          }),
        )
        scene.closes()
        for (let i = 0; i < 100 && scene.machine.state === 'waiting'; i++) scene.after(200)
        if (scene.machine.state === 'ended') return // Refused for good, or given up before it was ever in.
        scene.says(WELCOME, { kind: 'roster', last: true, members: roster }).after(ROSTER_GRACE_MS)
        expect([...scene.here].sort()).toEqual(roster.map(({ peer }) => peerIdText(peer)).sort())
        expect(scene.machine.state).toBe('joined')
        expect([...scene.machine.roster.members()].every(({ id }) => scene.machine.canReach(id))).toBe(true)
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  it('ends once when it leaves, with everybody gone and nothing left to do', () => {
    fc.assert(
      fc.property(history, chance, (steps, random) => {
        const scene = lives(steps, random)
        scene.give({ kind: 'leave' }).give({ kind: 'leave' })
        expect(scene.told.filter((each) => each.startsWith('ended')).length).toBe(1)
        expect(scene.here.size).toBe(0)
        expect(scene.machine.wakeAtMs).toBeUndefined()
        const told = scene.told.length
        for (const each of steps) each(scene)
        expect(scene.told.length).toBe(told)
        // Every socket but those that were closed on us was closed by us.
        expect(new Set(scene.closed).size).toBe(scene.closed.length)
      }),
      { numRuns: 200 },
    )
  }, 60_000)
})
