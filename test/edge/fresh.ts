// Between two files of tests that one workerd runs: no object of one is met by another, nor anybody who is still connected to it.
// What an isolate remembers stays: files that look at that have one each (vitest.config.ts).

import { reset } from 'cloudflare:test'
import { afterAll } from 'vitest'

afterAll(() => reset())
