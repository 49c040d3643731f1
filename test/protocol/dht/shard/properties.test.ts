// What must hold whatever happens: records come and end, shards split below each other, sleep and die, clear away late and
// hear late of each other. Seen from outside they are one map.

import { describe, it } from 'vitest'
import { agreesWithModel, losesNothing } from './properties.ts'
import { memoryDisks } from './world.ts'

describe('shards, one request after the other', () => {
  it('answer as one map does', () => agreesWithModel(memoryDisks, { runs: 100 }))
})

describe('shards, many requests at once', () => {
  it('lose nothing that was acknowledged, and never go back', () => losesNothing(memoryDisks, { runs: 100 }))
})
