// What the edge uses of what is billed, for each thing that people do with it. Rows and stored bytes are counted by tests in
// real objects (test/edge/mailbox-rows.test.ts), sweeps by asking the very function that decides on them; requests and
// messages are those of the protocol. Two figures are assumptions, and named so on the page.

import { MAILBOX_LOT_LETTERS_MAX } from '../../protocol/limits/mailbox.ts'
import { MEETING_NEAREST, MEETING_RESIDENTS_MAX } from '../../protocol/limits/meeting.ts'
import {
  REPORT_EVERY_MS,
  REPORT_SILENT_PERIODS,
  WATCH_EVERY_MS,
  WATCH_FOR_MS,
  WATCH_QUIET_MS,
} from '../../protocol/limits/network.ts'
import { JUDGED_EVERY_MS } from '../../protocol/limits/protection.ts'
import { KEEP_ALIVE_MS, SWEEP_MS, SWEEP_WARDENS } from '../../protocol/limits/room.ts'
import { SHARD_ROOT_BITS } from '../../protocol/limits/shard.ts'
import { REGISTRIES } from '../../protocol/mailbox/report.ts'
import { sumOf } from './bill.ts'
import { type Meter, OBJECT_GB, SOCKET_MESSAGES_IN_REQUEST } from './prices.ts'

/** Rows written for a letter that comes alone, through its life; and for a lot of them that come together, and are taken so. */
export const LETTER_ROWS = { put: 1, delivered: 0, taken: 1 } as const
/** Setting an alarm is a row. One serves all letters that end no earlier than the first. */
export const ALARM_ROWS = 1
/** Once for each mailbox, too: its network's registry learns of it. Its figures cost no row. */
export const KNOWN_ROWS = 1
/** Once for each mailbox: its tables, its owner, whom it lets write. */
export const OPENING_ROWS = 13
/** A publication, and each of its one-time prekeys. */
export const PREKEYS = 64
export const PUBLISHING_ROWS = 1 + PREKEYS
/** On disk, of a mailbox with its prekeys and no letter; no more than this. */
export const MAILBOX_BYTES = 160_000
/** …and what a letter of the least size adds, with its row; no more than this. */
export const LETTER_BYTES = 4_700

/** A record of the DHT is a row, and its owner's account another; of keys provided together each is one, and head and account. */
export const DHT_ROWS = { put: 2, providedToShard: 2 } as const
/** Questions of one message, and keys under one signature. */
export const ASKED_TOGETHER = 16
export const PROVIDED_TOGETHER = 1_024

/** Assumed: the time on the clock for which an event keeps an object running, waiting for the disk included. */
export const EVENT_MS = 5
/** Assumed: the processor's time for a request to the Worker. */
export const REQUEST_CPU_MS = 2

/** Assumed: messages of both ends until they have a direct link: an offer, an answer, candidates, and the three of the handshake. */
export const LINK_MESSAGES = 14
/** Assumed: buckets of a node's table that a visit to another neighbourhood finds somebody for. A network of 60,000 has so many. */
export const MESH_VISITS = 10

const HOUR_MS = 3_600_000

/** What is billed of something. */
export type Usage = Readonly<Record<Meter, number>>

/** What happens when somebody does something. All are 0 where not said. */
export interface Happening {
  readonly workerRequests?: number
  /** Requests and calls that reach an object. */
  readonly objectRequests?: number
  /** Over sockets, to an object. */
  readonly messages?: number
  /** Messages that the platform answers by itself: no object runs. */
  readonly pings?: number
  readonly rowsWritten?: number
}

export function usageOf(happening: Happening): Usage {
  const { workerRequests = 0, objectRequests = 0, messages = 0, pings = 0, rowsWritten = 0 } = happening
  return {
    workerRequests,
    workerCpuMs: workerRequests * REQUEST_CPU_MS,
    objectRequests: objectRequests + (messages + pings) / SOCKET_MESSAGES_IN_REQUEST,
    objectGbSeconds: (((objectRequests + messages) * EVENT_MS) / 1_000) * OBJECT_GB,
    rowsWritten,
    storedGbMonths: 0,
  }
}

/** Letters in one message, where a sender gathers them: a lot of the least size. */
export const PUT_TOGETHER = MAILBOX_LOT_LETTERS_MAX
/** Letters taken in one message, where a client gathers them. */
export const TOOK_TOGETHER = 32

export const ROOMS = {
  /** What to connect with, and a pass: once an hour at most, and not again while a socket renews it. */
  connect: usageOf({ workerRequests: 2 }),
  enter: usageOf({ workerRequests: 1, objectRequests: 1 }),
  broadcast: usageOf({ messages: 1 }),
  /** Whether a peer is listed, asked of its registry. */
  verdict: usageOf({ objectRequests: 1 }),
  memberHour: usageOf({ pings: HOUR_MS / KEEP_ALIVE_MS }),
} as const

/** Members ask the room in turns to look for who vanished. */
export function roomHour(members: number): Usage {
  const wardens = members < 2 ? 0 : Math.min(members, SWEEP_WARDENS)
  return usageOf({ messages: (HOUR_MS / SWEEP_MS) * wardens })
}

/** Its members' reports, and the room's own to its registry. A lone member has nothing to tell of, and does so less often. */
export function watchedRoomHour(members: number): Usage {
  const summaries = HOUR_MS / REPORT_EVERY_MS / (members === 1 ? REPORT_SILENT_PERIODS : 1)
  return usageOf({ messages: members * summaries, objectRequests: summaries })
}

/** Whoever speaks in a room or over a home socket is looked up so often. No more than this: those of one registry are asked about together. */
export const speakingHour = usageOf({ objectRequests: HOUR_MS / JUDGED_EVERY_MS })

/** Of registries that have rooms, and those that have none. All watchers that reach one isolate share this. */
export function watcherHour(busy: number): Usage {
  const objectRequests = busy * (HOUR_MS / WATCH_EVERY_MS) + (REGISTRIES - busy) * (HOUR_MS / WATCH_QUIET_MS)
  return usageOf({ workerRequests: HOUR_MS / WATCH_FOR_MS, objectRequests })
}

export const WATCHING = {
  report: usageOf({ messages: 1 }),
  summary: usageOf({ objectRequests: 1 }),
  /** Mailboxes whose figures changed are asked besides, and not counted here. A scrape of /metrics is the same for each network. */
  health: usageOf({ workerRequests: 1, objectRequests: REGISTRIES }),
  topology: usageOf({ workerRequests: 1, objectRequests: REGISTRIES }),
} as const

export const RELAY = {
  direct: usageOf({}),
  relayed: usageOf({ messages: 1 }),
  relayedBatched: usageOf({ messages: 1 / 16 }),
} as const

const SHARDS = 2 ** SHARD_ROOT_BITS
/** How many of the shards some questions come to, where chance spreads them. */
const shardsAsked = (questions: number) => SHARDS * (1 - (1 - 1 / SHARDS) ** questions)

export const DHT = {
  getByRequest: usageOf({ workerRequests: 1, objectRequests: 1 }),
  getFromMemory: usageOf({ workerRequests: 1 }),
  getBySocket: usageOf({ messages: 1, objectRequests: 1 }),
  /** By who asks so much that its mailbox has sockets to the shards: a message there instead of a call. */
  getByLine: usageOf({ messages: 2 }),
  /** …and as long as that goes on neither the mailbox nor any shard sleeps. */
  linesHour: { ...usageOf({}), objectGbSeconds: (HOUR_MS / 1_000) * (1 + SHARDS) * OBJECT_GB },
  getTogether: usageOf({
    messages: 1 / ASKED_TOGETHER,
    objectRequests: shardsAsked(ASKED_TOGETHER) / ASKED_TOGETHER,
  }),
  putByRequest: usageOf({ workerRequests: 1, objectRequests: 1, rowsWritten: DHT_ROWS.put }),
  putBySocket: usageOf({ messages: 1, objectRequests: 1, rowsWritten: DHT_ROWS.put }),
  provide: usageOf({
    workerRequests: 1,
    objectRequests: SHARDS,
    rowsWritten: PROVIDED_TOGETHER + SHARDS * DHT_ROWS.providedToShard,
  }),
} as const

const put = { rowsWritten: LETTER_ROWS.put }
const taken = { rowsWritten: LETTER_ROWS.taken }
const rowsTogether = (rows: number) => ({ rowsWritten: rows / PUT_TOGETHER })

export const MAILBOXES = {
  open: usageOf({
    workerRequests: 2,
    objectRequests: 3,
    rowsWritten: OPENING_ROWS + KNOWN_ROWS + PUBLISHING_ROWS,
  }),
  home: usageOf({ workerRequests: 1, objectRequests: 1 }),
  putByRequest: usageOf({ workerRequests: 1, objectRequests: 1, ...put }),
  putBySocket: usageOf({ messages: 1, ...put }),
  putTogether: usageOf({ messages: 1 / PUT_TOGETHER, ...rowsTogether(LETTER_ROWS.put) }),
  putPassedOn: usageOf({ messages: 1, objectRequests: 1, ...put }),
  takenAlone: usageOf({ messages: 1, ...taken }),
  takenTogether: usageOf({ messages: 1 / TOOK_TOGETHER, ...taken }),
  /** …and had come together. */
  lotsTaken: usageOf({ messages: 1 / TOOK_TOGETHER, ...rowsTogether(LETTER_ROWS.taken) }),
  alarm: usageOf({ objectRequests: 1, rowsWritten: ALARM_ROWS }),
  /** To its registry: its figures have changed. Once for each time it wakes, or is asked. */
  news: usageOf({ objectRequests: 1 }),
  /** By its registry, when somebody wants to see figures and they have changed. */
  asked: usageOf({ objectRequests: 1 }),
} as const

/** Residents of one neighbourhood, in the middle between a split and the next. */
export const NEIGHBOURHOOD = MEETING_RESIDENTS_MAX / 2
const LINKS = MEETING_NEAREST + MESH_VISITS

export const MESH = {
  /** Its neighbourhood, a visit for each bucket, and the links that come of it; of a link both ends count half. */
  come: usageOf({
    workerRequests: 1 + MESH_VISITS,
    objectRequests: 1 + MESH_VISITS,
    messages: (LINKS * LINK_MESSAGES) / 2,
  }),
  hour: sumOf([
    [1, ROOMS.memberHour],
    [1 / NEIGHBOURHOOD, roomHour(NEIGHBOURHOOD)],
    [1 / NEIGHBOURHOOD, watchedRoomHour(NEIGHBOURHOOD)],
  ]),
} as const
