// The stateless edge: every route, and what all of them share. It keeps nothing between requests.

import { Hono } from 'hono'
import { requestId } from 'hono/request-id'
import { dressed } from './dressed.ts'
import type { Edge } from './env.ts'
import { Misconfigured, refuse, refuseFor, Unavailable } from './errors.ts'
import { configured } from './gate/configured.ts'
import { filtered } from './gate/filtered.ts'
import { limited } from './gate/limited.ts'
import { measured, shed } from './meter/measured.ts'
import { listPeer, showAudit, showBlacklist, unlistPeer } from './routes/blacklist.ts'
import { bootstrap } from './routes/bootstrap.ts'
import { closestPeers, getRecord, provideAll, provideOne, providers, putRecord } from './routes/dht.ts'
import { health } from './routes/health.ts'
import { putLetter, readLetters, takeLetters } from './routes/letters.ts'
import { drawPrekeys, openMailbox, publishPrekeys, setAccess } from './routes/mailboxes.ts'
import { metrics } from './routes/metrics.ts'
import { networkEvents } from './routes/network-events.ts'
import { networkHealth } from './routes/network-health.ts'
import { networkPeer } from './routes/network-peer.ts'
import { networkTopology } from './routes/network-topology.ts'
import { openapi } from './routes/openapi.ts'
import { givePass } from './routes/passes.ts'
import { queueStats } from './routes/queue-stats.ts'
import { enterRoom } from './routes/rooms.ts'
import { getIpns, putIpns, routeClosestPeers, routePeer, routeProviders } from './routes/routing.ts'
import { turn } from './routes/turn.ts'

export const app = new Hono<Edge>()

app.use(requestId({ headerName: 'X-Request-Id' }), measured, dressed, configured, filtered, limited, shed)

app.get('/health', health)
app.get('/metrics', metrics)
app.get('/openapi.json', openapi)
app.get('/v1/bootstrap', bootstrap)
app.post('/v1/passes', givePass)
app.get('/v1/turn', turn)
app.get('/v1/rooms/:room', enterRoom)
app.get('/v1/mailboxes/:id', openMailbox)
app.post('/v1/mailboxes/:id/messages', putLetter)
app.get('/v1/mailboxes/:id/messages', readLetters)
app.delete('/v1/mailboxes/:id/messages/:ids', takeLetters)
app.put('/v1/mailboxes/:id/prekeys', publishPrekeys)
app.get('/v1/mailboxes/:id/prekeys', drawPrekeys)
app.put('/v1/mailboxes/:id/access', setAccess)
app.put('/v1/dht/records/:key', putRecord)
app.get('/v1/dht/records/:key', getRecord)
app.get('/v1/dht/peers/:target', closestPeers)
app.post('/v1/dht/providers', provideAll)
app.post('/v1/dht/providers/:key', provideOne)
app.get('/v1/dht/providers/:key', providers)
app.get('/routing/v1/providers/:cid', routeProviders)
app.get('/routing/v1/peers/:peer', routePeer)
app.get('/routing/v1/dht/closest/peers/:key', routeClosestPeers)
app.get('/routing/v1/ipns/:name', getIpns)
app.put('/routing/v1/ipns/:name', putIpns)
app.get('/network/queue/stats', queueStats)
app.get('/network/health', networkHealth)
app.get('/network/topology', networkTopology)
app.get('/network/peer/:id', networkPeer)
app.get('/network/events', networkEvents)
app.get('/network/blacklist', showBlacklist)
app.post('/network/blacklist', listPeer)
app.delete('/network/blacklist/:id', unlistPeer)
app.get('/network/audit', showAudit)

const ALLOWED = {
  '/health': 'GET, HEAD, OPTIONS',
  '/metrics': 'GET, HEAD, OPTIONS',
  '/openapi.json': 'GET, HEAD, OPTIONS',
  '/v1/bootstrap': 'GET, HEAD, OPTIONS',
  '/v1/passes': 'POST, OPTIONS',
  '/v1/turn': 'GET, HEAD, OPTIONS',
  '/v1/rooms/:room': 'GET, HEAD, OPTIONS',
  '/network/queue/stats': 'GET, HEAD, OPTIONS',
  '/network/health': 'GET, HEAD, OPTIONS',
  '/network/topology': 'GET, HEAD, OPTIONS',
  '/network/peer/:id': 'GET, HEAD, OPTIONS',
  '/network/events': 'GET, HEAD, OPTIONS',
  '/network/blacklist': 'GET, HEAD, POST, OPTIONS',
  '/network/blacklist/:id': 'DELETE, OPTIONS',
  '/network/audit': 'GET, HEAD, OPTIONS',
  '/v1/mailboxes/:id': 'GET, HEAD, OPTIONS',
  '/v1/mailboxes/:id/messages': 'GET, HEAD, POST, OPTIONS',
  '/v1/mailboxes/:id/messages/:ids': 'DELETE, OPTIONS',
  '/v1/mailboxes/:id/prekeys': 'GET, HEAD, PUT, OPTIONS',
  '/v1/mailboxes/:id/access': 'PUT, OPTIONS',
  '/v1/dht/records/:key': 'GET, HEAD, PUT, OPTIONS',
  '/v1/dht/peers/:target': 'GET, HEAD, OPTIONS',
  '/routing/v1/providers/:cid': 'GET, HEAD, OPTIONS',
  '/routing/v1/peers/:peer': 'GET, HEAD, OPTIONS',
  '/routing/v1/dht/closest/peers/:key': 'GET, HEAD, OPTIONS',
  '/routing/v1/ipns/:name': 'GET, HEAD, PUT, OPTIONS',
  '/v1/dht/providers': 'POST, OPTIONS',
  '/v1/dht/providers/:key': 'GET, HEAD, POST, OPTIONS',
}
for (const [path, Allow] of Object.entries(ALLOWED)) {
  app.all(path, (c) => refuse(c, 'method-not-allowed', `${c.req.method} is not served here`, { Allow }))
}
app.notFound((c) => refuse(c, 'not-found', `nothing is served at ${c.req.path}`))
app.onError((error, c) => {
  if (error instanceof Unavailable) return refuseFor(c, 'unavailable', error.message, error.retryAfterMs)
  if (error instanceof Misconfigured) return refuse(c, 'misconfigured', error.message)
  return refuse(c, 'internal', `the edge failed to answer; its log knows request ${c.get('requestId')}`)
})
