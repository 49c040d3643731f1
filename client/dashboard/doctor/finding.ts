// What the doctor found, in words: one finding for each question, and all of them as a text that can be sent to somebody.
// Neither holds a secret, nor a whole address of anybody's.

export type State = 'ok' | 'warn' | 'bad'

export interface Finding {
  readonly id: string
  readonly title: string
  readonly state: State
  /** What was seen, and what it means. */
  readonly what: string
  /** What to do about it; undefined where nothing is to be done. */
  readonly advice?: string
}

/** As the page and the report call them: not by colour alone. */
export const STATE_WORDS: Readonly<Record<State, string>> = {
  ok: 'Fine',
  warn: 'Worth knowing',
  bad: 'Trouble',
}

export function verdictOf(findings: readonly Finding[]): string {
  const bad = findings.filter(({ state }) => state === 'bad')
  const warned = findings.filter(({ state }) => state === 'warn').length
  const isSocketWell = findings.some(({ id, state }) => id === 'socket' && state === 'ok')
  if (isSocketWell && bad.some(({ id }) => id === 'edge'))
    return 'This browser cannot connect: it gets through to the edge, which does not serve it.'
  if (bad.some(({ id }) => id === 'edge' || id === 'socket' || id === 'pass'))
    return 'This browser cannot connect: it does not get through to the edge.'
  if (bad.length > 0)
    return 'This browser connects, with trouble: see below which. What cannot go directly goes through the relay.'
  if (warned > 0) return 'This browser connects. Some of it could be better.'
  return 'This browser connects, and everything it could use is there.'
}

/** Enough to tell networks apart, and not whose it is. */
export function shortAddress(address: string): string {
  if (address.endsWith('.local')) return 'hidden'
  const parts = address.split('.')
  if (parts.length === 4) return `${parts[0]}.${parts[1]}.x.x`
  if (!address.includes(':')) return address
  // Half an IPv6 address is the network of one house.
  return `${address.split(':').slice(0, 2).join(':')}:…`
}

const ADDRESSES = /\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}/gi

export interface About {
  readonly edge: string
  readonly version: string
  readonly browser: string
  readonly at: Date
}

export function reportOf({ edge, version, browser, at }: About, findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ title, state, what, advice }) => [
    `[${state}] ${title}: ${what}`,
    ...(advice === undefined ? [] : [`      ${advice}`]),
  ])
  const text = [verdictOf(findings), '', ...lines].join('\n').replace(ADDRESSES, shortAddress)
  return [
    `Waypost doctor, ${at.toISOString()}`,
    `edge ${edge}, version ${version}`,
    browser,
    '',
    text,
    '',
  ].join('\n')
}
