// What a deployment says about measuring. Read once, and anew only where it changed.

import { IN_FLIGHT_MAX } from '../../protocol/limits/breaker.ts'
import { Misconfigured } from '../errors.ts'

/** As wrangler.toml and secrets give it. */
export interface MeterVars {
  /** What share of requests is traced and logged, 0 to 1. */
  readonly TRACE_SAMPLE?: string | number
  /** Where spans are posted to: the whole address, which ends in /v1/traces as a rule. */
  readonly TRACE_COLLECTOR?: string
  /** A secret: headers for it, as JSON text. */
  readonly TRACE_HEADERS?: string
  /** Requests in flight in one isolate before the less important are turned away. */
  readonly IN_FLIGHT_MAX?: string | number
  readonly ADMIN_TOKEN?: string
  readonly NETWORK_VIEW?: string
}

export interface MeterSettings {
  readonly sample: number
  readonly collector: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly inFlightMax: number
}

let known: { readonly given: readonly unknown[]; readonly settings: MeterSettings } | undefined

/** Throws Misconfigured. Of a secret it never says the value. */
export function meterSettings(env: MeterVars): MeterSettings {
  const { TRACE_SAMPLE, TRACE_COLLECTOR, TRACE_HEADERS, IN_FLIGHT_MAX: inFlight } = env
  const given = [TRACE_SAMPLE, TRACE_COLLECTOR, TRACE_HEADERS, inFlight]
  if (known === undefined || given.some((value, at) => value !== known?.given[at]))
    known = { given, settings: read(env) }
  return known.settings
}

function read(env: MeterVars): MeterSettings {
  return {
    sample: number(
      'TRACE_SAMPLE',
      env.TRACE_SAMPLE,
      0,
      (value) => value >= 0 && value <= 1,
      'a number from 0 to 1',
    ),
    collector: collectorOf(env.TRACE_COLLECTOR),
    headers: headersOf(env.TRACE_HEADERS),
    inFlightMax: number(
      'IN_FLIGHT_MAX',
      env.IN_FLIGHT_MAX,
      IN_FLIGHT_MAX,
      (value) => Number.isInteger(value) && value >= 1 && value <= 1_000_000,
      'a whole number from 1 to 1000000',
    ),
  }
}

const isAbsent = (value: unknown): value is undefined | '' => value === undefined || value === ''

function number(
  name: string,
  given: string | number | undefined,
  otherwise: number,
  isGood: (value: number) => boolean,
  what: string,
): number {
  if (isAbsent(given)) return otherwise
  const value = Number(given)
  if (!isGood(value)) throw new Misconfigured(`${name} must be ${what}, not ${given}`)
  return value
}

function collectorOf(given: string | undefined): string | undefined {
  if (isAbsent(given)) return undefined
  if (!/^https?:$/.test(URL.parse(given)?.protocol ?? ''))
    throw new Misconfigured('TRACE_COLLECTOR must be an address like https://collector.example/v1/traces')
  return given
}

function headersOf(given: string | undefined): Readonly<Record<string, string>> {
  if (isAbsent(given)) return {}
  const wrong = new Misconfigured('TRACE_HEADERS must be JSON: an object of header names and their values')
  let value: unknown
  try {
    value = JSON.parse(given)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong
    new Headers(value as Record<string, string>)
  } catch {
    throw wrong
  }
  if (!Object.values(value).every((each) => typeof each === 'string')) throw wrong
  return value as Record<string, string>
}
