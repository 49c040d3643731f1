// A network's figures as /metrics has them: the same whichever isolate is asked, so without its name. Labels are the network, which was
// asked for by name, and words of ours.

import { STATUSES } from '../../protocol/network/health.ts'
import { PRIORITIES } from '../../protocol/priority.ts'
import { type FiguresPage, type Labels, labels } from '../meter/figures.ts'
import type { NetworkFigures } from './health.ts'

export function writeNetworks(page: FiguresPage, networks: readonly NetworkFigures[]): void {
  const one = (name: string, help: string, value: (of: NetworkFigures) => number) =>
    page.sharedGauge(
      name,
      help,
      networks.map((of): [Labels, number] => [labels({ network: of.health.network }), value(of)]),
    )
  const each = (
    name: string,
    help: string,
    label: string,
    values: (of: NetworkFigures) => Readonly<Record<string, number>>,
  ) =>
    page.sharedGauge(
      name,
      help,
      networks.flatMap((of) =>
        Object.entries(values(of)).map(([value, number]): [Labels, number] => [
          labels({ network: of.health.network, [label]: value }),
          number,
        ]),
      ),
    )
  each('waypost_network_health', 'How a network does: 1 for the word that fits.', 'status', ({ health }) =>
    Object.fromEntries(STATUSES.map((status) => [status, Number(status === health.status)])),
  )
  one(
    'waypost_network_registries_missing',
    'Registries that did not answer: what they know is missing.',
    (of) => of.missing,
  )
  one('waypost_network_peers', 'Different peers in rooms.', ({ health }) => health.peers)
  one('waypost_network_rooms', 'Rooms with somebody in them.', ({ health }) => health.rooms)
  each('waypost_network_links', 'Links that both ends report.', 'path', ({ health: { links } }) => {
    const { direct, relay } = links
    return { direct, relay }
  })
  one('waypost_network_mailboxes', 'Mailboxes.', ({ mail }) => mail.mailboxes)
  each('waypost_network_letters', 'Letters that wait, by priority.', 'priority', ({ mail }) =>
    Object.fromEntries(PRIORITIES.map((priority) => [priority, mail.gauges.byPriority[priority]])),
  )
  one('waypost_network_letter_bytes', 'Their bytes.', ({ mail }) => mail.gauges.bytes)
  each(
    'waypost_network_dht_shards',
    'Shards of the DHT, and those that have split.',
    'state',
    ({ health: { dht } }) => {
      const { shards, splits } = dht
      return { whole: shards, split: splits }
    },
  )
  one(
    'waypost_network_dht_records',
    'Records and providers in the DHT, of its first region.',
    ({ health }) => health.dht.records,
  )
  one('waypost_network_dht_bytes', 'What it has on disks, in all regions.', ({ health }) => health.dht.bytes)
}
