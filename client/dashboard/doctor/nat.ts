// What the candidates that a browser gathered say of the network it is in. Pure: measured in ice.ts, and told apart here.
//
// Behind a NAT a STUN server sees another address than we have: a candidate of type srflx. Where two servers see the same port,
// the NAT keeps one door for all, and peers can be told of it; where they see two, each peer would come to a door of its own that
// nobody can know beforehand (design: a "symmetric" NAT). A browser tells each such address once, so that one candidate from two
// servers that both answered is one door.

import type { Finding } from './finding.ts'
import { shortAddress } from './finding.ts'

export interface Candidate {
  readonly type: string
  readonly address: string
  readonly port: number
  readonly foundation: string
}

export interface Gathered {
  readonly candidates: readonly Candidate[]
  /** The browser was done in time: every server has answered, or refused. */
  readonly finished: boolean
  /** Servers that did not answer, as the browser says. */
  readonly errors: number
  /** How many STUN servers were asked. */
  readonly servers: number
}

export type Udp = 'none-asked' | 'blocked' | 'no-nat' | 'endpoint-independent' | 'symmetric' | 'behind-nat'

export function udpOf({ candidates, finished, errors, servers }: Gathered): Udp {
  if (servers === 0) return 'none-asked'
  const mapped = candidates.filter(({ type }) => type === 'srflx')
  // All servers answered, and saw the address that the device has.
  if (mapped.length === 0) return finished && errors === 0 && candidates.length > 0 ? 'no-nat' : 'blocked'
  const doors = new Map<string, Set<number>>()
  for (const { foundation, address, port } of mapped) {
    // By foundation: another network interface is another door, and says nothing of this one.
    const place = `${foundation} ${address}`
    doors.set(place, (doors.get(place) ?? new Set()).add(port))
  }
  if ([...doors.values()].some((ports) => ports.size > 1)) return 'symmetric'
  return servers > 1 && finished && errors === 0 ? 'endpoint-independent' : 'behind-nat'
}

const RELAYED = 'Links go through the relay, encrypted all the same.'

/** Where the edge gave no answer that could name a server. */
export const UDP_UNKNOWN: Finding = {
  id: 'udp',
  title: 'UDP, NAT and TURN',
  state: 'warn',
  what: 'Cannot be looked at: the edge did not say which STUN and TURN servers there are.',
}

export function udpFinding(udp: Udp, { candidates }: Gathered): Finding {
  const title = 'UDP'
  const seen = candidates.find(({ type }) => type === 'srflx')
  const from = seen === undefined ? '' : ` The world sees this browser at ${shortAddress(seen.address)}.`
  if (udp === 'none-asked')
    return {
      id: 'udp',
      title,
      state: 'warn',
      what: 'This edge names no STUN server, so nobody was asked. Browsers connect directly within one network only.',
      advice: 'Whoever runs the edge sets ICE_SERVERS.',
    }
  if (udp === 'blocked')
    return {
      id: 'udp',
      title,
      state: 'bad',
      what: `No STUN server answered: UDP does not get out of this network. ${RELAYED}`,
      advice:
        'A firewall, VPN or company network does this. Another network, or a TURN server on port 443, would connect directly.',
    }
  return { id: 'udp', title, state: 'ok', what: `A STUN server answered: UDP gets out and back.${from}` }
}

export function natFinding(udp: Udp): Finding {
  const title = 'NAT'
  const finding = (state: Finding['state'], what: string, advice?: string): Finding => ({
    id: 'nat',
    title,
    state,
    what,
    ...(advice !== undefined && { advice }),
  })
  switch (udp) {
    case 'no-nat':
      return finding('ok', 'None: the address of this device is what the world sees.')
    case 'endpoint-independent':
      return finding(
        'ok',
        'Servers see the same port, whichever is asked: there is none, or one that keeps one door for all (endpoint-independent). Peers can reach this browser.',
      )
    case 'symmetric':
      return finding(
        'warn',
        'It shows each server another port (symmetric). Peers behind a strict NAT of their own cannot be reached directly, others can.',
        'With TURN they can too. Without, the relay carries these links.',
      )
    case 'behind-nat':
      return finding(
        'ok',
        'There is one. Of which kind only two STUN servers that answer could tell; most kinds let peers through.',
      )
    case 'none-asked':
    case 'blocked':
      return finding('warn', 'Cannot be told without an answer from a STUN server.')
  }
}
