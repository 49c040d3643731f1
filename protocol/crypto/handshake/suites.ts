// The list of suites in a first message: what we have, among numbers that mean nothing, so that nobody learns to refuse
// what it does not know.

/** The only live one. Numbers are ranks: the highest that both have is taken. */
export const WP1 = 1

export const SUITES_OFFERED = 4
const GREASE_KINDS = 16

/** 0x?A?A, both digits the same, as TLS has it: no suite ever gets such a number. */
export function isGrease(suite: number): boolean {
  return (suite & 0x0f0f) === 0x0a0a && suite >>> 12 === ((suite >>> 4) & 0xf)
}

/** `chance`: one byte that says which GREASE, another where ours begin. */
export function offer(suites: readonly number[], chance: Uint8Array): readonly number[] {
  checkSuites(suites)
  const list = Array.from({ length: SUITES_OFFERED }, (_, i) => grease((chance[0] ?? 0) + i))
  const first = chance[1] ?? 0
  suites.forEach((suite, i) => {
    list[(first + i) % SUITES_OFFERED] = suite
  })
  return list
}

/** Undefined: none in common. */
export function choose(offered: readonly number[], ours: readonly number[]): number | undefined {
  const common = ours.filter((suite) => offered.includes(suite))
  return common.length === 0 ? undefined : Math.max(...common)
}

export function checkSuites(suites: readonly number[]): void {
  const good = (suite: number) => Number.isInteger(suite) && suite > 0 && suite <= 0xffff && !isGrease(suite)
  if (suites.length === 0 || suites.length > SUITES_OFFERED || !suites.every(good))
    throw new RangeError(`suites are one to ${SUITES_OFFERED} numbers of 16 bits, none of them GREASE`)
}

function grease(kind: number): number {
  const digit = kind % GREASE_KINDS
  return (digit << 12) | 0x0a00 | (digit << 4) | 0x0a
}
