// What this browser's WebRTC gathers and reaches: candidates from STUN servers, and a connection to itself through TURN.

import type { IceServer } from '../../../protocol/bootstrap.ts'
import type { Candidate, Gathered } from './nat.ts'

/** A STUN server that has not answered by then does not: UDP gets lost, and the browser goes on trying for half a minute. */
const STUN_MS = 3_000
const LOOPBACK_MS = 10_000

const urlsOf = ({ urls }: IceServer): readonly string[] => (typeof urls === 'string' ? [urls] : urls)

/** Every server among them that answers STUN over UDP: TURN servers do. Two addresses of the list are two servers. */
export function stunUrls(servers: readonly IceServer[]): string[] {
  const found = new Set<string>()
  for (const url of servers.flatMap(urlsOf)) {
    const [, scheme, place, transport] = /^(stun|turn):([^?]+)(?:\?transport=(\w+))?$/.exec(url) ?? []
    if (scheme !== undefined && place !== undefined && transport !== 'tcp')
      found.add(`stun:${/:\d+$/.test(place) ? place : `${place}:3478`}`)
  }
  return [...found]
}

/** Undefined where the browser makes no connection at all. */
export async function gather(servers: readonly IceServer[]): Promise<Gathered | undefined> {
  // More than a few make browsers slow, and two are enough.
  const urls = stunUrls(servers).slice(0, 3)
  let pc: RTCPeerConnection
  try {
    pc = new RTCPeerConnection({ iceServers: urls.map((url) => ({ urls: url })) })
  } catch {
    return undefined
  }
  const candidates: Candidate[] = []
  let errors = 0
  const finished = new Promise<boolean>((resolve) => {
    const timer = setTimeout(resolve, STUN_MS, false)
    pc.onicecandidateerror = () => errors++
    pc.onicecandidate = ({ candidate }) => {
      const read = candidate === null ? undefined : candidateOf(candidate)
      if (read !== undefined) candidates.push(read)
    }
    pc.onicegatheringstatechange = () => {
      if (pc.iceGatheringState !== 'complete') return
      clearTimeout(timer)
      resolve(true)
    }
  })
  try {
    pc.createDataChannel('doctor')
    await pc.setLocalDescription(await pc.createOffer())
    return { candidates, finished: await finished, errors, servers: urls.length }
  } finally {
    pc.close()
  }
}

function candidateOf({ type, address, port, foundation }: RTCIceCandidate): Candidate | undefined {
  if (!type || !address || !port) return undefined
  return { type, address, port, foundation: foundation ?? '' }
}

/** How long it takes until two ends in this page, both of which may use TURN alone, have heard of each other; undefined: never. */
export async function loopback(servers: readonly IceServer[]): Promise<number | undefined> {
  const config: RTCConfiguration = {
    iceServers: servers as RTCIceServer[],
    iceTransportPolicy: 'relay',
  }
  const startedAtMs = performance.now()
  const ends: RTCPeerConnection[] = []
  try {
    const a = new RTCPeerConnection(config)
    const b = new RTCPeerConnection(config)
    ends.push(a, b)
    tell(a, b)
    tell(b, a)
    const channel = a.createDataChannel('doctor')
    const echoed = new Promise<boolean>((resolve) => {
      setTimeout(resolve, LOOPBACK_MS, false)
      channel.onopen = () => channel.send('hello')
      channel.onmessage = () => resolve(true)
      b.ondatachannel = ({ channel: other }) => {
        other.onmessage = ({ data }) => other.send(data as string)
      }
    })
    await a.setLocalDescription(await a.createOffer())
    if (a.localDescription !== null) await b.setRemoteDescription(a.localDescription)
    await b.setLocalDescription(await b.createAnswer())
    if (b.localDescription !== null) await a.setRemoteDescription(b.localDescription)
    return (await echoed) ? performance.now() - startedAtMs : undefined
  } catch {
    return undefined
  } finally {
    for (const end of ends) end.close()
  }
}

/** Candidates found before the other has a description wait for it, in the order found. */
function tell(from: RTCPeerConnection, to: RTCPeerConnection): void {
  const early: RTCIceCandidate[] = []
  const give = (candidate: RTCIceCandidate) => void to.addIceCandidate(candidate).catch(() => {})
  from.onicecandidate = ({ candidate }) => {
    if (candidate === null) return
    if (to.remoteDescription === null) early.push(candidate)
    else give(candidate)
  }
  to.addEventListener('signalingstatechange', () => {
    if (to.remoteDescription !== null) for (const candidate of early.splice(0)) give(candidate)
  })
}
