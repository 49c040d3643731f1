// Whether TURN is there, gives credentials, and carries: the last way to a peer that goes directly.

import { parseIceServers } from '../../../protocol/bootstrap.ts'
import { isRecord, textOr } from '../health.ts'
import { milliseconds } from '../words.ts'
import type { Finding } from './finding.ts'
import { loopback } from './ice.ts'
import type { Udp } from './nat.ts'

const ANSWER_MS = 10_000
const RELAY = 'What no NAT lets through goes through Waypost’s own relay.'

export async function turnFinding(
  network: string,
  offered: boolean,
  pass: string | undefined,
  udp: Udp | undefined,
): Promise<Finding> {
  const finding = (state: Finding['state'], what: string, advice?: string): Finding => ({
    id: 'turn',
    title: 'TURN',
    state,
    what,
    ...(advice !== undefined && { advice }),
  })
  if (!offered) {
    if (udp === 'symmetric' || udp === 'blocked')
      return finding(
        'warn',
        `This edge has none, and this network would need it for direct links. ${RELAY}`,
        'Whoever runs the edge can set it up: docs/operations.md says how.',
      )
    return finding('ok', `This edge has none. ${RELAY}`)
  }
  if (pass === undefined) return finding('warn', 'Cannot be asked for without a pass.')
  const answer = await credentials(network, pass)
  if (typeof answer === 'string')
    return finding(
      'bad',
      `The edge gives no credentials: ${answer}. ${RELAY}`,
      'Whoever runs the edge must look at its TURN settings.',
    )
  const ms = await loopback(answer)
  if (ms !== undefined)
    return finding(
      'ok',
      `Gives credentials, and carried a message to this page and back in ${milliseconds(ms)} ms.`,
    )
  return finding(
    'bad',
    `The edge gave credentials, but nothing comes through the TURN server with them. ${RELAY}`,
    'Either this network blocks it (then TURN over TLS on port 443 would help), or its secret is not the edge’s.',
  )
}

/** What was wrong, where there are none. */
async function credentials(network: string, pass: string) {
  try {
    const response = await fetch(`/v1/turn?network=${encodeURIComponent(network)}`, {
      cache: 'no-store',
      headers: { Authorization: `Bearer ${pass}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    const body: unknown = await response.json()
    if (!isRecord(body)) return 'its answer is none'
    if (!response.ok)
      return textOr(isRecord(body.error) ? body.error.message : undefined, `status ${response.status}`)
    return parseIceServers(body.iceServers) ?? 'its answer is none'
  } catch {
    return 'no answer'
  }
}
