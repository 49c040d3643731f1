// Virtual time for the client's own hosts, so that what runs in a page runs in the simulation unchanged. A machine that asks
// and asks to be woken without getting anywhere is caught.

import type { Time } from '../../client/host.ts'
import type { World } from './world.ts'

const WAKES_AT_ONCE_MAX = 100

export function simulatedTime(world: World, name: string, failed: (error: unknown) => void): Time {
  let rangAtMs = 0
  let rings = 0
  return {
    nowMs: () => world.nowMs,
    setAlarm: (atMs, ring) => {
      const planned = world.at(atMs, () => {
        rings = rangAtMs === world.nowMs ? rings + 1 : 0
        rangAtMs = world.nowMs
        if (rings > WAKES_AT_ONCE_MAX) failed(new Error(`${name} wake in circles at ${world.nowMs}`))
        else ring()
      })
      return { atMs, cancel: () => planned.cancel() }
    },
  }
}
