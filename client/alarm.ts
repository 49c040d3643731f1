// Alarms that a hidden tab keeps too. Browsers slow a hidden page's timers to one a minute, and a peer that pings once
// a minute is taken for dead; the timers of a Worker are not slowed. So while the page is hidden a tiny Worker ticks
// once a second, and what is due is run. Where Workers are forbidden, or in Node, plain timers do what they can.

import { nowMs } from './clock.ts'

const TICK_MS = 1_000
const TICKER = `setInterval(() => postMessage(0), ${TICK_MS})`

export interface Alarm {
  readonly atMs: number
  cancel(): void
}

interface Pending extends Alarm {
  timer: ReturnType<typeof setTimeout> | undefined
  readonly ring: () => void
}

const pending = new Set<Pending>()
let ticker: Worker | undefined
let watching = false

/** Rings once at that time, or as soon after as the page is let. Never before this function returned. */
export function setAlarm(atMs: number, ring: () => void): Alarm {
  watchVisibility()
  const alarm: Pending = { atMs, ring, timer: undefined, cancel: () => forget(alarm) }
  // A timer cannot be set further than 2^31 ms; nobody waits that long, but a machine may say "never" with a number.
  const delayMs = Math.min(Math.max(0, atMs - nowMs()), 2 ** 31 - 1)
  alarm.timer = setTimeout(() => fire(alarm), delayMs)
  pending.add(alarm)
  return alarm
}

function forget(alarm: Pending): void {
  clearTimeout(alarm.timer)
  pending.delete(alarm)
}

function fire(alarm: Pending): void {
  forget(alarm)
  alarm.ring()
}

function watchVisibility(): void {
  if (typeof document === 'undefined') return
  if (!watching) {
    watching = true
    document.addEventListener('visibilitychange', () => (document.hidden ? tick() : stopTicking()))
  }
  if (document.hidden) tick()
}

function tick(): void {
  if (ticker !== undefined || pending.size === 0) return
  try {
    const url = URL.createObjectURL(new Blob([TICKER], { type: 'text/javascript' }))
    ticker = new Worker(url)
    URL.revokeObjectURL(url)
    ticker.onmessage = () => {
      for (const alarm of [...pending]) if (alarm.atMs <= nowMs() && pending.has(alarm)) fire(alarm)
      // Only here: alarms are replaced all the time, and a Worker for each would be more work than the ticks.
      if (pending.size === 0) stopTicking()
    }
    ticker.onerror = (event) => event.preventDefault() // A content policy forbids it; timers go on, slowed.
  } catch {
    ticker = undefined
  }
}

function stopTicking(): void {
  ticker?.terminate()
  ticker = undefined
}
