// Why a peer is on the blacklist, and until when, in words.

import { tame } from '../tame.ts'
import { moment } from '../words.ts'

export const REASONS: Readonly<Record<string, string>> = {
  admin: 'An administrator wants it so',
  flooding: 'Floods the edge',
  forged: 'Forges what others sign',
  malformed: 'Sends what is not well formed',
  unexpected: 'Sends what has no business there',
  'too-large': 'Sends more than is allowed',
}

const CODE_CHARS_MAX = 40

/** A reason nobody here knows is of an edge of another version. */
export function reasonWords(reason: string): string {
  return (Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined) ?? tame(reason, CODE_CHARS_MAX)
}

export const untilWords = (untilMs: number | null) => (untilMs === null ? 'for good' : moment(untilMs))
