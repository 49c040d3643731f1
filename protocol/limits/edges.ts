// Limits of a client that knows several edges: how soon one is given up, looked for again, and gone back to.

/** Edges that `connect` is told of. More are no safer: each is one socket that is kept. Beyond it: RangeError. */
export const EDGES_MAX = 8
/** Edges that an edge names and that are kept for the day when none of ours answers. More are not read. */
export const EDGES_LEARNT_MAX = 4
/** The address of one. What is longer is not read. */
export const EDGE_URL_LENGTH_MAX = 256

/** So many failures in a row, and an edge is given up. One is a lost packet, two a restart; design, section 6. */
export const EDGE_FAILURES_MAX = 3
/** An edge that is looked at is silent for so long: it is not there. A slow mobile handshake, with room to spare. */
export const EDGE_ANSWER_MS = 3_000
/** `connect` asks the next edge while the one before has been silent for so long. */
export const EDGE_SILENT_MS = 2_000
/** Between two looks at an edge in doubt: a restart takes about as long as three of them. */
export const EDGE_DOUBT_MS = 400
/** Between two looks at an edge that was given up, doubled from the one to the other: who waits for it has another. */
export const EDGE_PAUSE_LEAST_MS = 1_000
export const EDGE_PAUSE_MOST_MS = 20_000
/** So many answers, over so long at least, before an edge is gone back to… */
export const EDGE_SUCCESSES = 3
export const EDGE_STEADY_MS = 5_000
/** …and four times as long each time it failed again within so long of our return, up to this. */
export const EDGE_RELAPSE_MS = 600_000
export const EDGE_STEADY_MOST_MS = 600_000
/**
 * A return waits for the end of such a period, by the clock that all have: those who share a room go together, or they would not
 * see each other until the last of them had found out.
 */
export const EDGE_RETURN_MS = 20_000
/**
 * …and is spread over so long, for the edge's sake. Who just missed a period comes within one more: together less than a room waits
 * for those who follow (`ABSENCE_MS`).
 */
export const EDGE_RETURN_SPREAD_MS = 10_000

/** Peers that a bootstrap names, for who asks for them: as many as links are made at first. */
export const BOOTSTRAP_PEERS_MAX = 8
/** They are asked of the DHT once in so long by an isolate, however many ask it… */
export const BOOTSTRAP_PEERS_AGE_MS = 10_000
/** …and kept for so many networks, some ten kilobytes each; those that were asked for last. */
export const BOOTSTRAP_PEERS_NETWORKS = 256
