// GET /metrics: what is counted, how it is written, and who may see it.

import { env, exports } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import type { NetworkRegistry } from '../../durable-objects/network-registry.ts'
import { registryOfShard } from '../../protocol/network/dht-figures.ts'
import { summaryOf } from '../protocol/network/summaries.ts'
import { keyOf, peerOf, valueRecord } from '../support/dht.ts'
import { contactPut, newOwner } from '../support/mail.ts'
import { offerOf } from '../support/passes.ts'
import { Figures } from './figures.ts'
import { allows, ask, put } from './mail-http.ts'
import { allRegistries, tell } from './network.ts'
import { deployedWith } from './rooms.ts'
import { askShard } from './shards.ts'
import { joinOf, RoomSocket, refusedFor, upgrade } from './socket.ts'

const TOKEN = 'A'.repeat(43)

const fetchMetrics = async (headers: Record<string, string> = {}) => {
  const answer = await exports.default.fetch('https://edge.example/metrics', { headers })
  const text = await answer.text()
  const code = answer.ok ? undefined : (JSON.parse(text) as { error: { code: string } }).error.code
  return { status: answer.status, code, headers: answer.headers, text }
}

describe('GET /metrics', () => {
  it('is closed where nothing else is said, and opens to whoever shows the token as Prometheus does', async () => {
    expect(await fetchMetrics()).toMatchObject({ status: 501, code: 'admin-off' })
    expect(await fetchMetrics({ Authorization: `Bearer ${TOKEN}` })).toMatchObject({ code: 'admin-off' })
    await deployedWith({ ADMIN_TOKEN: TOKEN }, async () => {
      expect(await fetchMetrics()).toMatchObject({ status: 401, code: 'admin-missing' })
      expect((await fetchMetrics()).headers.get('WWW-Authenticate')).toBe('Bearer')
      for (const wrong of ['B'.repeat(43), TOKEN.slice(1), `${TOKEN}A`, ''])
        expect((await fetchMetrics({ Authorization: `Bearer ${wrong}` })).code).toMatch(/^admin-/)
      expect(await fetchMetrics({ Authorization: `Basic ${TOKEN}` })).toMatchObject({ code: 'admin-missing' })
      const shown = await fetchMetrics({ Authorization: `Bearer ${TOKEN}` })
      expect(shown.status).toBe(200)
      expect(shown.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8')
      expect(shown.headers.get('Cache-Control')).toBe('no-store')
      expect(shown.text).not.toContain(TOKEN)
    })
    await deployedWith({ NETWORK_VIEW: 'open' }, async () => expect((await fetchMetrics()).status).toBe(200))
  })

  it('is text that a parser takes, every series once, with the isolate that says so', async () => {
    await ask('/health')
    const figures = await Figures.read()
    expect(figures.families.length).toBeGreaterThan(15)
    const series = figures.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const names = series.map((line) => line.slice(0, line.lastIndexOf(' ')))
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^waypost_[a-z_]+\{isolate="[0-9a-f]{8}"/)
    for (const { name, help, type } of figures.families) {
      expect([name, help.length > 5]).toEqual([name, true])
      expect(name.endsWith('_total')).toBe(type === 'COUNTER')
    }
  })

  it('counts requests by the pattern of their route, whatever ids are in the address', async () => {
    const before = await Figures.read()
    const count = (figures: Figures, labels: Record<string, string>) =>
      figures.value('waypost_http_requests_total', labels)
    await ask('/v1/bootstrap?network=a')
    await ask('/v1/bootstrap?network=b')
    await ask('/v1/bootstrap?network=%20')
    await ask('/v1/bootstrap', { method: 'DELETE' })
    for (let i = 0; i < 20; i++) await ask(`/nothing/${i}`)
    for (let i = 0; i < 20; i++) await ask(`/v1/rooms/room-${i}`)
    const after = await Figures.read()
    const grown = (labels: Record<string, string>) => count(after, labels) - count(before, labels)
    const route = '/v1/bootstrap'
    expect(grown({ route, method: 'GET', status: '200' })).toBe(2)
    expect(grown({ route, method: 'GET', status: '400' })).toBe(1)
    expect(grown({ route, method: 'DELETE', status: '405' })).toBe(1)
    expect(grown({ route: 'none', status: '404' })).toBe(20)
    expect(grown({ route: '/v1/rooms/:room', status: '426' })).toBe(20)
    const routes = new Set(after.samples('waypost_http_requests_total').map(({ labels }) => labels?.route))
    expect([...routes].filter((name) => /nothing|room-/.test(name ?? ''))).toEqual([])
    const { buckets, count: observed } = after.histogram(
      'waypost_http_request_duration_seconds',
      `route="${route}"`,
    )
    const all = count(after, { route })
    expect([buckets.length, buckets.at(-1), observed]).toEqual([12, all, all])
    expect(buckets.toSorted((a, b) => a - b)).toEqual(buckets)
    expect(after.value('waypost_refusals_total', { code: 'not-found', over: 'http' })).toBeGreaterThanOrEqual(
      20,
    )
  })

  it('counts sockets that were taken and those that were refused, and why', async () => {
    const before = await Figures.read()
    await (await RoomSocket.join('counted')).welcomed()
    const join = joinOf()
    const offered = await offerOf(join, { expiresAtMs: 1 })
    await refusedFor(RoomSocket.of(await upgrade('/v1/rooms/counted', offered), join))
    const figures = await Figures.read()
    const route = '/v1/rooms/:room'
    expect(figures.value('waypost_upgrades_total', { route, outcome: 'accepted' })).toBe(1)
    expect(figures.value('waypost_upgrades_total', { route, outcome: 'refused' })).toBe(1)
    expect(figures.value('waypost_refusals_total', { code: 'pass-expired', over: 'socket' })).toBe(1)
    const calls = { class: 'SignalingRoom', outcome: 'succeeded' }
    const made = (of: Figures) => of.value('waypost_object_calls_total', calls)
    expect(made(figures) - made(before)).toBe(1)
  })

  it('says how each class of objects does, and that nothing is in flight but the question', async () => {
    await ask('/network/queue/stats')
    const figures = await Figures.read()
    const health = (of: string) =>
      figures.samples('waypost_dependency_health', { class: of }).find(({ value }) => value === '1')?.labels
        ?.health
    expect(health('NetworkRegistry')).toMatch(/^(healthy|degraded)$/)
    expect(health('DhtShard')).toBe('unknown')
    expect(figures.value('waypost_breaker_state', { class: 'NetworkRegistry', state: 'closed' })).toBe(1)
    expect(figures.value('waypost_http_requests_in_flight')).toBe(1)
    expect(figures.value('waypost_stamp_difficulty')).toBe(16)
  })

  it('says of networks that are asked about what waits in them, and of no more than a few', async () => {
    const owner = await newOwner('figures')
    await allows(owner)
    await put(owner, await contactPut(owner, { priority: 'high' }))
    const figures = await Figures.read('?network=figures&network=silence')
    expect(figures.value('waypost_network_mailboxes', { network: 'figures' })).toBe(1)
    expect(figures.value('waypost_network_letters', { network: 'figures', priority: 'high' })).toBe(1)
    expect(figures.value('waypost_network_letters', { network: 'silence' })).toBe(0)
    expect(figures.value('waypost_network_peers', { network: 'silence' })).toBe(0)
    expect(figures.value('waypost_network_health', { network: 'silence', status: 'unknown' })).toBe(1)
    const many = Array.from({ length: 9 }, (_, i) => `network=n${i}`).join('&')
    await deployedWith({ NETWORK_VIEW: 'open' }, async () => {
      expect((await ask(`/metrics?${many}`)).status).toBe(400)
      expect((await ask('/metrics?network=%22')).status).toBe(400)
    })
  })

  it('says of them who is there, how they are linked and what they keep, and asks their registries once for all who scrape', async () => {
    const network = 'gauged'
    await tell(network, summaryOf({ room: 'lobby', members: [1, 2, 3], links: [[0, 1]] }))
    await tell(network, summaryOf({ room: 'annex', members: [3] }))
    const owner = peerOf('gauged')
    await askShard(network, '0101', { kind: 'put', record: valueRecord(keyOf(1, '0101')), owner })
    const registry = allRegistries(network)[registryOfShard('0101')] as DurableObjectStub<NetworkRegistry>
    await vi.waitFor(async () => expect((await registry.view()).dht?.records).toBe(1))
    const calls = (of: Figures) =>
      of.value('waypost_object_calls_total', { class: 'NetworkRegistry', outcome: 'succeeded' })
    const before = calls(await Figures.read())
    const figures = await Figures.read(`?network=${network}`)
    const value = (name: string, more = {}) => figures.value(`waypost_network_${name}`, { network, ...more })
    expect([value('peers'), value('rooms'), value('registries_missing')]).toEqual([3, 2, 0])
    expect([value('links', { path: 'direct' }), value('links', { path: 'relay' })]).toEqual([1, 0])
    expect([value('dht_shards', { state: 'whole' }), value('dht_shards', { state: 'split' })]).toEqual([1, 0])
    expect([value('dht_records'), value('dht_bytes') > 1_000]).toEqual([1, true])
    expect(value('health', { status: 'healthy' })).toBe(1)
    expect(value('health')).toBe(1)
    await Figures.read(`?network=${network}`)
    // A page is written before its own calls are made.
    expect(calls(await Figures.read()) - before).toBe(16)
  })

  it.each([
    [{ TRACE_SAMPLE: '2' }, 'TRACE_SAMPLE'],
    [{ TRACE_COLLECTOR: 'collector' }, 'TRACE_COLLECTOR'],
    [{ TRACE_HEADERS: '{"A b":"secret"}' }, 'TRACE_HEADERS'],
    [{ TRACE_HEADERS: '["secret"]' }, 'TRACE_HEADERS'],
    [{ IN_FLIGHT_MAX: '0' }, 'IN_FLIGHT_MAX'],
  ])('a deployment set to %j is misconfigured, and says what is', async (vars, name) => {
    await deployedWith(vars, async () => {
      const { status, body } = await ask('/health')
      expect([status, body.error.code]).toEqual([500, 'misconfigured'])
      expect(body.error.message).toContain(name)
      expect(body.error.message).not.toContain('secret')
    })
    expect(env).not.toHaveProperty(name, 'secret')
  })
})
