// What liars and floods come to, where peers tell each other of peers and of edges.

import { describe, expect, it } from 'vitest'
import { encodeIntroduction } from '../../../protocol/introductions/frames.ts'
import {
  INTRODUCTION_AGAIN_MS,
  INTRODUCTION_ANSWER_MS,
  INTRODUCTION_EDGES_KEPT_MAX,
  INTRODUCTION_EDGES_OF_TELLER_MAX,
  INTRODUCTION_EVERY_MS,
  INTRODUCTIONS_KEPT_MAX,
  INTRODUCTIONS_OF_TELLER_MAX,
} from '../../../protocol/limits/introductions.ts'
import { announcement, Circle, HOUR_MS, named, type Said } from './circle.ts'

/** Says as much as fits, again and again, whenever it is asked. */
function tellsMany(circle: Circle, teller: string, said: readonly Said[]): void {
  for (let at = 0; at < said.length; at += 8) {
    circle.passes(INTRODUCTION_AGAIN_MS)
    circle.give({ kind: 'wanted' })
    expect(circle.answers(teller, { records: said.slice(at, at + 8) })).toBe(true)
  }
}

describe('a liar', () => {
  it('that forges is believed nothing any more, and what others told stays', () => {
    const circle = new Circle()
    circle.link('liar', 'honest')
    circle.answers('honest', { edges: ['https://good/'], records: [{ peer: 'x' }] })
    circle.answers('liar', {
      edges: ['https://bad/', 'https://good/'],
      records: [{ peer: 'y' }, { peer: 'z', isForged: true }, ...named(6, 'more')],
    })
    expect(circle.drops).toEqual(['unverified'])
    expect(circle.verified).toBe(3) // The rest is not looked at.
    expect(circle.peers).toEqual(['x'])
    expect(circle.edges).toEqual([{ url: 'https://good/', tellers: ['honest'], toldAtMs: 0 }])
    circle.passes(2 * INTRODUCTION_EVERY_MS)
    circle.give({ kind: 'unlinked', peer: 'liar' })
    circle.link('liar')
    circle.give({ kind: 'wanted' })
    expect(circle.asked.filter((peer) => peer === 'liar')).toEqual(['liar'])
  })

  it('that was asked again before it was found out is heard no more for that', () => {
    const circle = new Circle()
    circle.link('liar')
    const token = circle.askOf('liar')?.token ?? 0
    const records = [announcement({ peer: 'x', isForged: true })]
    const bytes = encodeIntroduction({ kind: 'answer', token, edges: [], records })
    const [verify] = circle.machine.receive({ kind: 'heard', peer: 'liar', bytes }, circle.nowMs)
    expect(circle.machine.isSettled).toBe(false)
    // One after another, and none but that which is being verified.
    circle.give({ kind: 'sampled', records: [announcement({ peer: 'honest' })] })
    circle.give({ kind: 'verified', task: 0, introduced: undefined })
    expect([circle.verified, circle.drops]).toEqual([0, []])
    circle.passes(INTRODUCTION_AGAIN_MS)
    circle.give({ kind: 'wanted' })
    expect([verify?.kind, circle.asked]).toEqual(['verify', ['liar', 'liar']])
    circle.give({ kind: 'verified', task: 1, introduced: undefined })
    expect(circle.machine.isSettled).toBe(true)
    const before = circle.edges
    circle.answers('liar', { edges: ['https://bad/'], records: [{ peer: 'y' }] })
    expect([circle.drops, circle.peers]).toEqual([['unverified', 'unexpected'], ['honest']])
    expect(circle.edges).toBe(before) // It had told of none, so nobody is told that one went.
  })

  it('whose announcements have ended is a clock that is wrong', () => {
    const circle = new Circle()
    circle.nowMs = HOUR_MS
    circle.link('a')
    circle.answers('a', {
      records: [
        { peer: 'x', expiresAtMs: 1 },
        { peer: 'y', expiresAtMs: 2 * HOUR_MS },
      ],
    })
    expect([circle.drops, circle.peers]).toEqual([['expired'], ['y']])
  })

  it('that signs a thousand itself has no more than its share, and drives nobody out', () => {
    const circle = new Circle()
    circle.link('liar', 'a', 'b', 'c')
    const [honest, long] = [['a', 'b', 'c'], { expiresAtMs: 9 * HOUR_MS }]
    for (const peer of honest)
      circle.answers(peer, { edges: [`https://${peer}/`], records: named(4, `of ${peer}`, long) })
    tellsMany(circle, 'liar', named(1_000, 'made up', long))
    const madeUp = circle.peers.filter((peer) => peer.startsWith('made up'))
    expect(madeUp.length).toBe(INTRODUCTIONS_OF_TELLER_MAX)
    expect(circle.peers.length).toBe(INTRODUCTIONS_OF_TELLER_MAX + 12)
    const sample = circle.machine.sample(8, circle.nowMs).filter(({ peer }) => peer.startsWith('made up'))
    expect(sample.length).toBe(2)
  })

  it('that takes all the room there is gives way itself, and not those who told of a few', () => {
    const circle = new Circle()
    const long = { expiresAtMs: 9 * HOUR_MS }
    const greedy = ['a', 'b', 'c', 'd', 'e']
    circle.link('modest', ...greedy, 'late')
    const tells = (teller: string, count: number) => {
      circle.passes(INTRODUCTION_AGAIN_MS)
      for (let n = 0; n < 2; n++) circle.give({ kind: 'wanted' })
      circle.answers(teller, { records: named(count, `${teller} ${circle.nowMs}`, long) })
    }
    tells('modest', 4)
    for (const teller of greedy) for (const count of [8, 4]) tells(teller, count)
    expect(circle.peers.length).toBe(INTRODUCTIONS_KEPT_MAX)
    for (let n = 0; n < 2; n++) tells('late', 4)
    const of = (teller: string) => circle.peers.filter((peer) => peer.startsWith(teller)).length
    expect([of('modest'), of('late'), circle.peers.length]).toEqual([4, 8, INTRODUCTIONS_KEPT_MAX])
  })

  it('that names edges without end has three of them, behind those that two told of', () => {
    const circle = new Circle()
    circle.link('liar', 'a', 'b')
    for (const peer of ['a', 'b']) circle.answers(peer, { edges: ['https://good/'] })
    const many = Array.from({ length: 400 }, (_, i) => ({
      peer: 'x',
      sequence: i + 2,
      edges: [`https://bad-${i}/`],
    }))
    tellsMany(circle, 'liar', many)
    expect(circle.edges[0]?.url).toBe('https://good/')
    expect(circle.edges.length).toBe(1 + INTRODUCTION_EDGES_OF_TELLER_MAX)
  })

  it('with many links takes room, and never more than there is', () => {
    const circle = new Circle()
    circle.link('a', 'b')
    for (const peer of ['a', 'b'])
      circle.answers(peer, { edges: ['https://good/'], records: named(6, `of ${peer}`) })
    for (let i = 0; i < 60; i++) {
      circle.passes(INTRODUCTION_AGAIN_MS)
      circle.link(`liar ${i}`)
      circle.give({ kind: 'wanted' })
      const edges = [1, 2, 3, 4].map((j) => `https://bad-${i}-${j}/`)
      circle.answers(`liar ${i}`, { edges, records: named(8, `of liar ${i}`, { expiresAtMs: 9 * HOUR_MS }) })
    }
    expect(circle.peers.length).toBeLessThanOrEqual(INTRODUCTIONS_KEPT_MAX)
    expect(circle.edges.length).toBeLessThanOrEqual(INTRODUCTION_EDGES_KEPT_MAX)
    expect(circle.edges[0]?.url).toBe('https://good/')
  })
})

describe('a flood', () => {
  it('of answers nobody asked for is verified nowhere', () => {
    const circle = new Circle()
    circle.link('a')
    const token = (circle.askOf('a')?.token ?? 0) ^ 1
    const records = named(8, 'x').map(announcement)
    for (let i = 0; i < 1_000; i++)
      circle.hears('a', { kind: 'answer', token, edges: ['https://bad/'], records })
    expect([circle.verified, circle.edges, new Set(circle.drops)]).toEqual([0, [], new Set(['unexpected'])])
    circle.answers('a', { records: [{ peer: 'x' }] })
    circle.answers('a', { records: [{ peer: 'y' }] }) // Twice is once too often.
    expect([circle.peers, circle.verified]).toEqual([['x'], 1])
    circle.give({ kind: 'wanted' })
    circle.passes(INTRODUCTION_ANSWER_MS)
    expect(circle.answers('a', { records: [{ peer: 'late' }] })).toBe(true)
    expect(circle.verified).toBe(1)
  })

  it('of answers that are late takes none from who still has time', () => {
    const circle = new Circle()
    circle.link('a')
    circle.passes(INTRODUCTION_ANSWER_MS / 2)
    circle.link('b')
    circle.passes(INTRODUCTION_ANSWER_MS / 2)
    for (const peer of ['a', 'b']) circle.answers(peer, { records: [{ peer: `of ${peer}` }] })
    expect([circle.peers, circle.drops]).toEqual([['of b'], ['unexpected']])
  })

  it('of asks is answered as often as an honest one asks, over new links too', () => {
    const circle = new Circle()
    circle.link('a')
    for (let i = 0; i < 1_000; i++) {
      circle.give({ kind: 'unlinked', peer: 'a' })
      circle.link('a')
      circle.asks('a')
    }
    expect(circle.sent.filter(({ frame }) => frame.kind === 'answer').length).toBe(4)
    expect(circle.drops.filter((reason) => reason === 'rate-limited').length).toBe(996)
    circle.passes(30_000)
    expect(circle.asks('a')).toEqual([])
  })

  it('of whoever has no link, or says nothing that reads, is counted', () => {
    const circle = new Circle()
    circle.link('a')
    circle.hears('stranger', { kind: 'ask', token: 1, known: [] })
    circle.give({ kind: 'heard', peer: 'a', bytes: new Uint8Array(100_000) })
    circle.give({ kind: 'unlinked', peer: 'a' })
    circle.hears('a', { kind: 'ask', token: 1, known: [] })
    expect(circle.drops).toEqual(['unknown-peer', 'malformed', 'unknown-peer'])
  })
})
