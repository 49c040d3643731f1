// Limits of watching a network: what clients, rooms and registries say of it, how often, and how much of that is shown. Each with
// its reason and what happens at it.

/**
 * A client reports this often, and a room tells its registry no more often. A minute: in a room of eight the reports are a twelfth of
 * the messages that looking for the vanished is, and nobody watches a network for seconds. 0: nobody reports.
 */
export const REPORT_EVERY_MS = 60_000
/** What a deployment may set it to. Less than the least of it, and not 0, is taken for that; more is refused as a setting. */
export const REPORT_EVERY_LEAST_MS = 200
export const REPORT_EVERY_MOST_MS = 3_600_000

/** Chance moves each report by up to this share of the period, so that who came together does not report together. */
export const REPORT_SPREAD = 0.25
/** A report that follows the last one sooner than this share of the period is dropped. Twice the hurry that chance ever makes. */
export const REPORT_EARLIEST = 0.5
/** Who has nothing to say but that it is here says so every so many periods: a room of one would else be woken for it each time. */
export const REPORT_SILENT_PERIODS = 5

/** Links in a report: 178 bytes, and more than a client keeps direct connections (20). Beyond: those are left out that both ends would. */
export const REPORT_LINKS_MAX = 24
/**
 * Messages one client's report is believed to be about, delivered and failed together: what is over is scaled down to this. One that
 * lies in a network of a hundred busy ones moves their success by a hundredth.
 */
export const REPORT_MESSAGES_MAX = 1_000
/** A round trip in a report; longer ones are said to be this. Two bytes, of which the last value means that it is not known. */
export const REPORT_RTT_MAX_MS = 65_534

/** A room that woke tells its registry no sooner than this: it may have told it just before it fell asleep. */
export const SUMMARY_AFTER_WAKING_MS = 10_000
/** Members a room names in its summary; of a larger room those of the lowest places, and how many there are. 2,000 of them with their links are 0.4 MB. */
export const SUMMARY_MEMBERS_MAX = 2_000
/** A summary that was not renewed in so many periods is forgotten: two were lost, the third is late. */
export const SUMMARY_KEPT_PERIODS = 3
/** Members named in all summaries that a registry keeps, at 44 bytes and up to 24 links of 6: 20 MB of its 128. Beyond: it keeps numbers only. */
export const REGISTRY_MEMBERS_MAX = 100_000
/** Rooms a registry keeps numbers of. Beyond: the oldest is forgotten. */
export const REGISTRY_ROOMS_MAX = 20_000

/**
 * Shards of the DHT that a registry knows of, its part of all that a network in one region may have. Beyond: further ones are in no sum.
 */
export const REGISTRY_SHARDS_MAX = 4_096
/** Of those it asks so many at once how they are, where it does not know: after it was moved. The rest with the next look. */
export const REGISTRY_SHARDS_ASKED_MAX = 256
/** …and waits so long for them: half of what its own caller waits. */
export const REGISTRY_SHARDS_ANSWER_MS = 1_000

/** Smallest of the ids, by which different peers are counted over rooms and registries: exact below this, within 3 % beyond. */
export const SKETCH_MAX = 1_024

/** History: an hour at two points a minute. */
export const HISTORY_POINTS_MAX = 120
/** Points lie half a period apart, but no closer than this. */
export const HISTORY_STEP_LEAST_MS = 5_000
/** A registry writes its history down so often, a row each time: what it loses when it is moved is no more than this. */
export const HISTORY_KEPT_EVERY_MS = 600_000

/** What health is judged by: the last five periods, and no less than this. */
export const HEALTH_WINDOW_PERIODS = 5
export const HEALTH_WINDOW_LEAST_MS = 30_000

/** Shares of messages that arrived, from which on a network is healthy, and degraded. */
export const SUCCESS_HEALTHY = 0.95
export const SUCCESS_DEGRADED = 0.8
/** Fewer messages than this say nothing about a share. */
export const SUCCESS_MESSAGES_LEAST = 20
/** A round trip half of all links stay under: across a continent, or one relay away. */
export const RTT_MEDIAN_HEALTHY_MS = 300
/** Of twenty links the slowest may be so slow. */
export const RTT_P95_HEALTHY_MS = 1_500

/** Peers shown at once. More is no picture, and 2,000 with all their links are 1.2 MB of JSON. Beyond: 400, and a sample of those there are. */
export const TOPOLOGY_PEERS_MAX = 2_000
export const TOPOLOGY_PEERS = 500
/** Links shown at once; the rest is left out, and `truncated` says so. */
export const TOPOLOGY_LINKS_MAX = 20_000

/** A registry that has not answered in this time is left out of an answer, which then says that it is partial. */
export const REGISTRY_ANSWER_MS = 2_000
/** A registry's sums are kept so long: whoever asks more often, or together, costs it no more. */
export const REGISTRY_VIEW_MS = 1_000

/** What a registry has to say to whoever watches is asked for this often, or twelve times in a period of rooms if that is more often… */
export const WATCH_EVERY_MS = 5_000
/** …but no more often than this. */
export const WATCH_EVERY_LEAST_MS = 1_000
/** One that has no rooms only this often, or four times in a period: of a small network's sixteen those are most. */
export const WATCH_QUIET_MS = 15_000
/** Networks whose last look an isolate keeps for all who watch them. Beyond: the one that nobody looked at for longest is forgotten. */
export const WATCHED_NETWORKS_MAX = 64
/** What a registry tells of mailboxes, which it may have to ask, it has so long for: half of what its own caller waits. */
export const REGISTRY_MAIL_MS = 1_000
/** …for this long, then asks again: a Worker's request does not go on for ever, and a page that was closed is noticed at the latest then. */
export const WATCH_FOR_MS = 300_000
/** The dashboard hears of changes by events; for what they do not have (history, links, queues) it asks this often. */
export const DASHBOARD_ASKS_MS = 30_000
/** Peers whose coming and going a watcher hears of. */
export const WATCH_PEERS_MAX = 500
