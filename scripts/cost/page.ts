// docs/cost.md, written out of prices and counters, so that no figure on it is typed by hand.

import { MAILBOX_LOT_LETTERS_MAX, REGISTRY_ASKS_MAX } from '../../protocol/limits/mailbox.ts'
import {
  DASHBOARD_ASKS_MS,
  REPORT_EVERY_MS,
  WATCH_EVERY_MS,
  WATCH_QUIET_MS,
} from '../../protocol/limits/network.ts'
import { JUDGED_EVERY_MS, LISTED_FRESH_MS } from '../../protocol/limits/protection.ts'
import { KEEP_ALIVE_MS } from '../../protocol/limits/room.ts'
import { SHARD_ROOT_BITS, SHARD_SOCKET_CALLS } from '../../protocol/limits/shard.ts'
import { REGISTRIES } from '../../protocol/mailbox/report.ts'
import { dollarsBeyond, marginalDollars, monthlyDollars, overFree, sumOf } from './bill.ts'
import { APPLICATIONS, type Application, monthOf } from './examples.ts'
import { AS_OF, METERS, type Meter, PLAN_DOLLARS, PRICES, SOCKET_MESSAGES_IN_REQUEST } from './prices.ts'
import {
  ASKED_TOGETHER,
  DHT,
  DHT_ROWS,
  EVENT_MS,
  KNOWN_ROWS,
  LETTER_BYTES,
  LETTER_ROWS,
  LINK_MESSAGES,
  MAILBOX_BYTES,
  MAILBOXES,
  MESH,
  MESH_VISITS,
  NEIGHBOURHOOD,
  OPENING_ROWS,
  PROVIDED_TOGETHER,
  PUBLISHING_ROWS,
  PUT_TOGETHER,
  RELAY,
  REQUEST_CPU_MS,
  ROOMS,
  roomHour,
  speakingHour,
  TOOK_TOGETHER,
  type Usage,
  WATCHING,
  watchedRoomHour,
  watcherHour,
} from './usage.ts'

const NAMES: Readonly<Record<Meter, string>> = {
  workerRequests: 'Worker requests',
  workerCpuMs: 'Worker CPU, ms',
  objectRequests: 'object requests',
  objectGbSeconds: 'object GB-seconds',
  rowsWritten: 'rows written',
  storedGbMonths: 'GB stored',
}

export function count(value: number): string {
  if (value === 0) return '0'
  const digits = value >= 100 ? 0 : value >= 1 ? 1 : 3
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

export function dollars(value: number): string {
  if (value === 0) return '$0'
  return value < 0.1
    ? `$${value.toPrecision(2)}`
    : `$${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Of a million, all beyond what the plan includes. */
function perMillion(rows: readonly (readonly [string, Usage])[]): string {
  const meters: readonly Meter[] = ['workerRequests', 'objectRequests', 'objectGbSeconds', 'rowsWritten']
  const head = ['a million of', ...meters.map((meter) => NAMES[meter]), 'cost']
  return table(
    head,
    rows.map(([name, one]) => {
      const million = sumOf([[1e6, one]])
      return [name, ...meters.map((meter) => count(million[meter])), dollars(marginalDollars(million))]
    }),
  )
}

const plus = (...parts: readonly Usage[]) => sumOf(parts.map((usage) => [1, usage]))

const prices = () =>
  table(
    ['meter', 'in the plan, a month', 'then, a million'],
    METERS.filter((meter) => meter !== 'storedGbMonths').map((meter) => [
      NAMES[meter],
      count(PRICES[meter].included),
      dollars(PRICES[meter].perMillion),
    ]),
  )

function example(app: Application): string {
  const month = monthOf(app)
  const over = overFree(month)
  const perUser = `${app.visits} visits, ${app.hours} hours in a room of ${app.roomOf}, ${app.messages} messages (${app.relayedShare * 100} % of them relayed) and ${app.letters} letters`
  const free =
    over.length === 0
      ? 'It fits the Free plan.'
      : `Too much for the Free plan: ${over.map((meter) => NAMES[meter]).join(', ')}.`
  const rows = METERS.map((meter) => [
    NAMES[meter],
    count(month[meter]),
    count(PRICES[meter].included),
    dollars(dollarsBeyond(month, meter)),
  ])
  return `### ${app.name}

Each of ${count(app.users)} users, each day: ${perUser}.

${table(['a month', 'used', 'in the plan', 'beyond it'], rows)}

**${dollars(monthlyDollars(month))} a month**, with the plan’s ${dollars(PLAN_DOLLARS)}. ${free}`
}

function mailboxes(): string {
  const { storedGbMonths } = PRICES
  return `## Mailboxes

${perMillion([
  ['letters put by a request', MAILBOXES.putByRequest],
  ['letters put over a socket to the mailbox', MAILBOXES.putBySocket],
  [`letters put over a socket to the mailbox, ${PUT_TOGETHER} in a message`, MAILBOXES.putTogether],
  ['letters put over a socket to another mailbox, passed on', MAILBOXES.putPassedOn],
  ['letters pushed to the owner', RELAY.direct],
  ['letters taken, each in a message', MAILBOXES.takenAlone],
  [`letters that came alone, taken ${TOOK_TOGETHER} in a message`, MAILBOXES.takenTogether],
  [`letters that came together, taken ${TOOK_TOGETHER} in a message`, MAILBOXES.lotsTaken],
  ['**letters by a request, taken each in a message**', plus(MAILBOXES.putByRequest, MAILBOXES.takenAlone)],
  ['**letters by a socket, taken together**', plus(MAILBOXES.putBySocket, MAILBOXES.takenTogether)],
  ['**letters by a socket, put and taken together**', plus(MAILBOXES.putTogether, MAILBOXES.lotsTaken)],
  ['owners’ sockets opened', MAILBOXES.home],
  ['alarms', MAILBOXES.alarm],
  ['times a mailbox says that its figures have changed', MAILBOXES.news],
  ['times it is asked for them', MAILBOXES.asked],
  [`mailboxes opened: ${OPENING_ROWS + KNOWN_ROWS} rows, and ${PUBLISHING_ROWS} for prekeys`, MAILBOXES.open],
])}

Letters that come together share a row: up to ${MAILBOX_LOT_LETTERS_MAX} of the least size, and no more bytes than the largest has. Taken together they cost a row more, and taken
one by one a row each, for then the others are written anew. Letters that come alone and are taken together are a row each. An alarm is a
row when it is set, and serves every letter that ends no earlier than the first of them. So a mailbox whose letters all live for a week sets one a
week however many come; a mailbox that gets one letter of an hour each day sets one a day; and where each letter ends earlier than
all before it, each sets one, and costs ${LETTER_ROWS.put + LETTER_ROWS.taken + 1} rows instead of ${LETTER_ROWS.put + LETTER_ROWS.taken}.

What waits and what became of it is counted for \`GET /network/queue/stats\`, and that costs no row: what was counted goes into a row that
is written when letters are taken. A mailbox that wakes says once that its figures have changed, which is an object request: so a letter that comes and goes
alone costs two such requests more, and in a busy mailbox none. Who asks for figures pays for asking: ${REGISTRIES} requests, and one for each mailbox that
has changed since, no more than ${count(REGISTRIES * REGISTRY_ASKS_MAX)} at once.

A mailbox with its prekeys is no more than ${count(MAILBOX_BYTES / 1e3)} KB on disk, a letter of the least size adds no more than ${count(LETTER_BYTES / 1e3)} KB while it waits: a million mailboxes are
${dollars((MAILBOX_BYTES / 1e9) * 1e6 * (storedGbMonths.perMillion / 1e6))} a month, a million letters waiting for a month ${dollars((LETTER_BYTES / 1e9) * 1e6 * (storedGbMonths.perMillion / 1e6))}.
`
}

function dht(): string {
  return `## The DHT

${perMillion([
  ['records got by a request', DHT.getByRequest],
  ['… that were read there a moment ago', DHT.getFromMemory],
  ['records got over a home socket', DHT.getBySocket],
  [`records got over it, ${ASKED_TOGETHER} in a message`, DHT.getTogether],
  ['records got over it by who asks much, each in a message', DHT.getByLine],
  ['hours of asking so much: nobody asked sleeps', DHT.linesHour],
  ['records put by a request', DHT.putByRequest],
  ['records put over a home socket', DHT.putBySocket],
  [`calls that say of ${count(PROVIDED_TOGETHER)} keys that one has them`, DHT.provide],
  ['times a browser comes to the mesh', MESH.come],
  ['hours of a browser in it', MESH.hour],
])}

A mailbox that asks a shard ${count(SHARD_SOCKET_CALLS)} times within a second goes on over a socket to it, and closes it when it has asked nothing for a second: then a question is a message and not a call, and what costs is that
the mailbox and up to ${count(2 ** SHARD_ROOT_BITS)} shards are awake, at the most. Browsers that use the DHT meet in rooms of their own, neighbourhoods of ${count(NEIGHBOURHOOD)} here, of which each pays its share: pings, looking for who vanished,
reports. Coming is entering it and ${count(MESH_VISITS)} others, and half of what it takes to link with whom is met there, ${count(LINK_MESSAGES)} messages for each: those two figures are assumed. What peers then ask each other costs nothing.

A record is ${DHT_ROWS.put} rows: its own, and that of its owner’s account in the shard. Put again while more than a quarter of its time is left it is none. What is not
counted here: clearing away what has ended, an alarm of each shard that does it, and the few rows that a shard has of itself. Each further
region costs what is written once more, in object requests and rows.
`
}

function watching(): string {
  return `## Watching

${perMillion([
  ['reports of a client', WATCHING.report],
  ['what a room or a shard of the DHT tells its registry', WATCHING.summary],
  ['hours of a room of 1 that is watched, more than of one that is not', watchedRoomHour(1)],
  ['hours of a room of 2', watchedRoomHour(2)],
  ['hours of a room of 8', watchedRoomHour(8)],
  ['hours of a room of 100', watchedRoomHour(100)],
  ['looks at a network’s health, or scrapes of its figures', WATCHING.health],
  ['looks at its topology', WATCHING.topology],
  ['hours of watching the events of a network with one room', watcherHour(1)],
  ['… of a network with rooms at every registry', watcherHour(REGISTRIES)],
])}

Who watches asks each registry with rooms once in ${count(WATCH_EVERY_MS / 1_000)} s and those without once in ${count(WATCH_QUIET_MS / 1_000)} s; all who watch one network through one isolate of the Worker share that. The dashboard's page of a network
looks at health, topology and queues besides, ${count(3 * (3_600_000 / DASHBOARD_ASKS_MS))} times an hour.

Clients report once in ${count(REPORT_EVERY_MS / 1_000)} s, and a room tells it on no more often; no row is written for it, but for one of a registry every ten minutes: its history. In a room of two or more
nobody is woken by a report, since its members look for who vanished every few seconds anyway; a lone member, who does not, reports every fifth time, and that is
all that wakes its room. A shard tells what it holds when that changed, and what it was asked, no more than once a period either. \`REPORT_EVERY_MS\` sets the period: with half of it all of this costs double, and with 0 nothing.
`
}

export function costPage(): string {
  const { storedGbMonths } = PRICES
  return `# What a deployment costs

In US dollars, on Cloudflare’s Workers Paid plan (${dollars(PLAN_DOLLARS)} a month), at its prices of ${AS_OF}. This page is written by \`npm run cost\` out of
[prices](../scripts/cost/prices.ts) and [counters](../scripts/cost/usage.ts), which tests hold against the running edge.

In short: messages that travel directly between peers cost nothing, relayed ones next to nothing. What costs is **rows
written**: a letter in a mailbox is ${LETTER_ROWS.put + LETTER_ROWS.taken} of them, and so are ${PUT_TOGETHER} that come and are taken together.

${prices()}

Storage: ${storedGbMonths.included} GB are in the plan, then ${dollars(storedGbMonths.perMillion / 1e6)} for each GB and month. Traffic out is free, and so are messages that the edge sends. Of
messages that it hears over a socket ${SOCKET_MESSAGES_IN_REQUEST} are billed as one request.

Four figures are assumed, not measured, two of them for the mesh alone: an event keeps an object running for ${EVENT_MS} ms on the clock, a request takes the Worker ${REQUEST_CPU_MS} ms
of processor time. None is known for a real deployment. And pings, one each ${KEEP_ALIVE_MS / 1_000} s, are counted as messages, though the platform
answers them by itself and does not say whether it bills them. Rows read and log lines are left out: few of either are paid for.

## Rooms

${perMillion([
  ['connecting: bootstrap and a pass', ROOMS.connect],
  ['entering a room', ROOMS.enter],
  ['broadcasts, to however many', ROOMS.broadcast],
  ['hours of a member in a room: pings', ROOMS.memberHour],
  ['hours of a room of 2: looking for who vanished', roomHour(2)],
  ['hours of a room of 8 or more', roomHour(8)],
  ['hours of a peer that speaks all the while: whether it is listed', speakingHour],
])}

Whoever speaks, through a room or over a home socket, is looked up in its registry once in ${count(JUDGED_EVERY_MS / 1_000)} s, and no more: all objects of an isolate share what they heard in the last ${count(LISTED_FRESH_MS / 1_000)} s.
Whoever is only there, with pings, reports and looking for who vanished, is not looked up.

${watching()}
## Messages between two peers

${perMillion([
  ['over a direct path', RELAY.direct],
  ['through the relay', RELAY.relayed],
  ['through the relay, 16 to a frame', RELAY.relayedBatched],
])}

${mailboxes()}
${dht()}
## Examples

Letters are put by requests, taken one by one, of each is said alone that it came and that it went, and they wait a day; each mailbox sets an alarm a day, its owner’s socket stays open for as long as the
owner is in a room. Months have 30 days.

${APPLICATIONS.map(example).join('\n\n')}
`
}
