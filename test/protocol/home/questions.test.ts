// Questions to the DHT on the home socket: together, again on the next socket, and each with one answer whatever happens.

import { describe, expect, it } from 'vitest'
import { HOME_QUESTION_MS, HOME_QUESTIONS_MAX } from '../../../protocol/limits/mailbox.ts'
import { type DhtAnswer, type DhtQuestion, encodeDht } from '../../../protocol/wire/dht-frames.ts'
import { Scene } from './scene.ts'

const key = new Uint8Array(32).fill(7)
const GET: DhtQuestion = { kind: 'get', key }
const NOTHING: DhtAnswer = { kind: 'nothing' }
const answer = (token: number) => encodeDht({ kind: 'dhtAnswer', token, answer: NOTHING })
const home = () => new Scene().starts().isReady()
const asks = (scene: Scene, ...tokens: number[]) => {
  for (const token of tokens) scene.give({ kind: 'ask', token, question: GET })
  return scene.give({ kind: 'endOfTurn' })
}

describe('questions', () => {
  it('of one turn leave in one message, and are answered in any order', () => {
    const scene = asks(home(), 1, 2, 3)
    expect(scene.asked).toEqual([[1, 2, 3]])
    scene.sends(answer(2)).sends(answer(1))
    expect(scene.answers).toEqual([
      [2, 'nothing'],
      [1, 'nothing'],
    ])
    scene.sends(answer(2)).sends(answer(9))
    expect(scene.told.filter((each) => each === 'drop stale')).toHaveLength(2)
    expect(scene.answers).toHaveLength(2)
  })

  it('that wait when the socket breaks are said on the next, and those alone', () => {
    const scene = asks(home(), 1, 2).sends(answer(1)).closes()
    asks(scene, 3)
    expect(scene.asked).toEqual([[1, 2]])
    scene.after(250).isReady()
    expect(scene.asked).toEqual([
      [1, 2],
      [2, 3],
    ])
    scene.sends(answer(3)).give({ kind: 'endOfTurn' })
    expect([scene.asked.length, scene.answers.at(-1)]).toEqual([2, [3, 'nothing']])
  })

  it('are over in their time, to the millisecond, and not before', () => {
    const scene = asks(home(), 1).after(1_000)
    asks(scene, 2).after(HOME_QUESTION_MS - 1_001)
    expect(scene.answers).toEqual([])
    scene.after(1)
    expect(scene.answers).toEqual([[1, undefined]])
    scene.sends(answer(1)).after(1_000)
    expect(scene.answers).toEqual([
      [1, undefined],
      [2, undefined],
    ])
  })

  it('are over without a socket too', () => {
    const scene = asks(new Scene({}).starts(), 1).after(HOME_QUESTION_MS)
    expect([scene.asked, scene.answers]).toEqual([[], [[1, undefined]]])
  })

  it('are bounded: what is beyond is not asked', () => {
    const tokens = Array.from({ length: HOME_QUESTIONS_MAX }, (_, i) => i)
    const scene = asks(asks(home(), ...tokens), 5_000)
    expect(scene.asked.flat()).toEqual(tokens)
    expect(scene.answers).toEqual([[5_000, undefined]])
    asks(scene.sends(answer(0)), 5_001)
    expect(scene.asked.flat().at(-1)).toBe(5_001)
  })

  it('are answered before the end', () => {
    const scene = asks(home(), 1, 2).give({ kind: 'close' })
    expect(scene.answers).toEqual([
      [1, undefined],
      [2, undefined],
    ])
    expect(scene.told.at(-1)).toBe('ended closed')
  })
})
