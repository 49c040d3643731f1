// What the platform charges: the Workers Paid plan in US dollars, as its public price pages had it on the day below. Whoever
// reads them anew changes this file and runs `npm run cost`; nothing else knows a price.

export const AS_OF = '2026-11-21'
export const PLAN_DOLLARS = 5

/** So much a month is in the plan; then so many dollars for each million, or for each GB kept for a month. */
export interface Price {
  readonly included: number
  readonly perMillion: number
}

const MILLION = 1e6

export const PRICES = {
  workerRequests: { included: 10 * MILLION, perMillion: 0.3 },
  workerCpuMs: { included: 30 * MILLION, perMillion: 0.02 },
  objectRequests: { included: MILLION, perMillion: 0.15 },
  /** GB-seconds: an object that is running has 128 MB, whatever it uses. One that could sleep is not running. */
  objectGbSeconds: { included: 400_000, perMillion: 12.5 },
  rowsWritten: { included: 50 * MILLION, perMillion: 1 },
  storedGbMonths: { included: 5, perMillion: 0.2 * MILLION },
} as const satisfies Record<string, Price>

export type Meter = keyof typeof PRICES
export const METERS = Object.keys(PRICES) as readonly Meter[]

/** Messages that come over a socket are billed as requests, so many for one; those that go out are free. */
export const SOCKET_MESSAGES_IN_REQUEST = 20
export const OBJECT_GB = 0.128

/** The Free plan stops at these, each day. */
export const FREE_A_DAY = {
  workerRequests: 100_000,
  objectRequests: 100_000,
  objectGbSeconds: 13_000,
  rowsWritten: 100_000,
} as const satisfies Partial<Record<Meter, number>>
export const FREE_STORED_GB = 5
