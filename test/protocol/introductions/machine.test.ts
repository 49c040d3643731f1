// Introductions as their page promises them: who is asked and when, what is told on, and what is kept.

import { describe, expect, it } from 'vitest'
import {
  INTRODUCTION_AGAIN_MS,
  INTRODUCTION_ANSWER_MS,
  INTRODUCTION_EDGE_KEPT_MS,
  INTRODUCTION_EVERY_MS,
  INTRODUCTION_LINKS_MAX,
} from '../../../protocol/limits/introductions.ts'
import { announcement, Circle, HOUR_MS, introducedOf, named } from './circle.ts'

describe('whom we ask', () => {
  it('the first four, and one more each quarter of an hour, another each time', () => {
    const circle = new Circle()
    circle.link('a', 'b', 'c', 'd', 'e', 'f')
    expect(circle.asked).toEqual(['a', 'b', 'c', 'd'])
    circle.link('a', 'b') // Their paths changed.
    expect(circle.asked.length).toBe(4)
    circle.passes(3 * INTRODUCTION_EVERY_MS)
    expect(circle.asked.slice(4, 6).sort()).toEqual(['e', 'f'])
    expect(circle.asked.length).toBeLessThanOrEqual(8)
    const before = circle.asked.length
    circle.passes(INTRODUCTION_AGAIN_MS)
    circle.give({ kind: 'wanted' })
    expect(circle.asked.length).toBe(before + 4)
  })

  it('in its time one more, however often others come, and whoever was asked but now not for coming again', () => {
    const circle = new Circle()
    circle.link('a', 'a', 'b', 'c', 'd')
    expect(circle.asked).toEqual(['a', 'b', 'c', 'd'])
    for (let minute = 0; minute < 20; minute++) {
      circle.passes(60_000)
      circle.link('e')
    }
    expect(circle.asked.length).toBeGreaterThan(4)
  })

  it('as many as links are looked at, of whom those without one make room', () => {
    const circle = new Circle()
    circle.link(...Array.from({ length: INTRODUCTION_LINKS_MAX }, (_, i) => `peer ${i}`), 'late')
    expect(circle.asks('late')).toBe(undefined)
    circle.give({ kind: 'unlinked', peer: 'peer 7' })
    circle.link('late')
    expect([circle.asks('late'), circle.asks('peer 7'), circle.asks('peer 8')]).toEqual([[], undefined, []])
  })

  it('whoever is asked for again only after a while, though somebody wants to know, and nobody without a link', () => {
    const circle = new Circle()
    circle.link('a', 'b')
    circle.give({ kind: 'unlinked', peer: 'b' })
    circle.answers('a', {})
    expect(circle.machine.isSettled).toBe(true)
    circle.give({ kind: 'wanted' })
    expect(circle.asked).toEqual(['a', 'b'])
    circle.passes(INTRODUCTION_AGAIN_MS)
    circle.give({ kind: 'wanted' })
    expect(circle.asked).toEqual(['a', 'b', 'a'])
    expect(circle.machine.isSettled).toBe(false)
    circle.passes(INTRODUCTION_ANSWER_MS)
    expect(circle.machine.isSettled).toBe(true)
  })

  it('nobody, any more, when all have gone', () => {
    const circle = new Circle()
    circle.link('a', 'b')
    circle.give({ kind: 'unlinked', peer: 'b' })
    circle.passes(2 * INTRODUCTION_EVERY_MS)
    expect(circle.asked.slice(0, 3)).toEqual(['a', 'b', 'a'])
    circle.give({ kind: 'unlinked', peer: 'a' })
    circle.passes(2 * INTRODUCTION_EVERY_MS)
    expect(circle.machine.wakeAtMs).toBeUndefined()
  })
})

describe('what is told', () => {
  it('is what peers announced, ours first, and not to whom told it or whom it is of, nor what it has', () => {
    const own = {
      ...(introducedOf(announcement({ peer: 'self' }), 0) as { bytes: Uint8Array; digest: Uint8Array }),
    }
    const circle = new Circle({ own: () => own })
    circle.link('a', 'b')
    circle.answers('a', { records: [{ peer: 'b' }, { peer: 'x' }, { peer: 'self' }] })
    expect(circle.asks('b')).toEqual([{ peer: 'self' }, { peer: 'x' }])
    expect(circle.asks('a')).toEqual([{ peer: 'self' }])
    expect(circle.asks('b', [own.digest.subarray(0, 8)])).toEqual([{ peer: 'x' }])
    const x = introducedOf(announcement({ peer: 'x' }), 0) as { digest: Uint8Array }
    expect(circle.asks('b', [x.digest.subarray(0, 8)])).toEqual([{ peer: 'self' }])
    expect(circle.peers.toSorted()).toEqual(['b', 'x'])
  })

  it('is no more than an answer has room for, and the edge tells as any peer does', () => {
    const circle = new Circle({ own: () => introducedOf(announcement({ peer: 'self' }), 0) as never })
    circle.link('a', 'b')
    circle.give({ kind: 'sampled', records: named(9, 'of the edge').map(announcement) })
    expect([circle.peers.length, circle.asks('a')?.length]).toEqual([9, 8])
    circle.give({ kind: 'sampled', records: [announcement({ peer: 'x', isForged: true })] })
    expect(circle.peers).toEqual([])
  })

  it('is of an edge only what we are at, whatever we were told', () => {
    const circle = new Circle()
    circle.link('a', 'b')
    circle.answers('a', { edges: ['https://rumour/'] })
    circle.asks('b')
    const answer = circle.sent.at(-1)?.frame
    expect(answer?.kind === 'answer' && answer.edges).toEqual(['https://own/'])
  })

  it('is the newest that each said, and nothing that has ended', () => {
    const circle = new Circle()
    circle.link('a', 'b')
    circle.answers('a', { records: [{ peer: 'x', sequence: 2, region: 'new' }] })
    circle.answers('b', {
      records: [
        { peer: 'x', sequence: 1, region: 'old' },
        { peer: 'y', expiresAtMs: 120_000 },
      ],
    })
    expect(circle.asks('a')).toEqual([{ peer: 'y', expiresAtMs: 120_000 }])
    expect(circle.machine.sample(9, circle.nowMs).find(({ peer }) => peer === 'x')?.region).toBe('new')
    circle.passes(61_000) // What ends in less than a minute is told to nobody.
    expect(circle.asks('a')).toEqual([])
    circle.passes(HOUR_MS)
    expect(circle.peers).toEqual([])
    circle.passes(HOUR_MS) // Nor is it said to be known.
    expect([circle.askOf('a')?.known, circle.askOf('b')?.known]).toEqual([[], []])
  })

  it('is the newest, and still his who told of it first', () => {
    const circle = new Circle()
    circle.link('a', 'b')
    circle.answers('a', { records: [{ peer: 'x', sequence: 1, region: 'old' }] })
    circle.answers('b', { records: [{ peer: 'x', sequence: 2, region: 'new' }, { peer: 'y' }] })
    expect(circle.machine.sample(9, 0).find(({ peer }) => peer === 'x')?.region).toBe('new')
    circle.passes(INTRODUCTION_AGAIN_MS)
    circle.give({ kind: 'wanted' })
    expect(circle.askOf('a')?.known.length).toBe(2)
    circle.answers('b', { records: [{ peer: 'z', isForged: true }] })
    expect(circle.peers).toEqual(['x'])
  })

  it('is of whom there is only one in a region, and otherwise by chance', () => {
    const sampled = (seed: number) => {
      const circle = new Circle({}, seed)
      circle.link('a')
      circle.answers('a', {
        records: [...named(7, 'near', { region: 'weur' }), { peer: 'far', region: 'oc' }],
      })
      return circle.machine.sample(2, 0).map(({ peer }) => peer)
    }
    const samples = Array.from({ length: 9 }, (_, seed) => sampled(seed))
    expect(samples.every((peers) => peers.includes('far'))).toBe(true)
    expect(new Set(samples.flat()).size).toBeGreaterThan(3)
  })

  it('is of several regions and of several tellers', () => {
    const circle = new Circle()
    circle.link('a', 'b', 'c', 'd')
    circle.answers('a', { records: named(8, 'of a', { region: 'weur' }) })
    circle.answers('b', { records: [{ peer: 'of b', region: 'weur' }] })
    circle.answers('c', { records: [{ peer: 'of c', region: 'apac' }] })
    const sample = circle.machine.sample(3, circle.nowMs).map(({ peer }) => peer.slice(0, 4))
    expect(sample.toSorted()).toEqual(['of a', 'of b', 'of c'])
  })
})

describe('edges', () => {
  /** Of edges alone, when all have been asked again. */
  const tells = (circle: Circle, teller: string, ...names: readonly string[]) => {
    circle.passes(INTRODUCTION_AGAIN_MS)
    for (let n = 0; n < 2; n++) circle.give({ kind: 'wanted' })
    circle.answers(teller, { edges: names.map((name) => `https://${name}/`) })
  }
  const known = (circle: Circle) =>
    circle.edges.map(({ url, tellers }) => [url.slice(8, -1), tellers.join('')])

  it('are known until nobody has told of them for a month', () => {
    const circle = new Circle()
    circle.link('a', 'b')
    tells(circle, 'a', 'one', 'two', 'three')
    circle.nowMs += INTRODUCTION_EDGE_KEPT_MS / 2
    tells(circle, 'a', 'one')
    tells(circle, 'b', 'two')
    circle.nowMs += INTRODUCTION_EDGE_KEPT_MS / 2
    tells(circle, 'b', 'four')
    expect(known(circle)).toEqual([
      ['two', 'ab'],
      ['one', 'a'],
      ['four', 'b'],
    ])
  })

  it('that enough have told of already cost whoever tells of them, too, none of its own', () => {
    const circle = new Circle()
    circle.link('a', 'b', 'c', 'd', 'e')
    for (const teller of ['a', 'b', 'c', 'd']) tells(circle, teller, 'good')
    tells(circle, 'e', 'one', 'two', 'three', 'good')
    expect(known(circle)).toEqual([
      ['good', 'abcd'],
      ['one', 'e'],
      ['two', 'e'],
      ['three', 'e'],
    ])
    tells(circle, 'e', 'four')
    expect(known(circle).slice(1)).toEqual([
      ['two', 'e'],
      ['three', 'e'],
      ['four', 'e'],
    ])
  })

  it('are known by how many told of them, and what is none, or ours, is passed over', () => {
    const circle = new Circle()
    circle.link('a', 'b', 'c')
    circle.answers('a', { edges: ['https://one/', 'https://own/', 'ftp://none'] })
    circle.answers('b', { edges: ['https://two/'] })
    circle.answers('c', { records: [{ peer: 'x', edges: ['https://two/'] }] })
    expect(circle.edges).toEqual([
      { url: 'https://two/', tellers: ['b', 'c'], toldAtMs: 0 },
      { url: 'https://one/', tellers: ['a'], toldAtMs: 0 },
    ])
  })

  it('are remembered over lives, for a month', () => {
    const edges = [
      { url: 'https://one/', tellers: ['a'], toldAtMs: 0 },
      { url: 'https://two/', tellers: ['a'], toldAtMs: 1_000 },
    ]
    const circle = new Circle()
    circle.nowMs = INTRODUCTION_EDGE_KEPT_MS + 500
    circle.give({ kind: 'restored', edges })
    circle.link('b')
    circle.answers('b', { edges: ['https://two/'] })
    expect(circle.edges.map(({ url, tellers }) => [url, tellers])).toEqual([['https://two/', ['a', 'b']]])
  })
})
