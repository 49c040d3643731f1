// GET /network/peer/:id?network=: where one peer is and with whom it is linked. For administrators, or where anybody may look.

import type { Context } from 'hono'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import { isPeerId, parsePeerId, peerIdText } from '../../protocol/peer-id.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { registryName } from '../gate/listed.ts'
import { askRegistries, soon } from '../network/registries.ts'
import { refuseUnlessSeeing } from '../network/viewer.ts'
import type { NetworkPeerBody } from '../openapi/bodies/network.ts'

export async function networkPeer(c: Context<Edge, '/network/peer/:id'>): Promise<Response> {
  const denied = await refuseUnlessSeeing(c)
  if (denied !== undefined) return denied
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  const id = c.req.param('id')
  if (!isNetworkName(network) || !isPeerId(id))
    return refuse(c, 'bad-name', 'the id of the peer or the name of the network is not well formed')
  const peer = parsePeerId(id)
  const [{ answers, missing }, listed] = await Promise.all([
    askRegistries(c.env, network, (registry) => registry.peer(peer)),
    soon(c.env.REGISTRIES.getByName(registryName(network, peer)).listing(peer)),
  ])
  const places = answers.flat()
  if (places.length === 0 && listed?.value === undefined)
    return refuse(c, 'no-such-peer', 'no room has said lately that this peer is there')
  const body: NetworkPeerBody = {
    network,
    id,
    partial: missing > 0 || listed === undefined,
    seenAtMs: places.length === 0 ? null : Math.max(...places.map(({ seenAtMs }) => seenAtMs)),
    region: places.find(({ region }) => region !== 'unknown')?.region ?? 'unknown',
    native: places.find(({ native }) => native !== null)?.native ?? null,
    rooms: places.map(({ room, sinceMs }) => ({ name: room, sinceMs })),
    links: places.flatMap(({ links }) =>
      links.map(({ peer, ...link }) => ({ peer: peerIdText(peer), ...link })),
    ),
    blacklisted: listed?.value ?? null,
  }
  return c.json(body, 200, { 'Cache-Control': 'no-store' })
}
