// The flood in full, for `npm run test:kills -- --flood`: 500 people, 5,000 hostile connections.

import { flood } from './flood.ts'

const TERMS = { people: 500, connections: 5_000, calmMs: 20_000, floodMs: 30_000 }
/** What a person would call working: of whatever is asked, so much is answered within five seconds; and so many get in at last. */
const SHARE_LEAST = 0.99

export async function floodAsAProgram(perSecond: number, print: (line: string) => void) {
  const story = await flood({ ...TERMS, perSecond, print })
  const { hostile, edgeShare, before, during, after } = story
  for (const [phase, share] of Object.entries(edgeShare)) print(`edge, of a core, ${phase}: ${share}`)
  const faults = Object.entries({ before, during, after }).flatMap(([phase, tally]) => [
    ...(tally.answeredShare < SHARE_LEAST ? [`${phase}: answered ${tally.answeredShare}`] : []),
    ...(tally.enteredShare < SHARE_LEAST ? [`${phase}: entered ${tally.enteredShare}`] : []),
    ...(tally.closed > 0 ? [`${phase}: ${tally.closed} honest sockets closed`] : []),
  ])
  return { faults, counts: hostile }
}
