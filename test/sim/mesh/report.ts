// The mesh in numbers, as README.md beside the simulator shows them: one experiment for each scenario, one row of a table each.

import { type ExperimentOptions, experiment, type Outcome } from './experiment.ts'

type Scenario = Omit<ExperimentOptions, 'seed' | 'peers'>

const MALICIOUS = { maliciousShare: 0.2 } as const
const ONE_PATH = { paths: 1, pathsMax: 1 } as const

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  calm: { churn: false },
  churn: {},
  short: { minutes: 3, lookups: 400 },
  measured: { measured: true },
  absent: { absent: true, minutes: 5, lookups: 300 },
  'edge-away': { edgeGoneAfterMinutes: 0, minutes: 30 },
  'absent-thorough': { absent: true, minutes: 5, lookups: 300, thorough: true },
  'lies-thorough': { ...MALICIOUS, malice: 'lies', thorough: true },
  'drops-thorough': { ...MALICIOUS, malice: 'drops', thorough: true },
  drops: { ...MALICIOUS, malice: 'drops' },
  'drops-one-path': { ...MALICIOUS, malice: 'drops', ...ONE_PATH },
  lies: { ...MALICIOUS, malice: 'lies' },
  'lies-short': { ...MALICIOUS, malice: 'lies', minutes: 1, lookups: 300 },
  'lies-one-path': { ...MALICIOUS, malice: 'lies', ...ONE_PATH },
  'sybils-8': { malice: 'lies', sybilsOfEach: 8, records: 100 },
  'sybils-20': { malice: 'lies', sybilsOfEach: 20, records: 100 },
}

export function meshReport(
  peers: number,
  seed: number,
  only: readonly string[] = Object.keys(SCENARIOS),
): void {
  const unknown = only.find((name) => SCENARIOS[name] === undefined)
  if (unknown !== undefined)
    throw new RangeError(`--scenarios is some of ${Object.keys(SCENARIOS)}, not ${unknown}`)
  console.log(
    `| ${peers} peers, seed ${seed} | found | p50 ms | p99 ms | hops | paths | newest | textbook: found | p50 ms | p99 ms | hops |`,
  )
  console.log('|---|---|---|---|---|---|---|---|---|---|---|')
  for (const name of only) {
    const beganMs = performance.now()
    const outcome = experiment({ seed, peers, ...SCENARIOS[name] })
    console.log(row(name, outcome))
    console.error(details(outcome, performance.now() - beganMs))
  }
}

function row(name: string, { ours, textbook, newestShare, paths }: Outcome): string {
  const share = (value: number) => `${(100 * value).toFixed(1)} %`
  const cells = [
    name,
    share(ours.successShare),
    ours.p50Ms.toFixed(0),
    ours.p99Ms.toFixed(0),
    `${ours.meanHops.toFixed(1)}, ≤ ${ours.hopsMax}`,
    paths.toFixed(1),
    share(newestShare),
    share(textbook.successShare),
    textbook.p50Ms.toFixed(0),
    textbook.p99Ms.toFixed(0),
    `${textbook.meanHops.toFixed(1)}, ≤ ${textbook.hopsMax}`,
  ]
  return `| ${cells.join(' | ')} |`
}

function details(outcome: Outcome, tookMs: number): string {
  const { meanLinks, meanCopies, messagesOfLookup, kilobytesOfLookup, settledP50Ms, nothingP50Ms } = outcome
  const rounded = [
    meanLinks,
    meanCopies,
    messagesOfLookup,
    kilobytesOfLookup,
    settledP50Ms,
    nothingP50Ms,
  ].map((value) => value.toFixed(1))
  const [links, copies, messages, kilobytes, settledMs, nothingMs] = rounded
  const byTime = outcome.successByTime.map((share) => (100 * share).toFixed(1)).join(' ')
  return [
    `  ${outcome.peersAtEnd} peers at the end, ${links} links each, ${copies} copies of a record, by fifths of the time: ${byTime} %`,
    `  ${messages} messages and ${kilobytes} KB for each lookup, republishing included; a name settled after ${settledMs} ms, nothing after ${nothingMs} ms`,
    `  drops ${JSON.stringify(outcome.drops)}; ${outcome.events} events, hash ${outcome.hash}; ${(tookMs / 1_000).toFixed(0)} s`,
  ].join('\n')
}
