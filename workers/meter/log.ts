// The log: one line of JSON for each request that failed, and for each that is traced. Never more than so many, and never a secret: no
// header, no address and no body is said, only the route's pattern; and whatever looks like a key, a pass or an id in what an error
// says is cut.

import { FULL, take } from '../../protocol/bucket.ts'
import {
  LOG_ID_MAX,
  LOG_LINES_BURST,
  LOG_LINES_PER_SECOND,
  LOG_TEXT_MAX,
} from '../../protocol/limits/metering.ts'
import { counters } from './isolate.ts'

export interface LogLine {
  readonly level: 'error' | 'info'
  readonly requestId: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly ms: number
  readonly traceId: string | undefined
  readonly failure: { readonly of: string; readonly error: unknown } | undefined
}

const RATE = { perSecond: LOG_LINES_PER_SECOND, burst: LOG_LINES_BURST }
let paidUntilMs = FULL
let suppressed = 0

export function log({ requestId, failure, ...line }: LogLine, nowMs: number): void {
  const taken = take(paidUntilMs, RATE, 1, nowMs)
  if (!taken.ok) {
    suppressed++
    counters.unlogged.add('')
    return
  }
  paidUntilMs = taken.paidUntilMs
  const said = {
    at: new Date(nowMs).toISOString(),
    ...line,
    requestId: requestId.length > LOG_ID_MAX ? shortened(requestId) : requestId,
    ...(failure === undefined ? {} : { failed: failure.of, error: errorText(failure.error) }),
    ...(suppressed === 0 ? {} : { suppressed }),
  }
  suppressed = 0
  // biome-ignore lint/suspicious/noConsole: what is written there is the platform's log
  console.log(JSON.stringify(said))
}

/** Its name and what it says, and where it was thrown: lines of the stack are places in our code. */
function errorText(error: unknown): string {
  if (!(error instanceof Error)) return redacted(typeof error)
  const { name, message, stack = '' } = error
  const places = stack.split('\n').flatMap((line) => /^\s+at ([\w.#<>$ ]+)/.exec(line)?.[1]?.trim() ?? [])
  return [redacted(`${name}: ${message}`).slice(0, LOG_TEXT_MAX), ...places.slice(0, 4)].join(' < ')
}

/** A run of letters as keys, passes, tokens and ids are written with, and no word has so many. */
const SECRETIVE = /[\w\-+/=.%~]{20,}/g

function redacted(text: string): string {
  return text.replace(SECRETIVE, shortened)
}

/** Enough to tell one from another. */
function shortened(text: string): string {
  return `${text.slice(0, 8)}…`
}
