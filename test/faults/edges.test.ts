// Two edges, and the first of them killed under everybody: all are back soon, and nothing that was acknowledged is lost. With 200
// clients by `npm run test:kills -- --edges`; each costs half a second of a core to come.

import { expect, it } from 'vitest'
import { killEdges } from './edge-kills.ts'

it('clients with two edges outlive one of them, and lose nothing', async () => {
  const { faults, counts } = await killEdges({ clients: 16, kills: 1 })
  expect(faults).toEqual([])
  expect(counts['acknowledged by link']).toBeGreaterThan(100)
  expect(counts['acknowledged by mailbox']).toBeGreaterThan(50)
  // A minute is for a machine that does much else: in one process all of them make keys anew at once. By themselves they need three seconds.
  expect(counts['talking again, last ms']).toBeLessThan(60_000)
}, 400_000)
