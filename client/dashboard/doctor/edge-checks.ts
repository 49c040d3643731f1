// What the doctor asks the edge: whether it answers, what time it is there, whether a WebSocket opens and carries, and whether
// it gives a pass for a stamp.

import { type IceServer, parseIceServers } from '../../../protocol/bootstrap.ts'
import { readChallenge } from '../../../protocol/crypto/admission/challenge.ts'
import { STAMP_PUZZLES } from '../../../protocol/limits/admission.ts'
import { fromBase64url } from '../../../protocol/wire/base64url.ts'
import { KEEP_ALIVE_PING, KEEP_ALIVE_PONG, SUBPROTOCOL } from '../../../protocol/wire/registry.ts'
import type { OpenKeys } from '../../secure.ts'
import { type Answer, askFor } from '../edge/ask.ts'
import { isRecord, textOr } from '../health.ts'
import { duration, milliseconds } from '../words.ts'
import type { Finding } from './finding.ts'

const SOCKET_MS = 8_000
/** A clock that is off by more shows in times that people read; by far more, and others refuse what we sign. */
const CLOCK_WARN_MS = 60_000
const CLOCK_BAD_MS = 600_000
const STAMP_WARN_MS = 8_000

export interface EdgeAnswer {
  readonly version: string
  readonly challenge: string
  readonly iceServers: readonly IceServer[]
  readonly turn: boolean
  readonly roundTripMs: number
  /** How far our clock is ahead of the edge's; undefined where it did not say. */
  readonly aheadMs: number | undefined
}

export async function askEdge(network: string): Promise<Answer<EdgeAnswer>> {
  const startedAtMs = performance.now()
  return askFor(`/v1/bootstrap?network=${encodeURIComponent(network)}`, (body) => {
    const roundTripMs = performance.now() - startedAtMs
    if (!isRecord(body.version)) return undefined
    const challenge = textOr(body.challenge, '')
    const read = readChallenge(fromBase64url(challenge) ?? new Uint8Array())
    return {
      version: textOr(body.version.software, 'unknown'),
      challenge,
      iceServers: parseIceServers(body.iceServers) ?? [],
      turn: body.turn === true,
      roundTripMs,
      aheadMs: read && Date.now() - roundTripMs / 2 - read.timeMs,
    }
  })
}

export function edgeFinding(answer: Answer<EdgeAnswer>): Finding {
  const [id, title] = ['edge', 'Edge'] as const
  if ('value' in answer)
    return { id, title, state: 'ok', what: `Answers in ${milliseconds(answer.value.roundTripMs)} ms.` }
  const { code, words } = answer.failure
  if (code !== 'no-answer') {
    const advice =
      'It can be reached, so this is not about this browser: if it stays so, whoever runs the edge must look.'
    return { id, title, state: 'bad', what: words, advice }
  }
  const what = navigator.onLine ? 'Does not answer.' : 'Does not answer: the browser says that it is offline.'
  return { id, title, state: 'bad', what, advice: 'Look whether other pages load, and try again.' }
}

export function clockFinding(aheadMs: number | undefined): Finding {
  const [id, title] = ['clock', 'Clock'] as const
  if (aheadMs === undefined)
    return { id, title, state: 'warn', what: 'Cannot be compared: the edge did not say what time it is.' }
  const off = Math.abs(aheadMs)
  if (off < CLOCK_WARN_MS) return { id, title, state: 'ok', what: 'Agrees with the edge’s.' }
  const what = `Is ${duration(off)} ${aheadMs > 0 ? 'ahead of' : 'behind'} the edge’s.`
  const advice = 'Let the device set its clock by itself.'
  if (off < CLOCK_BAD_MS) return { id, title, state: 'warn', what, advice }
  const meaning = 'Links work, but what this browser publishes in the DHT is refused as of another time.'
  return { id, title, state: 'bad', what: `${what} ${meaning}`, advice }
}

interface Carried {
  readonly openMs: number
  readonly roundTripMs: number
}

/** A socket to a mailbox that nobody has: open to everybody, and it leaves nothing behind. */
export async function socketFinding(network: string, id: string): Promise<Finding> {
  const carried = await pingThrough(network, id)
  const title = 'WebSocket'
  if (carried === undefined)
    return {
      id: 'socket',
      title,
      state: 'bad',
      what: 'Does not open, or carries nothing: rooms, mail and the relay need it.',
      advice:
        'A proxy or filter that lets web pages through but no WebSockets does this. Try without VPN or in another network.',
    }
  const what = `Opens in ${milliseconds(carried.openMs)} ms; a round trip takes ${milliseconds(carried.roundTripMs)} ms.`
  return { id: 'socket', title, state: 'ok', what }
}

function pingThrough(network: string, id: string): Promise<Carried | undefined> {
  const url = new URL(`/v1/mailboxes/${id}?network=${encodeURIComponent(network)}`, location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return new Promise((resolve) => {
    let socket: WebSocket
    try {
      socket = new WebSocket(url, [SUBPROTOCOL])
    } catch {
      return resolve(undefined)
    }
    const startedAtMs = performance.now()
    let openMs = 0
    let pingedAtMs = 0
    let pongs = 0
    const end = (carried?: Carried) => {
      clearTimeout(timer)
      resolve(carried)
      socket.close()
    }
    const timer = setTimeout(end, SOCKET_MS)
    const ping = () => {
      pingedAtMs = performance.now()
      socket.send(KEEP_ALIVE_PING)
    }
    socket.onopen = () => {
      openMs = performance.now() - startedAtMs
      ping()
    }
    socket.onmessage = ({ data }) => {
      if (data !== KEEP_ALIVE_PONG) return
      // The first may wait for the object to be made.
      if (++pongs < 2) ping()
      else end({ openMs, roundTripMs: performance.now() - pingedAtMs })
    }
    socket.onerror = () => end()
    socket.onclose = () => end()
  })
}

/** Undefined beside the finding: there is none. */
export async function passFinding(
  keys: OpenKeys,
  challenge: string,
): Promise<{ readonly finding: Finding; readonly pass: string | undefined }> {
  const [id, title] = ['pass', 'Stamp and pass'] as const
  keys.passes.offer(challenge)
  const startedAtMs = performance.now()
  try {
    const pass = await keys.passes.get()
    const ms = performance.now() - startedAtMs
    const bits = readChallenge(fromBase64url(challenge) ?? new Uint8Array())?.bits ?? 0
    const perSecond = (STAMP_PUZZLES * 2 ** bits) / (ms / 1_000)
    const speed = bits < 10 ? '' : `, about ${Math.round(perSecond / 1_000)} thousand hashes a second`
    const what = `The edge gave a pass after ${milliseconds(ms)} ms of work and waiting${speed}.`
    if (ms < STAMP_WARN_MS) return { finding: { id, title, state: 'ok', what }, pass }
    const advice =
      'Slow devices take long, and so does everybody while the edge is busy. It happens once an hour at most.'
    return { finding: { id, title, state: 'warn', what, advice }, pass }
  } catch (problem) {
    const why = problem instanceof Error ? problem.message : String(problem)
    const what = `The edge gives no pass, without which no room opens: ${why}.`
    const advice = 'Try again; if it stays so, whoever runs the edge must look.'
    return { finding: { id, title, state: 'bad', what, advice }, pass: undefined }
  }
}
