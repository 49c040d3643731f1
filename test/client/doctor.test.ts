// What the doctor makes of candidates, and of a report: the cases that no browser on one machine brings about.

import { describe, expect, it } from 'vitest'
import { reportOf, shortAddress, verdictOf } from '../../client/dashboard/doctor/finding.ts'
import { stunUrls } from '../../client/dashboard/doctor/ice.ts'
import { type Candidate, type Gathered, udpOf } from '../../client/dashboard/doctor/nat.ts'

const host: Candidate = { type: 'host', address: 'a.local', port: 50_000, foundation: '1' }
const mapped = (port: number, foundation = '2', address = '203.0.113.7'): Candidate => ({
  type: 'srflx',
  address,
  port,
  foundation,
})
const gathered = (candidates: Candidate[], more: Partial<Gathered> = {}): Gathered => ({
  candidates: [host, ...candidates],
  finished: true,
  errors: 0,
  servers: 2,
  ...more,
})

describe('candidates', () => {
  it.each<[string, Gathered, string]>([
    ['one door, two answers', gathered([mapped(1)]), 'endpoint-independent'],
    ['two doors', gathered([mapped(1), mapped(2)]), 'symmetric'],
    [
      'two doors, though a third server is silent',
      gathered([mapped(1), mapped(2)], { finished: false }),
      'symmetric',
    ],
    ['two interfaces', gathered([mapped(1), mapped(2, '3')]), 'endpoint-independent'],
    ['two ways out of one', gathered([mapped(1), mapped(2, '2', '198.51.100.1')]), 'endpoint-independent'],
    ['one answer of two', gathered([mapped(1)], { finished: false }), 'behind-nat'],
    ['one answer, one refusal', gathered([mapped(1)], { errors: 1 }), 'behind-nat'],
    ['one server', gathered([mapped(1)], { servers: 1 }), 'behind-nat'],
    ['answers that add nothing', gathered([]), 'no-nat'],
    ['silence', gathered([], { finished: false }), 'blocked'],
    ['refusals', gathered([], { errors: 2 }), 'blocked'],
    ['no interface at all', { ...gathered([]), candidates: [] }, 'blocked'],
    ['no server', gathered([], { servers: 0 }), 'none-asked'],
  ])('of %s', (_, seen, udp) => {
    expect(udpOf(seen)).toBe(udp)
  })
})

describe('STUN servers', () => {
  it('are those over UDP, TURN servers too, each once', () => {
    const servers = [
      { urls: 'stun:stun.example' },
      { urls: ['stun:stun.example:3478', 'turn:turn.example:80?transport=udp', 'turn:[2001:db8::1]:3478'] },
      { urls: ['turn:turn.example:80?transport=tcp', 'turns:turn.example:443', 'stuns:stun.example'] },
    ]
    expect(stunUrls(servers)).toEqual([
      'stun:stun.example:3478',
      'stun:turn.example:80',
      'stun:[2001:db8::1]:3478',
    ])
  })
})

describe('a report', () => {
  it('shortens every address, wherever it is said', () => {
    expect(shortAddress('203.0.113.7')).toBe('203.0.x.x')
    expect(shortAddress('2001:db8:1:2::7')).toBe('2001:db8:…')
    expect(shortAddress('0c1b.local')).toBe('hidden')
    const what = 'seen at 203.0.113.7 and 2001:db8:1:2::7, at 10:15:30'
    const finding = { id: 'udp', title: 'UDP', state: 'ok', what, advice: 'not 198.51.100.20' } as const
    const about = { edge: 'edge.example', version: '1.0.0', browser: 'Browser/1.0', at: new Date(0) }
    const report = reportOf(about, [finding])
    for (const whole of ['203.0.113.7', '2001:db8:1:2::7', '198.51.100.20'])
      expect(report).not.toContain(whole)
    expect(report).toContain('[ok] UDP: seen at 203.0.x.x and 2001:db8:…')
    expect(report).toContain('1970-01-01T00:00:00.000Z')
  })

  it('begins with the worst', () => {
    const of = (id: string, state: 'ok' | 'warn' | 'bad') => ({ id, title: id, state, what: 'x' })
    expect(verdictOf([of('edge', 'ok')])).toContain('everything')
    expect(verdictOf([of('edge', 'ok'), of('nat', 'warn')])).toContain('could be better')
    expect(verdictOf([of('nat', 'warn'), of('udp', 'bad')])).toContain('with trouble')
    expect(verdictOf([of('udp', 'bad'), of('socket', 'bad')])).toContain('cannot connect')
    expect(verdictOf([of('edge', 'bad'), of('socket', 'bad')])).toContain('does not get through')
    expect(verdictOf([of('edge', 'bad'), of('socket', 'ok')])).toContain('which does not serve it')
  })
})
