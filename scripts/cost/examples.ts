// Applications as their owners would describe them, and the month they make.

import { JUDGED_EVERY_MS } from '../../protocol/limits/protection.ts'
import { sumOf } from './bill.ts'
import {
  LETTER_BYTES,
  MAILBOX_BYTES,
  MAILBOXES,
  RELAY,
  ROOMS,
  roomHour,
  type Usage,
  watchedRoomHour,
} from './usage.ts'

export interface Application {
  readonly name: string
  /** Who come each day. */
  readonly users: number
  /** For each of them and each day. */
  readonly visits: number
  readonly hours: number
  readonly messages: number
  /** Of those, through the room: the pair found no direct path, or not yet. */
  readonly relayedShare: number
  readonly letters: number
  /** Together in a room. */
  readonly roomOf: number
  /** How long a letter waits until it is taken. */
  readonly letterWaitsDays: number
}

const DAYS = 30
const HOUR_MS = 3_600_000
const GB = 1e9

const chat = {
  visits: 5,
  hours: 2,
  messages: 100,
  relayedShare: 0.2,
  letters: 20,
  roomOf: 10,
  letterWaitsDays: 1,
} as const

export const APPLICATIONS: readonly Application[] = [
  { name: 'A chat of 1,000 daily users', users: 1_000, ...chat },
  { name: 'The same with 100,000', users: 100_000, ...chat },
  {
    name: 'Calls: 1,000 users, no mail, nothing relayed',
    users: 1_000,
    ...chat,
    letters: 0,
    relayedShare: 0,
  },
]

/** Letters are put by requests and taken one by one, and of each is said alone that it came and that it went: the dearest way there is. Each mailbox sets an alarm a day. */
export function monthOf(app: Application): Usage {
  const days = app.users * DAYS
  const used = sumOf([
    [days * app.visits, ROOMS.connect],
    [days * app.visits, ROOMS.enter],
    [days * app.hours, ROOMS.memberHour],
    [(days * app.hours) / app.roomOf, roomHour(app.roomOf)],
    [(days * app.hours) / app.roomOf, watchedRoomHour(app.roomOf)],
    [days * app.messages * app.relayedShare, RELAY.relayed],
    [days * lookedUp(app), ROOMS.verdict],
    ...(app.letters > 0 ? mailOf(app, days) : []),
  ])
  const letters = app.users * app.letters * app.letterWaitsDays * LETTER_BYTES
  const mailboxes = app.letters > 0 ? app.users * MAILBOX_BYTES : 0
  return { ...used, storedGbMonths: (letters + mailboxes) / GB }
}

/** Whoever speaks through a room: with each message, if they are rare. */
function lookedUp({ hours, messages, relayedShare }: Application): number {
  return Math.min(messages * relayedShare, (hours * HOUR_MS) / JUDGED_EVERY_MS)
}

function mailOf({ users, visits, hours, letters }: Application, days: number): (readonly [number, Usage])[] {
  return [
    [users, MAILBOXES.open],
    [days * visits, MAILBOXES.home],
    [days * hours, ROOMS.memberHour],
    [days * letters, MAILBOXES.putByRequest],
    [days * letters, MAILBOXES.takenAlone],
    [days * letters * 2, MAILBOXES.news],
    [days, MAILBOXES.alarm],
  ]
}
