// GET /v1/bootstrap?network=: what a client needs to know before its first socket.

import type { Context } from 'hono'
import { type Bootstrap, bootstrapLimits } from '../../protocol/bootstrap.ts'
import { makeChallenge, SCOPE } from '../../protocol/crypto/admission/challenge.ts'
import { audienceOf } from '../../protocol/crypto/admission/names.ts'
import { METADATA_BYTES_MAX } from '../../protocol/limits/room.ts'
import { MESSAGE_BYTES_MAX } from '../../protocol/limits/wire.ts'
import { DEFAULT_NETWORK, isNetworkName } from '../../protocol/names.ts'
import { reportEveryMs } from '../../protocol/network/settings.ts'
import { roomConfig } from '../../protocol/room/config.ts'
import { VERSION } from '../../protocol/version.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { admissionDesk } from '../desk.ts'
import type { Edge } from '../env.ts'
import { refuse } from '../errors.ts'
import { extraBits, limitedAddress } from '../gate/rates.ts'
import { peerSample } from '../peer-sample.ts'
import { regionOf } from '../region.ts'
import { relaysFor } from '../relays.ts'
import { settings } from '../settings/settings.ts'
import { turnProvider } from '../turn/provider.ts'

export async function bootstrap(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  if (!isNetworkName(network)) return refuse(c, 'bad-name', 'the name of the network is not well formed')
  const wire = { messageBytesMax: MESSAGE_BYTES_MAX, metadataBytesMax: METADATA_BYTES_MAX }
  const { ICE_SERVERS, EDGES } = settings(c.env)
  const region = regionOf(c.req.raw)
  const body: Bootstrap = {
    version: { software: VERSION, wire: WIRE_VERSION },
    network,
    ...(region !== '' && { region }),
    iceServers: ICE_SERVERS,
    relays: relaysFor(new URL(c.req.url).origin, EDGES, region === '' ? undefined : region),
    ...(c.req.query('peers') === '1' && { peers: await peerSample(c.env, network, region) }),
    ...(turnProvider(settings(c.env)) && { turn: true as const }),
    ...(await offer(c, network)),
    reportEveryMs: reportEveryMs(c.env),
    limits: bootstrapLimits(roomConfig(c.env), wire),
  }
  return c.json(body, 200, { 'Cache-Control': 'no-store' })
}

async function offer(
  c: Context<Edge>,
  network: string,
): Promise<Pick<Bootstrap, 'challenge' | 'difficulty'>> {
  const { hash, ring, random, bits } = await admissionDesk(c.env)
  const nowMs = Date.now()
  const difficulty = bits(nowMs, extraBits(c.env, limitedAddress(c.req.raw, c.env), network, nowMs))
  const resource = await audienceOf(hash, new URL(c.req.url).origin, network)
  const place = { scope: SCOPE.pass, resource }
  const challenge = await makeChallenge(hash, ring.current, place, difficulty, nowMs, random)
  return { challenge: toBase64url(challenge), difficulty }
}
