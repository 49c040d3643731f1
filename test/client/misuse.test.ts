// Misuse throws at once, as what it is, and names the argument. No edge is needed to be told.

import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { Events } from '../../client/events.ts'
import { connect, identities } from '../../client/index.ts'

/** As a page without types would write it. */
const loosely = (value: unknown) => value as never
const EDGE = 'http://127.0.0.1:9'

describe('connect', () => {
  it.each<[string, unknown, unknown, new () => Error, RegExp]>([
    ['a URL that is none', 'not a url', {}, TypeError, /connect: the edge must be a URL/],
    ['another scheme', 'ftp://x', {}, TypeError, /connect: the edge must be an https: or http: URL/],
    ['nothing', undefined, {}, TypeError, /connect: the edge/],
    ['a password in the URL', 'https://me:secret@x', {}, TypeError, /user name or password/],
    ['null for options', EDGE, null, TypeError, /connect: options/],
    ['a misspelt option', EDGE, { relayonly: true }, TypeError, /connect: unknown option 'relayonly'/],
    ['a network that is no text', EDGE, { network: 7 }, TypeError, /connect: network/],
    ['a network that is no name', EDGE, { network: 'a/b' }, RangeError, /connect: network/],
    ['relayOnly as text', EDGE, { relayOnly: 'yes' }, TypeError, /connect: relayOnly/],
    [
      'iceServers that are none',
      EDGE,
      { iceServers: [{ urls: 'http://x' }] },
      TypeError,
      /connect: iceServers/,
    ],
    ['a timeout of text', EDGE, { timeoutMs: '5' }, TypeError, /connect: timeoutMs/],
    ['a timeout of nothing', EDGE, { timeoutMs: 0 }, RangeError, /connect: timeoutMs/],
    ['an endless timeout', EDGE, { timeoutMs: Number.POSITIVE_INFINITY }, RangeError, /connect: timeoutMs/],
    ['a signal that is none', EDGE, { signal: {} }, TypeError, /connect: signal/],
    ['an identity that is no choice', EDGE, { identity: 7 }, TypeError, /connect: identity must be a name/],
    ['null for an identity', EDGE, { identity: null }, TypeError, /connect: identity must be a name/],
    ['an identity without a name', EDGE, { identity: {} }, TypeError, /connect: identity: name/],
    [
      'an identity whose name is none',
      EDGE,
      { identity: '../alice' },
      RangeError,
      /connect: identity is not/,
    ],
    ['a name that is too long', EDGE, { identity: 'a'.repeat(65) }, RangeError, /connect: identity is not/],
    [
      'a misspelt option of an identity',
      EDGE,
      { identity: { name: 'alice', passPhrase: 'x' } },
      TypeError,
      /connect: identity: unknown option 'passPhrase'/,
    ],
    [
      'an empty passphrase',
      EDGE,
      { identity: { name: 'alice', passphrase: '' } },
      RangeError,
      /connect: identity: passphrase must not be empty/,
    ],
    [
      'a directory that is none',
      EDGE,
      { identity: { name: 'alice', directory: 7 } },
      TypeError,
      /connect: identity: the directory/,
    ],
  ])('refuses %s', async (_, edge, options, kind, message) => {
    const failing = connect(loosely(edge), loosely(options))
    await expect(failing).rejects.toThrow(kind)
    await expect(failing).rejects.toThrow(message)
  })
})

describe('identities', () => {
  // Nothing may come to be there before the misuse is seen.
  const kept = identities.at('/dev/null/nowhere')

  it.each<[string, () => Promise<unknown>, new () => Error, RegExp]>([
    ['a name of nothing', () => kept.create(''), RangeError, /create: name/],
    ['a name that is no text', () => kept.id(loosely(7)), TypeError, /id: name/],
    ['a name that is a path', () => kept.forget('a/b'), RangeError, /forget: name/],
    ['a passphrase as the options', () => kept.create('a', loosely('p')), TypeError, /create: options/],
    ['a misspelt option', () => kept.create('a', loosely({ lock: 'p' })), TypeError, /unknown option 'lock'/],
    ['no passphrase', () => kept.export('a', loosely(undefined)), TypeError, /export: passphrase/],
    ['an empty passphrase', () => kept.export('a', ''), RangeError, /export: passphrase must not be empty/],
    ['an endless passphrase', () => kept.export('a', 'x'.repeat(1_025)), RangeError, /at most 1024/],
    ['a backup that is no text', () => kept.import('a', loosely(7), 'p'), TypeError, /import: backup/],
    ['an empty lock', () => kept.import('a', 'b', 'p', { lock: '' }), RangeError, /import: lock/],
    ['a directory that is no text', () => identities.at(loosely(7)).list(), TypeError, /the directory/],
    ['a directory of nothing', () => identities.at('').list(), RangeError, /the directory/],
  ])('refuse %s', async (_, call, kind, message) => {
    const failing = call()
    await expect(failing).rejects.toThrow(kind)
    await expect(failing).rejects.toThrow(message)
  })
})

describe('events', () => {
  interface Heard {
    word: string
  }

  it('that do not exist are refused by name, and so is a handler that is no function', () => {
    const events = new Events<Heard>(['word'])
    expect(() => events.on(loosely('wrod'), () => {})).toThrow(/'wrod'.*word/)
    expect(() => events.on('word', loosely('handler'))).toThrow(TypeError)
  })

  it('reach everybody who listens, until they stop', () => {
    const events = new Events<Heard>(['word'])
    const heard: string[] = []
    const off = events.on('word', (word) => heard.push(`1 ${word}`))
    events.on('word', (word) => heard.push(`2 ${word}`))
    events.emit('word', 'a')
    off()
    off()
    events.emit('word', 'b')
    expect(heard).toEqual(['1 a', '2 a', '2 b'])
  })

  it('do not reach a handler that another one has just stopped', () => {
    const events = new Events<Heard>(['word'])
    const heard: string[] = []
    events.on('word', () => off())
    const off = events.on('word', (word) => heard.push(word))
    events.on('word', () => events.clear())
    events.on('word', (word) => heard.push(word))
    events.emit('word', 'a')
    expect(heard).toEqual([])
  })

  it('reach a handler that was added meanwhile only the next time', () => {
    const events = new Events<Heard>(['word'])
    const heard: string[] = []
    events.on('word', () => events.on('word', (word) => heard.push(word)))
    events.emit('word', 'a')
    expect(heard).toEqual([])
  })

  it('say when every handler is done, whatever kind of promise it gave', async () => {
    const events = new Events<Heard>(['word'])
    expect(events.emit('word', 'nobody')).toBeUndefined()
    let done = 0
    const finish = () => void done++
    events.on('word', async () => finish())
    events.on('word', () => runInNewContext('Promise.resolve().then(finish)', { finish }) as unknown)
    await events.emit('word', 'a')
    expect(done).toBe(2)
  })
})
