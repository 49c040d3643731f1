// What a deployment says about measuring, out of its configuration.

import { IN_FLIGHT_MAX } from '../../protocol/limits/breaker.ts'
import type { Env } from '../env.ts'
import { Misconfigured } from '../errors.ts'
import { settings } from '../settings/settings.ts'

export interface MeterSettings {
  /** What share of requests is traced. */
  readonly sample: number
  readonly collector: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly inFlightMax: number
}

/** Of a deployment that is set wrongly nothing is traced; who asks it is told what is wrong. */
const NONE: MeterSettings = { sample: 0, collector: undefined, headers: {}, inFlightMax: IN_FLIGHT_MAX }

export function meterSettings(env: Env): MeterSettings {
  try {
    const { TRACE_SAMPLE, TRACE_COLLECTOR, TRACE_HEADERS, IN_FLIGHT_MAX: inFlightMax } = settings(env)
    const collector = TRACE_COLLECTOR === '' ? undefined : TRACE_COLLECTOR
    return { sample: TRACE_SAMPLE, collector, headers: TRACE_HEADERS, inFlightMax }
  } catch (error) {
    if (error instanceof Misconfigured) return NONE
    throw error
  }
}
