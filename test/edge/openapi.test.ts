// GET /openapi.json: every route of the Worker is in it, and nothing else; and what is not as it says would be seen.

import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { app } from '../../workers/app.ts'
import { openApiDocument } from '../../workers/openapi/document.ts'
import { OPERATIONS } from '../../workers/openapi/operations.ts'
import { expectDescribed, fetchDescribed } from './described.ts'

describe('GET /openapi.json', () => {
  it('says all that the Worker serves, and no more', () => {
    // Middleware is of every path; what is of every method is only what refuses others.
    const routes = app.routes.filter(({ method, path }) => method !== 'ALL' && !path.includes('*'))
    const served = new Set(routes.map(({ method, path }) => `${method} ${path}`))
    expect(Object.keys(OPERATIONS).sort()).toEqual([...served].sort())
  })

  it('says of each pattern which methods are refused', () => {
    const refusing = new Set(app.routes.filter(({ method }) => method === 'ALL').map(({ path }) => path))
    for (const route of Object.keys(OPERATIONS)) expect(refusing).toContain(route.split(' ')[1])
  })

  it('is served as it is made', async () => {
    const answer = await fetchDescribed('https://edge.example/openapi.json')
    expect(answer.headers.get('Content-Type')).toBe('application/json')
    expect(await answer.json()).toEqual(openApiDocument())
    const again = await exports.default.fetch('https://edge.example/openapi.json')
    expect(again.status).toBe(200)
  })
})

describe('the Delegated Routing API', () => {
  const CID = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

  it.each([
    `/routing/v1/providers/${CID}`,
    `/routing/v1/dht/closest/peers/${CID}`,
    `/routing/v1/peers/${CID}`,
    '/routing/v1/providers/none',
    '/routing/v1/ipns/none',
  ])('answers %s as it is described, as one object and line by line', async (path) => {
    for (const Accept of ['application/json', 'application/x-ndjson']) {
      const { status } = await fetchDescribed(`https://edge.example${path}`, { headers: { Accept } })
      expect(status).toBe(path.endsWith('none') ? 422 : 200)
    }
  })
})

describe('an answer that is not as described', () => {
  const answer =
    (body: unknown, status = 200, type = 'application/json') =>
    () => {
      const text = JSON.stringify(body)
      expectDescribed(
        'GET',
        '/health',
        new Response(text, { status, headers: { 'Content-Type': type } }),
        text,
      )
    }
  const probe = { ok: true, latencyMs: 1 }
  const objects = { SignalingRoom: probe, RelayMailbox: probe, NetworkRegistry: probe, DhtShard: probe }
  const health = { status: 'ok', version: '1', uptimeMs: 1, objects }
  const refusal = (code: string) => ({ error: { code, message: 'no' } })

  it.each([
    ['a field that is missing', answer({ ...health, version: undefined })],
    ['a field nobody described', answer({ ...health, more: 1 })],
    ['a field of another kind', answer({ ...health, uptimeMs: '1' })],
    [
      'a field deep within',
      answer({ ...health, objects: { ...objects, DhtShard: { ok: false, latencyMs: 1 } } }),
    ],
    ['a status nobody described', answer(health, 202)],
    ['a type nobody described', answer(health, 200, 'text/html')],
    ['a refusal that is none of this route’s', answer(refusal('spent'), 503)],
  ])('%s is seen', (_, check) => {
    expect(check).toThrow('GET /health')
  })

  it('and one that is, is not', () => {
    expect(answer(health)).not.toThrow()
    expect(answer(health, 503)).not.toThrow()
    expect(answer(refusal('overloaded'), 503)).not.toThrow()
  })
})
