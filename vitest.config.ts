// Every test of the repository, as projects: by the place the code runs in, and by how much of the machine it needs.
// Groups run one after another, so that what drives browsers shares two cores with nothing but what gives way to it.

import { mkdirSync } from 'node:fs'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { cheapPlaces } from './test/support/cheap-places.ts'
import { TEST_SECRET } from './test/support/passes.ts'

// wrangler.toml names the built dashboard, and the plugin wants the folder to exist; no test needs what is in it.
mkdirSync(new URL('dist/dashboard', import.meta.url), { recursive: true })

// No deployment's secret: what the edge signs with in tests, here and as test/support/local-edge.ts starts it. And what
// scripts/fuzz.ts has to say to a test that runs in workerd.
const TEST_VARS = { PASS_SECRET: TEST_SECRET, FUZZ_TIMES: process.env.FUZZ_TIMES ?? '1' }

// A slow machine is slow, not wrong: what a test waits for may take its time, and a failure is a failure all the same.
const patient = { testTimeout: 60_000, expect: { poll: { timeout: 20_000 } } }

const browserTests = (names: readonly string[]) => names.map((name) => `test/browser/${name}.test.ts`)
// Browsers that are held against the clock by fractions of a second: one of these at a time, and nothing else.
const ALONE = browserTests(['eight', 'stamp'])
// Those that move much, and mind only others that do: one of these at a time, and beside it what only computes.
const MUCH = browserTests(['long-stream', 'dht', 'transfer'])
const oneAtATime = {
  globalSetup: 'test/support/turnstile.ts',
  setupFiles: 'test/support/one-at-a-time.ts',
} as const
/** One of them goes on, the others wait for their turn, and one more computes. */
const besideMuch = { maxWorkers: MUCH.length + 1, sequence: { groupOrder: 2 } } as const
// What is held against a clock may be late on a machine that others use, and is tried once more: npm test names each such test
// in its last lines, so that none that needs it again and again goes unseen.
const onceMore = { retry: 1 }

const inBrowsers = {
  ...patient,
  ...onceMore,
  environment: 'node',
  testTimeout: 90_000,
  hookTimeout: 120_000,
} as const

// The longest of each group begin first: whatever ends last began late because it is short. Those that mostly wait stand among
// those that compute, so that no core is idle.
const FIRST = [
  'faults/presence',
  'edge/fuzz',
  'edge/breakers',
  'client/mail-attacks',
  'faults/chaos',
  'faults/vault',
  'client/identities',
  'faults/mailbox',
  'client/rooms',
  'faults/mail',
  'sim/keyed',
  'sim/links',
  'sim/churn',
  'browser/introductions',
  'browser/dashboard',
  'browser/watching',
  'browser/malicious-edge',
  'browser/dht-gone',
  'browser/vault',
  'browser/mail',
  'browser/sleep',
  'browser/streams',
  'browser/doctor',
  'browser/turn',
  'browser/identities',
  'browser/relay',
  'browser/readme',
  'browser/crypto',
  'browser/long-stream',
  'browser/dht',
  'browser/transfer',
  'protocol/crypto/suite',
].map((name) => `/test/${name}.test.ts`)

/** In place of vitest's order, which is one project after another. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = FIRST.findIndex((path) => moduleId.endsWith(path))
      return rank < 0 ? FIRST.length : rank
    }
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b))
  }
}

const inWorkerd = cloudflareTest({
  wrangler: { configPath: './wrangler.toml' },
  // Cloudflare's own counter, which wrangler.toml leaves to the deployment; only requests that say an address meet it.
  miniflare: {
    bindings: TEST_VARS,
    ratelimits: { RATE_LIMITER: { namespace_id: '1', simple: { limit: 50, period: 10 } } },
  },
})

const EDGE = ['test/edge/**/*.test.ts']
// What is told of an isolate as a whole, what an isolate remembers, and what keeps one busy: each of these has one of its own.
const COUNTED = ['breakers', 'door', 'fuzz', 'gate', 'metrics', 'unjudged'].map(
  (name) => `test/edge/${name}.test.ts`,
)

/** Machines and formats leave nothing behind in a process: a new one for each file costs a third of what they cost. */
const shared = { isolate: false } as const
const pure = { environment: 'node', ...shared } as const

export default defineConfig({
  test: {
    // What waits for processes of its own leaves its core to others: three at a time keep two busy.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'protocol',
          include: ['test/protocol/**/*.test.ts'],
          setupFiles: 'test/support/gives-way.ts',
          ...pure,
          ...patient,
          ...besideMuch,
        },
      },
      {
        plugins: [cheapPlaces],
        test: {
          name: 'client',
          include: ['test/client/**/*.test.ts'],
          environment: 'node',
          ...patient,
          ...onceMore,
        },
      },
      {
        test: {
          name: 'project',
          include: ['test/project/**/*.test.ts'],
          environment: 'node',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'sim', include: ['test/sim/**/*.test.ts'], ...pure, testTimeout: 60_000 } },
      {
        plugins: [inWorkerd],
        test: {
          name: 'edge',
          include: EDGE,
          exclude: COUNTED,
          setupFiles: 'test/edge/fresh.ts',
          ...shared,
          ...patient,
        },
      },
      { plugins: [inWorkerd], test: { name: 'counted', include: COUNTED, ...patient } },
      {
        test: {
          name: 'faults',
          ...patient,
          ...onceMore,
          include: ['test/faults/**/*.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [cheapPlaces],
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          exclude: [...ALONE, ...MUCH],
          ...inBrowsers,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        plugins: [cheapPlaces],
        test: { name: 'much', include: MUCH, ...inBrowsers, ...oneAtATime, ...besideMuch },
      },
      {
        test: {
          name: 'alone',
          include: ALONE,
          fileParallelism: false,
          ...inBrowsers,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
