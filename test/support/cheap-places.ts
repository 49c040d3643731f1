// Places in the mesh that cost next to nothing, as stamps do on edges of tests (local-edge.ts): a second of a core for each client
// that asks the DHT was most of what some files cost. It is no setting, since all of a network must agree on it; so it is changed
// where tests' code is made. What a place costs in truth, and that no less is taken: test/protocol/crypto/dht/node.test.ts; and
// pages work for theirs wherever a test does not ask for cheap ones (browser.ts), as those of mesh.test.ts do.

import { readFileSync } from 'node:fs'
import type { Plugin as BundlerPlugin } from 'esbuild'
import type { Plugin } from 'vitest/config'

const BITS = 4
const NAME = `places of ${BITS} bits`
const FILE = /\/protocol\/limits\/dht\.ts$/

function cheapened(code: string): string {
  const cheap = code.replace(/(DHT_NODE_STAMP_BITS = )\d+/, `$1${BITS}`)
  if (cheap === code) throw new Error('nothing there says what a place costs')
  return cheap
}

/** For edges and pages: whoever worked more is welcome at an edge, too. */
export const cheapPlacesBundled: BundlerPlugin = {
  name: NAME,
  setup({ onLoad }) {
    onLoad({ filter: FILE }, ({ path }) => ({
      loader: 'ts',
      contents: cheapened(readFileSync(path, 'utf8')),
    }))
  },
}

/** For clients in the tests' own process. */
export const cheapPlaces: Plugin = {
  name: NAME,
  enforce: 'pre',
  transform: (code, id) => (FILE.test(id) ? cheapened(code) : undefined),
}
