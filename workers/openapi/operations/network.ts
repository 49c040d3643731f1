// Routes that show a network: to anybody how it does, and under pseudonyms who is in it; to administrators all of it.

import * as z from 'zod'
import { WATCH_EVERY_MS, WATCH_FOR_MS, WATCH_PEERS_MAX } from '../../../protocol/limits/network.ts'
import type { HttpErrorCode } from '../../errors.ts'
import { NetworkHealth, NetworkPeer, NetworkTopology } from '../bodies/network.ts'
import { json, type Operation } from '../operation.ts'
import { network, topologyLimit } from '../parameters.ts'

const NOT_ADMIN = ['admin-missing', 'admin-wrong', 'admin-off'] as const satisfies readonly HttpErrorCode[]

const WHO_SEES = `Whoever shows the administrator’s token, and anybody where NETWORK_VIEW is \`open\`, sees PeerIds and names of rooms; all others see
pseudonyms and no names. A wrong token is refused.`

const EVENTS = `${WHO_SEES}

The edge looks every ${WATCH_EVERY_MS / 1_000} s (more often where \`REPORT_EVERY_MS\` is less than a minute), and ends the stream after ${WATCH_FOR_MS / 60_000} minutes; then a browser asks again by itself. Ids of
events count from 1 in each stream, and nothing is told again to who comes back. Where nothing is new there is a comment. Data is JSON:

- \`health\`, first and whenever it changes: as GET /network/health says it, without \`mail\` and \`history\`
- \`peer-joined\`, \`peer-left\`: \`{ "id", "region" }\`, of ${WATCH_PEERS_MAX} peers at most; not while registries do not answer
- \`refusals\`: how many more there were since, by code
- \`blacklisted\`: a Listing; \`unblacklisted\`: \`{ "id" }\`; both only for whom may see PeerIds`

export const NETWORK: Readonly<Record<string, Operation>> = {
  'GET /network/health': {
    tag: 'network',
    summary: 'How a network does, in words and figures, and how it did in the last hour',
    query: [network],
    answers: { 200: json('As all its registries together know it', NetworkHealth) },
    refuses: ['bad-name'],
  },
  'GET /network/topology': {
    tag: 'network',
    summary: 'Peers, rooms and links of a network, up to a bound',
    description: WHO_SEES,
    query: [network, topologyLimit],
    answers: { 200: json('Of more peers than are shown, a fair sample', NetworkTopology) },
    refuses: [...NOT_ADMIN, 'bad-name', 'malformed'],
  },
  'GET /network/peer/:id': {
    tag: 'network',
    summary: 'Where one peer is, and with whom it is linked',
    shows: 'admin',
    query: [network],
    answers: { 200: json('As rooms have said lately, and whether it is listed', NetworkPeer) },
    refuses: [...NOT_ADMIN, 'bad-name', 'no-such-peer'],
  },
  'GET /network/events': {
    tag: 'network',
    summary: 'What changes in a network, as server-sent events',
    description: EVENTS,
    query: [network],
    answers: { 200: { what: 'The stream', content: { 'text/event-stream': z.string() } } },
    refuses: [...NOT_ADMIN, 'bad-name'],
  },
}
