// Between two files of tests that one workerd runs: no object of one is met by another, nor anybody who is still connected to it, nor
// a setting. What an isolate remembers stays: files that look at that have one each (vitest.config.ts).

import { reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterAll } from 'vitest'

const bindings = env as unknown as Record<string, unknown>
const before = { ...bindings }

afterAll(async () => {
  for (const name of Object.keys(bindings)) if (!(name in before)) delete bindings[name]
  Object.assign(bindings, before)
  await reset()
})
