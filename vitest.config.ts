// Every test of the repository, as projects: by the place the code runs in, and by how much of the machine it needs.
// Groups run one after another, so that what drives browsers or kills processes never shares two cores with the rest.

import { mkdirSync } from 'node:fs'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { TEST_SECRET } from './test/support/passes.ts'

// wrangler.toml names the built dashboard, and the plugin wants the folder to exist; no test needs what is in it.
mkdirSync(new URL('dist/dashboard', import.meta.url), { recursive: true })

// No deployment's secret: what the edge signs with in tests, here and as test/support/local-edge.ts starts it.
const TEST_VARS = { PASS_SECRET: TEST_SECRET }

// A slow machine is slow, not wrong: what a test waits for may take its time, and a failure is a failure all the same.
const patient = { testTimeout: 60_000, expect: { poll: { timeout: 20_000 } } }

// Browsers that are held against the clock, or that move much: one of these at a time.
const ALONE = ['dht', 'eight', 'long-stream', 'paths', 'sleep', 'stamp', 'transfer'].map(
  (name) => `test/browser/${name}.test.ts`,
)
const inBrowsers = {
  ...patient,
  environment: 'node',
  testTimeout: 90_000,
  hookTimeout: 120_000,
} as const

const group = (groupOrder: number) => ({ sequence: { groupOrder } })

/** What talks to processes of its own mostly waits for them: four at a time keep two cores busy. */
const waiting = { maxWorkers: 4, ...group(2) }

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: { name: 'protocol', include: ['test/protocol/**/*.test.ts'], environment: 'node', ...patient },
      },
      {
        test: {
          name: 'client',
          include: ['test/client/**/*.test.ts'],
          environment: 'node',
          ...patient,
          ...waiting,
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
      { test: { name: 'sim', include: ['test/sim/**/*.test.ts'], environment: 'node', testTimeout: 60_000 } },
      {
        plugins: [
          cloudflareTest({ wrangler: { configPath: './wrangler.toml' }, miniflare: { bindings: TEST_VARS } }),
        ],
        test: { name: 'edge', include: ['test/edge/**/*.test.ts'], ...patient },
      },
      {
        test: {
          name: 'faults',
          ...patient,
          include: ['test/faults/**/*.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 60_000,
          ...waiting,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          exclude: ALONE,
          ...inBrowsers,
          ...group(3),
        },
      },
      { test: { name: 'alone', include: ALONE, fileParallelism: false, ...inBrowsers, ...group(4) } },
    ],
  },
})
