// Regions as a setting and as an order, and what becomes of a question where some of them fail.

import { describe, expect, it } from 'vitest'
import type { ShardAnswer, ShardRequest } from '../../../protocol/dht/contract.ts'
import { KnownLeaves } from '../../../protocol/dht/leaves.ts'
import { ROOTS, shardObjectName, shardPlaceOf } from '../../../protocol/dht/place.ts'
import { nearestFirst, ONE_SITE, REGIONS, sitesOf } from '../../../protocol/dht/regions.ts'
import { SitesInquiry } from '../../../protocol/dht/sites.ts'
import { newCaller, packCaller, unpackCaller } from '../../../protocol/mailbox/caller.ts'
import { keyOf, peerOf, valueRecord } from '../../support/dht.ts'

describe('regions', () => {
  it('are named each once, the first without its name', () => {
    expect(sitesOf({})).toBe(ONE_SITE)
    expect(sitesOf({ DHT_REGIONS: ' ' })).toBe(ONE_SITE)
    expect(sitesOf({ DHT_REGIONS: 'weur, apac' })).toEqual([
      { region: '', hint: 'weur' },
      { region: 'apac', hint: 'apac' },
    ])
    for (const DHT_REGIONS of ['mars', 'weur,weur', 'weur,', ','])
      expect(() => sitesOf({ DHT_REGIONS })).toThrow(/DHT_REGIONS/)
  })

  it('are asked from the nearest on, and as they are listed by whom nobody knows', () => {
    const sites = sitesOf({ DHT_REGIONS: 'weur,enam,apac' })
    const from = (asker: Parameters<typeof nearestFirst>[1]) =>
      nearestFirst(sites, asker)
        .map(({ hint }) => hint)
        .join(' ')
    expect(from('')).toBe('weur enam apac')
    expect(from('wnam')).toBe('enam weur apac')
    expect(from('oc')).toBe('apac enam weur')
    for (const region of ['weur', 'enam', 'apac'] as const) expect(from(region)).toMatch(`${region} `)
  })

  it('are in the names of their shards', () => {
    for (const region of ['', ...REGIONS] as const)
      for (const prefix of [...ROOTS, '010101']) {
        const place = { network: 'demo', region, prefix }
        expect(shardPlaceOf(shardObjectName('demo', prefix, region))).toEqual(place)
      }
    expect(shardObjectName('demo', '0101')).toBe('demo/dht/0101')
    for (const name of ['demo/dht/mars/0101', 'demo/dht//0101', 'demo/dht/weur/apac/0101', 'demo/dht/weur'])
      expect(shardPlaceOf(name)).toBeUndefined()
  })

  it('of an owner are remembered while its mailbox sleeps', () => {
    const [audience, grant] = [new Uint8Array(32), newCaller(new Uint8Array(32), undefined).grant]
    for (const region of ['', ...REGIONS] as const) {
      const caller = newCaller(audience, grant, region)
      expect(unpackCaller(packCaller(caller))).toEqual(caller)
    }
  })
})

describe('a question to several regions', () => {
  const key = keyOf(1)
  const [get, put] = [
    { kind: 'get', key },
    { kind: 'put', record: valueRecord(key), owner: peerOf(1) },
  ] as const satisfies readonly ShardRequest[]
  const nothing: ShardAnswer = { kind: 'nothing' }
  const record: ShardAnswer = { kind: 'record', expiresAtMs: 1, bytes: new Uint8Array() }
  const stored: ShardAnswer = { kind: 'stored', expiresAtMs: 1, isNew: true }
  const stale: ShardAnswer = { kind: 'refused', reason: 'stale', retryAfterMs: 0 }
  const busy: ShardAnswer = { kind: 'refused', reason: 'busy', retryAfterMs: 5 }

  /** `says`: of each region what it answers; undefined where its shards cannot be reached. */
  function asked(request: ShardRequest, ...says: readonly (ShardAnswer | undefined)[]) {
    const inquiry = new SitesInquiry(
      [new KnownLeaves(), ...says.slice(1).map(() => new KnownLeaves())],
      [request],
    )
    const sites = new Set<number>()
    for (let answers = inquiry.answers(); ; answers = inquiry.answers()) {
      if (answers !== undefined)
        return { answer: answers[0], sites: [...sites], behind: inquiry.behind().map(({ site }) => site) }
      sites.add(inquiry.site)
      const answer = says[inquiry.site]
      for (const call of inquiry.calls())
        inquiry.answered(call, answer === undefined ? undefined : call.requests.map(() => answer))
    }
  }

  it('is read where it is first found', () => {
    expect(asked(get, record, nothing)).toEqual({ answer: record, sites: [0], behind: [] })
    expect(asked(get, nothing, undefined, record)).toEqual({ answer: record, sites: [0, 1, 2], behind: [] })
  })

  it('is nothing if one says so, and fails if none says anything', () => {
    for (const says of [
      [nothing, undefined],
      [undefined, nothing],
      [busy, nothing, busy],
    ])
      expect(asked(get, ...says).answer).toEqual(nothing)
    expect(asked(get, undefined, undefined).answer).toMatchObject({ reason: 'internal' })
  })

  it('is written in one, and in the others behind it', () => {
    expect(asked(put, stored, stored, stored)).toEqual({ answer: stored, sites: [0], behind: [1, 2] })
    expect(asked(put, undefined, stored, stored)).toEqual({ answer: stored, sites: [0, 1], behind: [0, 2] })
    expect(asked(put, busy, busy)).toEqual({ answer: busy, sites: [0, 1], behind: [] })
  })

  it('that is refused for what it is goes no further', () => {
    expect(asked(put, stale, stored)).toEqual({ answer: stale, sites: [0], behind: [] })
    expect(asked(put, busy, stale)).toMatchObject({ answer: stale, behind: [] })
  })
})
