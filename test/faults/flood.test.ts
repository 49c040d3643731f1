// An edge that is flooded, in small: `npm run test:kills -- --flood` does it with 500 people and 5,000 hostile connections, and says
// what they notice. Here it is that they are served, that nobody of them is thrown out, and that the flood is refused by its reasons.

import { expect, it } from 'vitest'
import { flood } from './flood/flood.ts'

it('people go on while an edge is flooded, and the flood is refused', async () => {
  const terms = { people: 40, connections: 200, perSecond: 40, calmMs: 2_000, floodMs: 5_000 }
  const { before, during, after, hostile } = await flood(terms)
  for (const { asked, answeredShare, closed } of [before, during, after]) {
    expect(asked).toBeGreaterThan(0)
    // Within five seconds, on whatever machine this is.
    expect(answeredShare).toBeGreaterThan(0.9)
    expect(closed).toBe(0)
  }
  expect(after.enteredShare).toBeGreaterThan(0)
  const refused = Object.keys(hostile)
  expect(refused).toContain('forged: pass-forged')
  expect(refused.some((what) => /^passes: 4/.test(what))).toBe(true)
  expect(refused.some((what) => /^oversize: (4|too-large)/.test(what))).toBe(true)
})
