// What a client says of itself when it reports: in each room its links to members of that room, and once what became of its messages.

import { REPORT_LINKS_MAX, REPORT_SILENT_PERIODS } from '../protocol/limits/network.ts'
import type { KnownMember } from '../protocol/membership/roster.ts'
import { encodeReport, pairRank, type ReportedLink } from '../protocol/network/report.ts'
import type { JoinedRoom } from './joined-room.ts'
import type { WaypostParts } from './parts.ts'
import type { PeerLink } from './peer-link.ts'
import type { Deliveries, Reported } from './reporting.ts'

/** False: the counts were told nobody, since we are in no room just now. */
export function sayHowWeDo(
  { rooms, links }: Reported,
  counts: Deliveries,
  { identity, suite }: WaypostParts,
  turn: number,
): boolean {
  const native = Object.values(suite.status).every((backend) => backend === 'native')
  const told = new Set<PeerLink>()
  let delivered = counts
  // In order of their names: so both ends of a link tell of it in the same room, once.
  const entered = [...rooms.values()]
    .filter(({ host }) => host.machine.address !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const room of entered) {
    const own = linksIn(room, links, told, identity.bytes)
    const silent = own.length === 0 && delivered.delivered + delivered.failed === 0
    if (silent && turn % REPORT_SILENT_PERIODS !== 0) continue
    give(room, encodeReport({ native, ...delivered, links: own }))
    delivered = { delivered: 0, failed: 0 }
  }
  return entered.length > 0
}

/** Those of this room that no earlier one told of; of too many those that both ends would choose. */
function linksIn(
  room: JoinedRoom,
  links: Reported['links'],
  told: Set<PeerLink>,
  self: Uint8Array,
): ReportedLink[] {
  const own: { readonly rank: number; readonly link: ReportedLink }[] = []
  for (const link of links.values()) {
    const member = memberOf(room, link)
    if (member === undefined || told.has(link)) continue
    told.add(link)
    // One without keys is no link yet, only a way that one could take.
    if (!link.reachable) continue
    const { address, peer } = member
    const { via, roundTripMs } = link
    own.push({ rank: pairRank(self, peer), link: { address, direct: via === 'direct', roundTripMs } })
  }
  return own
    .sort((a, b) => a.rank - b.rank)
    .slice(0, REPORT_LINKS_MAX)
    .map(({ link }) => link)
}

function memberOf(room: JoinedRoom, link: PeerLink): KnownMember | undefined {
  const { machine } = room.host
  return machine.canReach(link.id) ? machine.roster.of(link.id) : undefined
}

/** Beside what the membership itself has to say, and in the same message where there is one. */
function give({ host }: JoinedRoom, frame: Uint8Array): void {
  host.machine.outgoing.push(frame, true)
  host.give({ kind: 'endOfTurn' })
}
