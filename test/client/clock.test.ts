// The clock of a device can be set. The clock of its machines only goes on.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nowMs } from '../../client/clock.ts'

describe('the time as machines know it', () => {
  // Only what Date says is replaced: that is what somebody who sets a clock does.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('goes on from where it was when the clock is set back, and follows it when it is set forward', () => {
    const HOUR_MS = 3_600_000
    const wallMs = Date.now()
    const beganMs = nowMs()
    vi.setSystemTime(wallMs - HOUR_MS)
    expect(nowMs()).toBe(beganMs)
    vi.setSystemTime(wallMs - HOUR_MS + 10)
    expect(nowMs()).toBe(beganMs + 10)
    vi.setSystemTime(wallMs + HOUR_MS)
    expect(nowMs()).toBeGreaterThanOrEqual(beganMs + HOUR_MS)
  })
})
