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
import { settings } from '../settings/settings.ts'

export async function bootstrap(c: Context<Edge>): Promise<Response> {
  const network = c.req.query('network') ?? DEFAULT_NETWORK
  if (!isNetworkName(network)) return refuse(c, 'bad-name', 'the name of the network is not well formed')
  const wire = { messageBytesMax: MESSAGE_BYTES_MAX, metadataBytesMax: METADATA_BYTES_MAX }
  const body: Bootstrap = {
    version: { software: VERSION, wire: WIRE_VERSION },
    network,
    iceServers: settings(c.env).ICE_SERVERS,
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
  const difficulty = bits(nowMs)
  const resource = await audienceOf(hash, new URL(c.req.url).origin, network)
  const place = { scope: SCOPE.pass, resource }
  const challenge = await makeChallenge(hash, ring.current, place, difficulty, nowMs, random)
  return { challenge: toBase64url(challenge), difficulty }
}
