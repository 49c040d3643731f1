// Letters that come and are taken: once, in frames of a turn, told again when the mailbox did not hear of it, and no more of
// them than there is room for.

import { describe, expect, it } from 'vitest'
import {
  HOME_HELD_WINDOWS,
  HOME_TAKEN_REMEMBERED,
  MAILBOX_TOOK_MAX,
} from '../../../protocol/limits/mailbox.ts'
import { idOf, letter, READY, Scene } from './scene.ts'

const home = () => new Scene().starts().isReady()
const reopened = (scene: Scene) => {
  scene.closes()
  while (scene.machine.state === 'waiting') scene.after(100)
  return scene.isReady()
}
const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, i) => from + i)
const dropped = (scene: Scene, reason: string) =>
  scene.told.filter((each) => each === `drop ${reason}`).length

describe('letters', () => {
  it('are handed over as they came: those of one message together', () => {
    const envelope = new Uint8Array(4_096).fill(7)
    const scene = home()
      .saysTogether(letter(1, { priority: 'high', envelope }), letter(2))
      .says(letter(3))
    expect(scene.handed).toEqual([[1, 2], [3]])
    expect(scene.letters[0]).toEqual({ id: idOf(1), priority: 'high', hour: 472_222, envelope })
    expect([scene.machine.held, scene.machine.heldBytes]).toEqual([3, 4_296])
  })

  it('that come again while they are held are not handed over again', () => {
    const scene = reopened(home().says(letter(1), letter(2))).saysTogether(letter(1), letter(2), letter(3))
    expect([scene.handed, dropped(scene, 'duplicate')]).toEqual([[[1], [2], [3]], 2])
    expect(scene.took).toEqual([])
    expect(scene.says(letter(3), letter(3)).machine.held).toBe(3)
  })
})

describe('what was taken', () => {
  it('in one turn leaves in one frame', () => {
    const scene = home().says(letter(1), letter(2), letter(3))
    scene.give({ kind: 'took', ids: [idOf(2)] }).give({ kind: 'took', ids: [idOf(1), idOf(3)] })
    expect(scene.took).toEqual([])
    scene.give({ kind: 'endOfTurn' }).give({ kind: 'endOfTurn' })
    expect([scene.took, scene.machine.held, scene.machine.heldBytes]).toEqual([[[2, 1, 3]], 0, 0])
  })

  it('is said once, whoever says it twice; and of letters that came another way too', () => {
    const scene = home().says(letter(1))
    scene.give({ kind: 'took', ids: [idOf(1), idOf(9), idOf(1)] }).give({ kind: 'endOfTurn' })
    expect(scene.took).toEqual([[1, 9]])
    expect([scene.machine.held, scene.machine.heldBytes]).toEqual([0, 0])
  })

  it('is as much as a frame holds, and the rest in the next', () => {
    const numbers = upTo(2 * MAILBOX_TOOK_MAX + 5)
    const scene = home()
      .give({ kind: 'took', ids: numbers.map(idOf) })
      .give({ kind: 'endOfTurn' })
    expect(scene.took.map((each) => each.length)).toEqual([MAILBOX_TOOK_MAX, MAILBOX_TOOK_MAX, 5])
    expect(scene.took.flat()).toEqual(numbers)
  })

  it('while there is no socket is said on the next', () => {
    const scene = home().says(letter(1), letter(2)).closes().takes(1).after(250)
    expect([scene.opened, scene.took]).toEqual([[1, 2], []])
    scene.isReady()
    expect(scene.took).toEqual([[1]])
    scene.takes(2)
    expect(scene.took).toEqual([[1], [2]])
  })

  it('is said again when the mailbox sends it again, and at no other time', () => {
    const scene = reopened(home().says(letter(1), letter(2), letter(3)).takes(1, 2))
    expect(scene.took).toEqual([[1, 2]])
    scene.saysTogether(letter(1), letter(2), letter(3), letter(4))
    expect([scene.took, scene.handed, dropped(scene, 'duplicate')]).toEqual([
      [
        [1, 2],
        [1, 2],
      ],
      [[1], [2], [3], [4]],
      3,
    ])
  })

  it('leaves before the end, if it was taken in the same turn', () => {
    const scene = home().says(letter(1))
    scene.give({ kind: 'took', ids: [idOf(1)] }).give({ kind: 'close' })
    expect([scene.took, scene.closed]).toEqual([[[1]], [1]])
  })

  it('is remembered within a bound: the oldest is forgotten', () => {
    const scene = home().takes(...upTo(HOME_TAKEN_REMEMBERED + 1))
    scene.says(letter(1), letter(2), letter(HOME_TAKEN_REMEMBERED + 1))
    expect([scene.handed, scene.took.slice(-2)]).toEqual([[[1]], [[2], [HOME_TAKEN_REMEMBERED + 1]]])
  })

  it('without a socket is bounded as well', () => {
    const scene = home()
      .closes()
      .takes(...upTo(HOME_TAKEN_REMEMBERED + 10))
    scene.after(250).isReady()
    expect(scene.took.flat()).toEqual(upTo(HOME_TAKEN_REMEMBERED, 11))
  })
})

describe('a flood', () => {
  const window = { letters: 4, bytes: 1_000 }
  const most = window.letters * HOME_HELD_WINDOWS
  const small = (number: number) => letter(number, { envelope: new Uint8Array(10) })
  const narrow = () => new Scene({ window }).starts().isReady()

  it('of letters is dropped beyond what we hold, and counted', () => {
    const scene = narrow().says(...upTo(100).map(small))
    expect([scene.handed.flat(), dropped(scene, 'over-window')]).toEqual([upTo(most), 100 - most])
    expect(scene.machine.held).toBe(most)
  })

  it('of bytes likewise; but one letter goes alone, however large', () => {
    const large = (number: number) => letter(number, { envelope: new Uint8Array(900) })
    const scene = narrow().says(...upTo(10).map(large))
    expect([scene.handed.flat(), dropped(scene, 'over-window')]).toEqual([[1, 2], 8])
    const huge = narrow().says(letter(1, { envelope: new Uint8Array(9_000) }), small(2))
    expect([huge.handed.flat(), dropped(huge, 'over-window')]).toEqual([[1], 1])
  })

  it('is the same over any number of sockets', () => {
    const scene = narrow()
    for (let i = 0; i < 20; i++) reopened(scene.says(...upTo(4, 1 + 4 * i).map(small)))
    expect([scene.machine.held, dropped(scene, 'over-window')]).toEqual([most, 80 - most])
  })

  it('is asked for again, when a window of it is left: no letter is forgotten', () => {
    const scene = narrow().says(...upTo(most + 2).map(small))
    scene.takes(1, 2, 3)
    expect(scene.closed).toEqual([])
    scene.takes(4)
    expect([scene.took, scene.closed, scene.told.at(-1)]).toEqual([[[1, 2, 3], [4]], [1], 'interrupted'])
    scene.after(250).isReady()
    scene.says(...upTo(most + 2 - 4, 5).map(small))
    expect(scene.handed.flat()).toEqual(upTo(most + 2))
    scene.takes(...upTo(most + 2))
    expect([scene.opened, scene.closed]).toEqual([[1, 2], [1]])
  })

  it('that was cut off does not have us open one more socket than there would be', () => {
    const scene = narrow().says(...upTo(most + 1).map(small))
    scene.closes().takes(...upTo(most))
    expect([scene.opened, scene.closed]).toEqual([[1], []])
    scene
      .after(250)
      .says(READY, small(most + 1))
      .takes(most + 1)
    expect([scene.opened, scene.closed, scene.handed.flat()]).toEqual([[1, 2], [], upTo(most + 1)])
  })

  it('of nonsense is counted, and nothing else', () => {
    const scene = home()
    for (let i = 0; i < 1_000; i++) scene.sends(Uint8Array.of(0x65, i & 255))
    expect([dropped(scene, 'malformed'), scene.machine.held, scene.machine.state]).toEqual([
      1_000,
      0,
      'joined',
    ])
  })
})
