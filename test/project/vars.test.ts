// What stops a deploy: settings that cannot be, names that are none, and secrets in a file.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../../scripts/paths.ts'
import { problemsInVars } from '../../scripts/vars.ts'
import { read } from './tree.ts'

describe('the vars of a configuration file', () => {
  it('are settings that can be', () => {
    expect(problemsInVars({ ROOM_PEERS_MAX: 1_000, NETWORK_VIEW: 'open', DHT_REGIONS: '' })).toEqual([])
  })

  it('that cannot be are named, all of them, with what they must be', () => {
    expect(
      problemsInVars({
        ROOM_PEERS_MAX: 0,
        ROOM_PEER_MAX: 5,
        NETWORK_VIEW: 'all',
        PASS_SECRET: 'x'.repeat(43),
      }),
    ).toEqual([
      'ROOM_PEER_MAX is no setting of this edge',
      'PASS_SECRET is a secret and must be in no file: `npx wrangler secret put PASS_SECRET` sets it',
      'ROOM_PEERS_MAX must be a whole number from 1 to 30000, not 0',
      'NETWORK_VIEW must be one of admin, open, not all',
    ])
  })

  it('name one maker of TURN credentials, not two', () => {
    const coturn = { TURN_URLS: 'turn:turn.example' }
    expect(problemsInVars(coturn)).toEqual([])
    expect(problemsInVars({ ...coturn, TURN_KEY_ID: 'key' })).toEqual([
      'TURN_KEY_ID and TURN_URLS are both set; one of them makes the credentials',
    ])
  })

  it('name ICE servers that browsers take: they refuse a whole list for one', () => {
    const problems = (...ICE_SERVERS: object[]) => problemsInVars({ ICE_SERVERS }).length
    const turn = { username: 'name', credential: 'word' }
    for (const good of [
      { urls: 'stun:stun.example' },
      { urls: ['stun:[::1]:3478', 'stuns:stun.example:5349'] },
      { urls: ['turn:turn.example:3478?transport=tcp', 'turns:turn.example', 'stun:turn.example'], ...turn },
    ])
      expect(problems(good), JSON.stringify(good)).toBe(0)
    for (const bad of [
      { urls: 'turn:turn.example' },
      { urls: 'turn:turn.example', username: 'name' },
      { urls: 'stun:stun.example?transport=udp' },
      { urls: 'stun:stun.example:65536' },
      { urls: 'turn:turn.example?transport=sctp', ...turn },
      { urls: 'stun:a:b:c' },
      { urls: 'stun:stun.example', user: 'name' },
    ])
      expect(problems({ urls: 'stun:stun.example' }, bad), JSON.stringify(bad)).toBe(1)
  })

  it('name a collector that can be posted to', () => {
    expect(problemsInVars({ TRACE_COLLECTOR: 'https://collector.example/v1/traces' })).toEqual([])
    expect(problemsInVars({ TRACE_COLLECTOR: 'https://me:word@collector.example' })).toHaveLength(1)
  })

  it('are looked at before every deploy, which a wrong one stops', () => {
    expect((JSON.parse(read('package.json')) as { scripts: { deploy: string } }).scripts.deploy).toBe(
      'node scripts/check-settings.ts && wrangler deploy',
    )
    const folder = mkdtempSync(join(tmpdir(), 'waypost-toml-'))
    try {
      const wrong = join(folder, 'wrangler.toml')
      const check = (path: string) =>
        spawnSync(process.execPath, [join(root, 'scripts', 'check-settings.ts'), path], { encoding: 'utf8' })
      writeFileSync(wrong, 'name = "w"\ncompatibility_date = "2026-10-23"\n[vars]\nSTAMP_BITS = 99\n')
      const { status, stderr } = check(wrong)
      expect([status, stderr]).toEqual([
        1,
        'settings: STAMP_BITS must be a whole number from 0 to 22, not 99\n',
      ])
      expect(check(join(root, 'wrangler.toml')).status).toBe(0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
