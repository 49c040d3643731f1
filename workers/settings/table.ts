// Every setting of a deployment, in one table: its name, kind, default, range, and what it does. The configuration is read by
// it (settings.ts), a wrong one is named by it, and the page docs/operations.md is held to it by a test.
//
// What objects need they read themselves, by the same tables of protocol/: they are started apart from the Worker.

import type { IceServer } from '../../protocol/bootstrap.ts'
import { optionalSecret, requiredSecret } from '../../protocol/crypto/admission/keys.ts'
import { REGIONS, type ShardSite, sitesOf } from '../../protocol/dht/regions.ts'
import { SHARD_SETTINGS } from '../../protocol/dht/shard/config.ts'
import { STAMP_BITS, STAMP_BITS_MAX } from '../../protocol/limits/admission.ts'
import { IN_FLIGHT_MAX } from '../../protocol/limits/breaker.ts'
import * as limits from '../../protocol/limits/gateway.ts'
import { TURN_LIFETIME_MAX_MS, TURN_LIFETIME_MIN_MS, TURN_LIFETIME_MS } from '../../protocol/limits/turn.ts'
import { MAILBOX_SETTINGS } from '../../protocol/mailbox/config.ts'
import { WATCH_SETTINGS } from '../../protocol/network/settings.ts'
import { RATE_CONNECTIONS } from '../../protocol/protection/config.ts'
import { ROOM_SETTINGS } from '../../protocol/room/config.ts'
import { json, oneOf, type Setting, secret, text, whole } from '../../protocol/settings/kinds.ts'
import {
  isAsn,
  isCountry,
  type NamedEdge,
  parseAllowed,
  parseEdges,
  parseOrigins,
} from '../../protocol/settings/lists.ts'
import { parseNamedIceServers } from './ice.ts'
import { parseCollector, parseHeaders, parseShare } from './tracing.ts'
import { parseBase, parseTurnUrls, TURN_API_BASE } from './turn.ts'

const rate = (what: string, otherwise: number) => whole(what, { otherwise, least: 0, most: 1_000_000 })
const allowed = (names: string) =>
  `must be ${names}, with commas between, all of them or none with ! before it`

const ROOMS = {
  ROOM_PEERS_MAX: whole('members of one room; beyond: `room-full`', ROOM_SETTINGS.ROOM_PEERS_MAX),
  PRESENCE_TIMEOUT_MS: whole('how long a silent peer stays on the roster', ROOM_SETTINGS.PRESENCE_TIMEOUT_MS),
  ROOM_TOKENS_PER_SECOND: whole(
    'what each socket may send: a message costs one token, each further frame in it an eighth, a broadcast a 64th for each member',
    ROOM_SETTINGS.ROOM_TOKENS_PER_SECOND,
  ),
  ROOM_BYTES_PER_SECOND: whole('what each socket may send, in bytes', ROOM_SETTINGS.ROOM_BYTES_PER_SECOND),
}

const MAILBOXES = {
  MAILBOX_LETTERS_MAX: whole(
    'letters of one mailbox; beyond: `over-quota`',
    MAILBOX_SETTINGS.MAILBOX_LETTERS_MAX,
  ),
  MAILBOX_BYTES_MAX: whole('what they may come to, in bytes', MAILBOX_SETTINGS.MAILBOX_BYTES_MAX),
  MAILBOX_CONTACTS_PER_SECOND: whole(
    'letters that contacts may put into one mailbox; ten times as many saved up',
    MAILBOX_SETTINGS.MAILBOX_CONTACTS_PER_SECOND,
  ),
  MAILBOX_CONTACTS_BYTES_PER_SECOND: whole(
    'and their bytes; eight times as many saved up',
    MAILBOX_SETTINGS.MAILBOX_CONTACTS_BYTES_PER_SECOND,
  ),
  MAILBOX_STRANGERS_PER_SECOND: whole(
    'letters that strangers may; fifty times as many saved up',
    MAILBOX_SETTINGS.MAILBOX_STRANGERS_PER_SECOND,
  ),
  MAILBOX_STRANGERS_BYTES_PER_SECOND: whole(
    'and their bytes; 32 times as many saved up',
    MAILBOX_SETTINGS.MAILBOX_STRANGERS_BYTES_PER_SECOND,
  ),
  MAILBOX_SOCKET_TOKENS_PER_SECOND: whole(
    'what each socket to a mailbox may send, counted as a room counts',
    MAILBOX_SETTINGS.MAILBOX_SOCKET_TOKENS_PER_SECOND,
  ),
  MAILBOX_SOCKET_BYTES_PER_SECOND: whole('and its bytes', MAILBOX_SETTINGS.MAILBOX_SOCKET_BYTES_PER_SECOND),
}

const SHARDS = {
  DHT_SPLIT_RECORDS: whole(
    'rows of one shard of the DHT; beyond: it splits',
    SHARD_SETTINGS.DHT_SPLIT_RECORDS,
  ),
  DHT_SPLIT_BYTES: whole('and their bytes', SHARD_SETTINGS.DHT_SPLIT_BYTES),
  DHT_SPLIT_PER_SECOND: whole(
    'requests a second of one shard, over a minute; beyond: it splits',
    SHARD_SETTINGS.DHT_SPLIT_PER_SECOND,
  ),
  DHT_REQUESTS_PER_SECOND: whole(
    'requests one shard answers; twice as many saved up; beyond: `busy`',
    SHARD_SETTINGS.DHT_REQUESTS_PER_SECOND,
  ),
  DHT_PEER_RECORDS: whole(
    'what one peer keeps in one shard; beyond: `over-quota`',
    SHARD_SETTINGS.DHT_PEER_RECORDS,
  ),
  DHT_PEER_BYTES: whole('and its bytes', SHARD_SETTINGS.DHT_PEER_BYTES),
  DHT_REGIONS: text<readonly ShardSite[]>(
    'regions that each keep the whole [DHT](../protocol/dht/README.md#regions), as location hints with commas between; the first must stay the first',
    '',
    `names each region once, of ${REGIONS.join(', ')}`,
    sitesNamed,
  ),
}

const CLIENTS = {
  ICE_SERVERS: json<readonly IceServer[]>(
    'JSON: a list of `{ urls, username?, credential? }`; `wrangler.toml` names a public STUN server',
    { otherwise: [], shown: 'none' },
    'must be a list of { urls, username?, credential? }: stun: addresses, or turn: with a username and a credential',
    parseNamedIceServers,
  ),
  EDGES: json<readonly NamedEdge[]>(
    'JSON: a list of `{ url, region?, weight? }`: edges that clients may use beside this one, in order',
    { otherwise: [], shown: 'none' },
    `must be a list of { url, region?, weight? } with urls like https://edge.example and regions of ${REGIONS.join(', ')}`,
    parseEdges,
  ),
}

const PROTECTION = {
  RATE_ADDRESS_PER_SECOND: rate(
    'requests of one address that an isolate takes; ten times as many saved up; 0: not limited',
    limits.RATE_ADDRESS_PER_SECOND,
  ),
  RATE_PEER_PER_SECOND: rate('and of one peer, known by its pass', limits.RATE_PEER_PER_SECOND),
  RATE_NETWORK_PER_SECOND: rate('and of one network', limits.RATE_NETWORK_PER_SECOND),
  RATE_PRESSED_PER_SECOND: rate(
    'requests of everybody at one isolate from which each address has only what a page needs to arrive; 0: however many',
    limits.PRESSED_PER_SECOND,
  ),
  RATE_CONNECTIONS,
  RATE_LOCAL: oneOf(
    '`on`: whoever comes without an address is limited as one address; `off`: not at all, as on a machine of one’s own',
    ['off', 'on'],
    'off',
  ),
  STAMP_BITS: whole('how hard a stamp is while the edge is calm', {
    otherwise: STAMP_BITS,
    least: 0,
    most: STAMP_BITS_MAX,
  }),
  ORIGINS: text(
    'origins whose pages may use the edge, with commas between; none: any',
    '',
    'must be origins like https://app.example, with commas between',
    parseOrigins,
  ),
  COUNTRIES: text(
    'countries whose requests are taken, as two letters with commas between; with `!` before each: not taken; none: any',
    '',
    allowed('countries, of two capital letters each'),
    (given) => parseAllowed(given, isCountry),
  ),
  ASNS: text('and autonomous systems, as numbers', '', allowed('numbers of autonomous systems'), (given) =>
    parseAllowed(given, isAsn),
  ),
}

const WATCHING = {
  NETWORK_VIEW: oneOf(
    'who may see who is in a network: `admin`: whoever has `ADMIN_TOKEN`; `open`: anybody',
    ['admin', 'open'],
    'admin',
  ),
  REPORT_EVERY_MS: whole(
    'how often clients report how their links do, and rooms tell it on at most; 0: never, and nothing is known of a network',
    WATCH_SETTINGS.REPORT_EVERY_MS,
  ),
}

const MEASURING = {
  IN_FLIGHT_MAX: whole('requests in flight in one isolate before the less important are turned away', {
    otherwise: IN_FLIGHT_MAX,
    least: 1,
    most: 1_000_000,
  }),
  TRACE_SAMPLE: text<number>(
    'what share of requests is traced and logged, from 0 to 1',
    '0',
    'must be a number from 0 to 1',
    parseShare,
  ),
  TRACE_COLLECTOR: text<string>(
    'where spans are posted to, as `https://collector.example/v1/traces`',
    '',
    'must be an address like https://collector.example/v1/traces, without a name and password',
    parseCollector,
  ),
}

const TURN = {
  TURN_KEY_ID: text<string>(
    'the id of a TURN key of Cloudflare’s',
    '',
    'must be one line of text',
    (given) => (/^.*$/.test(given) ? given : undefined),
  ),
  TURN_API_BASE: text('where that service is asked', TURN_API_BASE, 'must be an https: address', parseBase),
  TURN_URLS: text(
    'TURN servers of your own, with commas between: `turn:turn.example.org:3478,turns:turn.example.org:443?transport=tcp`',
    '',
    'must be turn: or turns: addresses with commas between',
    parseTurnUrls,
  ),
  TURN_LIFETIME_MS: whole('how long credentials for TURN live', {
    otherwise: TURN_LIFETIME_MS,
    least: TURN_LIFETIME_MIN_MS,
    most: TURN_LIFETIME_MAX_MS,
  }),
}

const SECRETS = {
  PASS_SECRET: secret(
    'what challenges and passes are signed with: base64url of at least 32 random bytes. Without it nobody gets in: every request is answered `misconfigured`',
    (name, given) => {
      requiredSecret(name, given)
      return given
    },
  ),
  PASS_SECRET_PREVIOUS: secret('the one before, for the hour after a rotation', optionalText),
  ADMIN_TOKEN: secret(
    'what shows an administrator: base64url of at least 32 random bytes. Without it there is no administration',
    optionalText,
  ),
  TRACE_HEADERS: secret(
    'headers for `TRACE_COLLECTOR`, as JSON: `{"Authorization":"Bearer …"}`',
    parseHeaders,
  ),
  TURN_KEY_API_TOKEN: secret('the token of `TURN_KEY_ID`', (_, given) => given),
  TURN_SECRET: secret('what the servers of `TURN_URLS` call `static-auth-secret`', (_, given) => given),
}

export const SETTINGS = {
  ...ROOMS,
  ...MAILBOXES,
  ...SHARDS,
  ...CLIENTS,
  ...PROTECTION,
  ...WATCHING,
  ...MEASURING,
  ...TURN,
  ...SECRETS,
} as const satisfies Readonly<Record<string, Setting<unknown, never>>>

export type SettingName = keyof typeof SETTINGS

/** As the platform gives them: what wrangler.toml's [vars] and wrangler's secrets say. */
export type GivenSettings = {
  readonly [Name in SettingName]?: Exclude<Parameters<(typeof SETTINGS)[Name]['read']>[1], undefined>
}

/** As they are used. */
export type Settings = { readonly [Name in SettingName]: ReturnType<(typeof SETTINGS)[Name]['read']> }

function optionalText(name: string, given: string): string | undefined {
  return optionalSecret(name, given) && given
}

function sitesNamed(given: string): readonly ShardSite[] | undefined {
  try {
    return sitesOf({ DHT_REGIONS: given })
  } catch {
    return undefined
  }
}
