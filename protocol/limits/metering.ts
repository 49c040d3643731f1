// Limits of what the edge says about itself: traces, log lines, figures. Measuring must never cost more than what it measures.

/** Spans of one request that are exported beside its own: sixteen calls of objects, and their work. Beyond: only counted. */
export const TRACE_SPANS_MAX = 32
/** Traced requests of one isolate in a second, whoever asked for them. A share of a flood is a flood. */
export const TRACED_PER_SECOND = 20
/** Exports of one isolate under way at once: a collector that hangs holds so many. Beyond: dropped, and counted. */
export const TRACE_EXPORTS_MAX = 8
/** After this an export is given up. Nobody waits for it but the platform. */
export const TRACE_EXPORT_TIMEOUT_MS = 5_000

/** Log lines of one isolate in a second, and saved up: a line costs more than the request it is about. Beyond: counted in the next. */
export const LOG_LINES_PER_SECOND = 5
export const LOG_LINES_BURST = 50
/** Letters of what a log line says of an error. */
export const LOG_TEXT_MAX = 300
/** Longer than any id the edge makes, shorter than any secret: a client's own request id beyond it is cut. */
export const LOG_ID_MAX = 40

/** Networks that one scrape may ask about: each asks sixteen registries. */
export const METRICS_NETWORKS_MAX = 8
/** What registries said is good for further scrapes of the same isolate for so long: for two collectors, and whoever looks by hand. */
export const METRICS_FIGURES_MS = 10_000
/** Seconds: from an answer out of memory to a call that was given up. */
export const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
