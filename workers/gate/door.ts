// Before everything else: while more is asked of this isolate than it can bear, whoever asks more than a page needs to arrive is told so
// at the lowest price there is, before any route is looked for. That is two thirds of what the shortest way through the app costs.

import { checkPass } from '../../protocol/crypto/admission/pass.ts'
import { DEFAULT_NETWORK } from '../../protocol/names.ts'
import { peerIdText } from '../../protocol/peer-id.ts'
import { Pressed } from '../../protocol/protection/pressed.ts'
import { offeredPass } from '../../protocol/room/admission.ts'
import { passCheck } from '../desk.ts'
import { PLAIN_DRESS, PLAIN_PREFLIGHT } from '../dressed.ts'
import type { Env } from '../env.ts'
import { HTTP_ERRORS, Misconfigured } from '../errors.ts'
import { counters } from '../meter/isolate.ts'
import { settings } from '../settings/settings.ts'
import { allowedOrigin } from './filtered.ts'
import { limitedAddress } from './rates.ts'

/** This isolate's own. */
const pressed = new Pressed()

/** Counts whoever comes; most times nobody is turned away, and nothing is waited for. */
export function atTheDoor(request: Request, env: Env): undefined | Promise<Response | undefined> {
  const nowMs = Date.now()
  if (!pressed.ask(pressedFrom(env), nowMs)) return undefined
  const address = limitedAddress(request, env)
  if (address === undefined) return undefined
  const waitMs = pressed.addressWaitMs(address, nowMs)
  return waitMs === 0 ? undefined : turnedAway(request, env, waitMs)
}

/** Of an edge that is set wrongly the app says so. */
function pressedFrom(env: Env): number {
  try {
    return settings(env).RATE_PRESSED_PER_SECOND
  } catch (error) {
    if (error instanceof Misconfigured) return 0
    throw error
  }
}

async function turnedAway(request: Request, env: Env, waitMs: number): Promise<Response | undefined> {
  if (isPreflight(request))
    return new Response(null, { status: 204, headers: dress(request, env, PLAIN_PREFLIGHT) })
  if (await showsPass(request, env)) return undefined
  counters.refusals.add('code="rate-limited",over="door"')
  const message = `more comes from this address than may while the edge is flooded; come again in ${waitMs} ms`
  // An upgrade, too, is answered so: a socket that is opened to be told why it is closed costs what is to be spared.
  return new Response(JSON.stringify({ error: { code: 'rate-limited', message, retryAfterMs: waitMs } }), {
    status: HTTP_ERRORS['rate-limited'],
    headers: dress(request, env, {
      'Content-Type': 'application/json',
      'Retry-After': `${Math.ceil(waitMs / 1_000)}`,
    }),
  })
}

/** A browser sends no pass before it has asked whether it may; and to say that it may costs no more than to refuse. */
function isPreflight(request: Request): boolean {
  return request.method === 'OPTIONS' && request.headers.has('Access-Control-Request-Method')
}

function dress(request: Request, env: Env, more: Readonly<Record<string, string>>): Record<string, string> {
  const readable = allowedOrigin(request.headers.get('Origin') ?? '', env)
  return {
    ...PLAIN_DRESS,
    ...more,
    'X-Request-Id': crypto.randomUUID(),
    ...(readable !== null && { 'Access-Control-Allow-Origin': readable }),
    ...(readable !== '*' && { Vary: 'Origin' }),
  }
}

/** A pass was worked for. Whoever has one may come and ask a little, whatever else comes from its address. */
async function showsPass(request: Request, env: Env): Promise<boolean> {
  const text =
    offeredPass(request.headers.get('Sec-WebSocket-Protocol')) ??
    /^Bearer (\S+)$/i.exec(request.headers.get('Authorization') ?? '')?.[1]
  if (text === undefined) return false
  const network = new URL(request.url).searchParams.get('network') ?? DEFAULT_NETWORK
  const { hash, ring } = await passCheck(env)
  const nowMs = Date.now()
  const pass = await checkPass(hash, ring, text, { network }, nowMs)
  if (typeof pass === 'string') return false
  return pressed.peerWaitMs(`${network}/${peerIdText(pass.subject)}`, nowMs) === 0
}
