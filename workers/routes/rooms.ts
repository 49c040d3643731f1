// GET /v1/rooms/:room?network= upgrades to the room's socket.

import type { Context } from 'hono'
import { DEFAULT_NETWORK, isNetworkName, isRoomName } from '../../protocol/names.ts'
import { GRANT_HEADER, JOIN_HEADER, REGION_HEADER } from '../../protocol/room/admission.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { encode } from '../../protocol/wire/codec.ts'
import { SUBPROTOCOL } from '../../protocol/wire/registry.ts'
import { admit } from '../admission.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { addressHeader } from '../gate/address-tag.ts'
import { roomObjectName } from '../placement.ts'
import { regionOf } from '../region.ts'
import { isUpgrade, refuseForFailure, refuseUpgrade } from '../upgrade.ts'

export async function enterRoom(c: Context<Edge, '/v1/rooms/:room'>): Promise<Response> {
  const room = c.req.param('room')
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  const named = isRoomName(room) && isNetworkName(network)
  if (!isUpgrade(c.req.raw)) {
    if (!named) return refuse(c, 'bad-name', 'the name of the room or network is not well formed')
    return refuse(c, 'upgrade-required', 'a room is a WebSocket', { Upgrade: 'websocket' })
  }
  if (!named) return refuseUpgrade(c.req.raw, 'bad-request')
  const admission = await admit(c.req.raw, c.env, network)
  if (!admission.admitted) return refuseUpgrade(c.req.raw, admission.code, admission.retryAfterMs)
  const headers = new Headers({
    Upgrade: 'websocket',
    [JOIN_HEADER]: toBase64url(encode(admission.join)),
    [GRANT_HEADER]: toBase64url(admission.grant),
    [REGION_HEADER]: regionOf(c.req.raw),
    ...(await addressHeader(c.req.raw, c.env)),
    // What else was offered stays here, the pass above all.
    'Sec-WebSocket-Protocol': SUBPROTOCOL,
  })
  try {
    return await c.env.ROOMS.getByName(roomObjectName(network, room)).fetch(
      new Request(c.req.url, { headers }),
    )
  } catch (error) {
    return refuseForFailure(c.req.raw, error)
  }
}
