// Kinds of schedules: all of them are random, and the same for the same seed.

import { runSchedule } from '../protocol/streams/schedule.ts'
import { roomsSchedule } from './rooms-schedule.ts'
import { schedule } from './schedule.ts'

/** Links with keys in one room with everything around it, links with keys in several rooms, and streams over links. */
export const KINDS = ['town', 'rooms', 'streams'] as const
export type Kind = (typeof KINDS)[number]

/** Seeds of each kind that failed once. */
export const FAILING_SEEDS = new URL('failing-seeds.json', import.meta.url)

/** Rejects when something does not hold. */
export async function playSchedule(kind: Kind, seed: number): Promise<void> {
  if (kind === 'town') await schedule(seed)
  else if (kind === 'rooms') await roomsSchedule(seed)
  else runSchedule(seed)
}
