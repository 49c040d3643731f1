// How often this isolate refused what, by code: one small place, which metrics read. Codes are a list that is written down, so
// that nobody can make this grow.

const refusals = new Map<string, number>()

export function countRefusal(code: string): void {
  refusals.set(code, (refusals.get(code) ?? 0) + 1)
}

/** Since this isolate began. */
export function refusalCounts(): Readonly<Record<string, number>> {
  return Object.fromEntries(refusals)
}
