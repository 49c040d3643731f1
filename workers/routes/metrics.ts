// GET /metrics?network=: what this isolate has measured, in Prometheus' text format; and of the networks that are named, what their
// registries say.

import type { Context } from 'hono'
import { BREAKER_STATES } from '../../protocol/breaker/breaker.ts'
import { HEALTHS } from '../../protocol/breaker/health.ts'
import { METRICS_FIGURES_MS, METRICS_NETWORKS_MAX } from '../../protocol/limits/metering.ts'
import { REGISTRY_ANSWER_MS } from '../../protocol/limits/network.ts'
import { isNetworkName } from '../../protocol/names.ts'
import { PRIORITIES } from '../../protocol/priority.ts'
import { VERSION } from '../../protocol/version.ts'
import { WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { admissionDesk } from '../desk.ts'
import type { Edge, Env } from '../env.ts'
import { refuse } from '../errors.ts'
import { FiguresPage, type Labels, labels } from '../meter/figures.ts'
import { breakersOf, counters, isolate, OBJECT_CLASSES, shedding } from '../meter/isolate.ts'
import { askFigures, type NetworkFigures } from '../network/health.ts'
import { writeNetworks } from '../network/metrics.ts'
import { Shared } from '../network/shared.ts'
import { refuseUnlessSeeing } from '../network/viewer.ts'

const TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export async function metrics(c: Context<Edge>): Promise<Response> {
  const denied = await refuseUnlessSeeing(c)
  if (denied !== undefined) return denied
  const networks = [...new Set(c.req.queries('network') ?? [])]
  if (networks.length > METRICS_NETWORKS_MAX || !networks.every(isNetworkName))
    return refuse(c, 'bad-name', `no more than ${METRICS_NETWORKS_MAX} networks, each by a well-formed name`)
  const nowMs = Date.now()
  const { name, startedAtMs } = isolate()
  const page = new FiguresPage(labels({ isolate: name }))
  const build = labels({ version: VERSION, wire: WIRE_VERSION })
  page.gauge('waypost_build_info', 'What runs.', [[build, 1]])
  const started = startedAtMs / 1_000
  page.gauge('waypost_isolate_start_time_seconds', 'When this isolate answered first.', [['', started]])
  const { bits } = await admissionDesk(c.env)
  page.gauge('waypost_stamp_difficulty', 'How hard a stamp is now.', [['', bits(nowMs)]])
  writeRequests(page)
  writeObjects(page, nowMs)
  if (networks.length > 0) writeNetworks(page, await figuresOf(c.env, networks))
  return c.body(page.text, 200, { 'Content-Type': TYPE, 'Cache-Control': 'no-store' })
}

function writeRequests(page: FiguresPage): void {
  const { requests, durations, refusals, upgrades, shed, passes, exports, unlogged } = counters
  page.counter('waypost_http_requests_total', 'Requests answered, by the pattern of their route.', requests)
  page.histogram('waypost_http_request_duration_seconds', 'How long answers took.', durations)
  page.gauge(
    'waypost_http_requests_in_flight',
    'Requests being answered, by how much they matter.',
    PRIORITIES.map((priority) => [labels({ priority }), shedding.inFlight[priority]]),
  )
  page.counter('waypost_shed_total', 'Requests turned away because there was too much.', shed)
  page.counter('waypost_refusals_total', 'What was refused, by code, over HTTP or a socket.', refusals)
  page.counter('waypost_upgrades_total', 'WebSockets asked for.', upgrades)
  page.counter('waypost_passes_issued_total', 'Passes given for a stamp.', passes)
  page.counter('waypost_trace_exports_total', 'Traces handed to the collector, or not.', exports)
  page.counter('waypost_log_lines_suppressed_total', 'Log lines that were too many.', unlogged)
}

function writeObjects(page: FiguresPage, nowMs: number): void {
  page.counter('waypost_object_calls_total', 'Calls of objects, and what came of them.', counters.calls)
  page.histogram('waypost_object_call_duration_seconds', 'How long calls took.', counters.callDurations)
  const perClass = (
    values: (of: (typeof OBJECT_CLASSES)[number]) => Readonly<Record<string, number>>,
    label: string,
  ) =>
    OBJECT_CLASSES.flatMap((of) =>
      Object.entries(values(of)).map(([value, number]): [Labels, number] => [
        labels({ class: of, [label]: value }),
        number,
      ]),
    )
  const oneOf = (words: readonly string[], word: string) =>
    Object.fromEntries(words.map((each) => [each, each === word ? 1 : 0]))
  page.gauge(
    'waypost_breaker_state',
    'The breaker of each class: 1 for the state it is in.',
    perClass((of) => oneOf(BREAKER_STATES, breakersOf(of).state), 'state'),
  )
  page.gauge(
    'waypost_doubtful_objects',
    'Objects that failed lately, by the state of their breakers.',
    perClass((of) => breakersOf(of).objects(), 'state'),
  )
  page.gauge(
    'waypost_dependency_health',
    'How each class does: 1 for the word that fits.',
    perClass((of) => oneOf(HEALTHS, breakersOf(of).health(nowMs)), 'health'),
  )
}

const known = new Shared<NetworkFigures>(METRICS_NETWORKS_MAX, REGISTRY_ANSWER_MS + 1_000)

function figuresOf(env: Env, networks: readonly string[]): Promise<readonly NetworkFigures[]> {
  return Promise.all(
    networks.map((network) => known.get(network, METRICS_FIGURES_MS, () => askFigures(env, network))),
  )
}
