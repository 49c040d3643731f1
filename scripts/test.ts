// `npm test`: every check in the order in which failing is cheapest, stopping at the first that fails. The last line is
// always `N passed, N failed`, because CI reads it; a failed check that is no test counts as one failure.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { dist, root } from './paths.ts'

const report = join(dist, 'test-report.json')

interface Step {
  readonly name: string
  readonly command: readonly string[]
}

const STEPS: readonly Step[] = [
  // Biome would colour what goes into a log file, letter by letter.
  { name: 'lint', command: ['biome', 'ci', process.stdout.isTTY ? '--colors=force' : '--colors=off'] },
  { name: 'typecheck', command: ['node', 'scripts/typecheck.ts'] },
  { name: 'build', command: ['node', 'scripts/build.ts'] },
  {
    name: 'tests',
    command: ['vitest', 'run', '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`],
  },
  { name: 'deploy', command: ['wrangler', 'deploy', '--dry-run', '--outdir', 'dist/worker'] },
]

interface Counts {
  readonly passed: number
  readonly failed: number
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly { readonly assertionResults: readonly Tried[] }[]
}

interface Tried {
  readonly fullName: string
  readonly status: string
  readonly failureMessages: readonly string[] | null
}

function readReport(): Report {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] }
  }
}

/** Those that failed and passed when they were tried once more. */
function passedLater({ testResults }: Report): readonly string[] {
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status, failureMessages }) => status === 'passed' && (failureMessages ?? []).length > 0)
    .map(({ fullName }) => fullName)
}

function countsOf({ numPassedTests, numFailedTests }: Report): Counts {
  return { passed: Number(numPassedTests), failed: Number(numFailedTests) }
}

const seconds = (sinceMs: number) => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`

/** Runs one step; its output is shown as it comes, because a hanging step without output helps nobody. */
function succeeds(step: Step): boolean {
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' }
  const [command = '', ...args] = step.command
  const shell = process.platform === 'win32'
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', env, shell }).status === 0
}

mkdirSync(dist, { recursive: true })
rmSync(report, { force: true })
const startedMs = performance.now()
const summary: string[] = []
let failedStep: string | undefined
for (const step of STEPS) {
  const stepStartedMs = performance.now()
  process.stdout.write(`\n── ${step.name}\n`)
  const good = succeeds(step)
  summary.push(`${good ? 'ok  ' : 'FAIL'} ${step.name.padEnd(10)} ${seconds(stepStartedMs)}`)
  if (!good) {
    failedStep = step.name
    break
  }
}
const told = readReport()
const { passed, failed } = countsOf(told)
for (const name of passedLater(told)) summary.push(`late ${name}`)
process.stdout.write(`\n${summary.join('\n')}\n     ${'all'.padEnd(10)} ${seconds(startedMs)}\n`)
process.stdout.write(`${passed} passed, ${failedStep === undefined ? failed : Math.max(1, failed)} failed\n`)
process.exit(failedStep === undefined ? 0 : 1)
