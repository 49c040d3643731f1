// Misuse throws at once, as what it is, and names the argument. No edge is needed to be told.

import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { Events } from '../../client/events.ts'
import { connect } from '../../client/index.ts'

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
  ])('refuses %s', async (_, edge, options, kind, message) => {
    const failing = connect(loosely(edge), loosely(options))
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
