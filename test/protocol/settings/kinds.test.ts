// The kinds of settings: what each takes, what it is when nothing is set, and that what is wrong is named.

import { describe, expect, it } from 'vitest'
import { json, oneOf, secret, text, whole } from '../../../protocol/settings/kinds.ts'
import {
  isAllowed,
  isAsn,
  isCountry,
  isOrigin,
  parseAllowed,
  parseEdges,
  parseOrigins,
} from '../../../protocol/settings/lists.ts'

describe('a setting', () => {
  it('that is a whole number is one within its range, or the default', () => {
    const setting = whole('how many', { otherwise: 5, least: 0, most: 9 })
    expect([undefined, '', 0, '0', '9', 7].map((given) => setting.read('MANY', given))).toEqual([
      5, 5, 0, 0, 9, 7,
    ])
    for (const wrong of ['10', -1, '1.5', 'many', ' ', 'NaN'])
      if (wrong === ' ') expect(setting.read('MANY', wrong)).toBe(0)
      else
        expect(() => setting.read('MANY', wrong)).toThrow(
          new RangeError(`MANY must be a whole number from 0 to 9, not ${wrong}`),
        )
  })

  it('that is a word is one of a few', () => {
    const setting = oneOf('who', ['admin', 'open'], 'admin')
    expect([undefined, '', 'open'].map((given) => setting.read('VIEW', given))).toEqual([
      'admin',
      'admin',
      'open',
    ])
    for (const wrong of ['Open', 'toString', 'both'])
      expect(() => setting.read('VIEW', wrong)).toThrow(
        new RangeError(`VIEW must be one of admin, open, not ${wrong}`),
      )
  })

  it('that is text is what is made of it, of the default too', () => {
    const setting = text('pairs', '1,2', 'must be pairs', (given) =>
      given.includes(',') ? given.split(',') : undefined,
    )
    expect(setting.read('PAIRS', undefined)).toEqual(['1', '2'])
    expect(setting.read('PAIRS', ' 3,4 ')).toEqual(['3', '4'])
    expect(() => setting.read('PAIRS', '5')).toThrow('PAIRS must be pairs, not 5')
  })

  it('that is JSON may be a table of the file too', () => {
    const setting = json('edges', { otherwise: [], shown: 'none' }, 'is no list of edges', parseEdges)
    const edges = [{ url: 'https://edge.example' }]
    expect(setting.read('EDGES', '')).toEqual([])
    expect(setting.read('EDGES', JSON.stringify(edges))).toEqual(edges)
    expect(setting.read('EDGES', edges as unknown as string)).toEqual(edges)
    expect(() => setting.read('EDGES', '[')).toThrow('EDGES is not JSON')
    expect(() => setting.read('EDGES', '{}')).toThrow('EDGES is no list of edges')
  })

  it('that is a secret is read by what knows not to say it', () => {
    const setting = secret('of passes', (name, given) => {
      if (given === '') throw new RangeError(`${name} is not set`)
      return given
    })
    expect(setting.isSecret).toBe(true)
    expect(setting.read('SECRET', 'abc')).toBe('abc')
    expect(() => setting.read('SECRET', undefined)).toThrow('SECRET is not set')
  })
})

describe('lists', () => {
  it('say who may, or who may not, and never both', () => {
    const only = parseAllowed('DE, FR', isCountry)
    const except = parseAllowed('!DE,!FR', isCountry)
    const any = parseAllowed(' ', isCountry)
    if (only === undefined || except === undefined || any === undefined)
      throw new Error('all three are lists')
    const names = ['DE', 'US', undefined]
    expect(names.map((name) => isAllowed(only, name))).toEqual([true, false, false])
    expect(names.map((name) => isAllowed(except, name))).toEqual([false, true, true])
    expect(names.map((name) => isAllowed(any, name))).toEqual([true, true, true])
    for (const wrong of ['DE,!FR', 'de', 'Germany', '!!DE', '!'])
      expect(parseAllowed(wrong, isCountry)).toBeUndefined()
    expect(parseAllowed('!64496,!13335', isAsn)?.names).toEqual(new Set(['64496', '13335']))
    for (const wrong of ['AS64496', '0', '-1', '1e3']) expect(parseAllowed(wrong, isAsn)).toBeUndefined()
  })

  it('of origins take them as browsers write them', () => {
    for (const good of [
      'https://app.example',
      'http://localhost:8787',
      'http://[::1]:8080',
      'https://a_b.c',
      'https://a.b:80',
    ])
      expect(isOrigin(good), good).toBe(true)
    for (const bad of [
      'https://app.example/',
      'app.example',
      '*',
      'https://',
      'ftp://a',
      'https://A.example',
      'null',
      // No browser names the port that its scheme has anyway.
      'https://app.example:443',
      'http://app.example:80',
      'https://app.example:65536',
    ])
      expect(isOrigin(bad), bad).toBe(false)
    expect(parseOrigins('https://a.example, https://b.example')).toEqual(
      new Set(['https://a.example', 'https://b.example']),
    )
    expect(parseOrigins('https://a.example,*')).toBeUndefined()
  })

  it('of edges take what a client can use, and no field that nobody knows', () => {
    expect(parseEdges([{ url: 'https://a.example', region: 'weur', weight: 2 }])).toHaveLength(1)
    for (const wrong of [
      [{ url: 'https://a.example/path' }],
      [{ url: 'https://a.example', weight: 0 }],
      [{ url: 'https://a.example', weight: Number.POSITIVE_INFINITY }],
      [{ url: 'https://a.example', regoin: 'weur' }],
      [{ url: 'https://a.example', region: 'europe' }],
      [{ region: 'weur' }],
      [null],
      ['https://a.example'],
      { url: 'https://a.example' },
    ])
      expect(parseEdges(wrong)).toBeUndefined()
  })
})
