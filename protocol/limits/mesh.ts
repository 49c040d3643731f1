// Of the mesh: how far and how long a request is carried, what a node keeps, and what it takes of its neighbours.

import { KIB, MIB } from './units.ts'

/** Neighbours of one bucket: Kademlia's k. Beyond it: the one that was silent longest is pinged, and makes room if it does not answer. */
export const MESH_BUCKET_MAX = 20
/** Neighbours altogether: more links than a browser keeps, so that only a process ever meets it. Beyond it: the host is told. */
export const MESH_NEIGHBOURS_MAX = 64
/** Links a request travels. 10,000 nodes are five apart, 100,000 six or seven (test/sim/README.md). Beyond it: the path ends. */
export const MESH_HOPS_MAX = 10
/**
 * Steps away from its key that a request may go, where no neighbour is nearer or one is silent: the nearest node is often a new one
 * that has nothing yet. Each more doubles what it costs to find that there is nothing.
 */
export const MESH_DETOURS = 1
/** …and one that stores: each node of the walk around the key keeps a copy. */
export const MESH_STORE_DETOURS = 4
/**
 * …of a thorough lookup. As long as there are more of them than above, a node that is told of nothing tries its next neighbour as well.
 */
export const MESH_DETOURS_THOROUGH = 3
export const MESH_DETOURS_MAX = 8
/** Paths a lookup begins with: Kademlia's alpha, and one more. */
export const MESH_PATHS = 4
/** …and at most: with a fifth of the nodes malicious two of three come to nothing over five links, and those that meet are refused. A client has 20 links. */
export const MESH_PATHS_MAX = 20
/** So many more may be under way for each that brought nothing: what is not there shall not take sixteen paths one after another. */
export const MESH_PATHS_AFTER_NOTHING = 2
/** Paths one that stores begins with: so many chains of copies begin at different neighbours. */
export const MESH_STORE_PATHS = 4
/** Copies a path is believed to have left: no more than its walk around the key and itself. Liars say any number. */
export const MESH_COPIES_OF_PATH = 5
/** Copies that are wanted: Kademlia's k. Reached: no further path is begun. */
export const MESH_COPIES = 20
/** …and so many fewer are believed each time that a path to what was put does not find it: two more paths begin. */
export const MESH_COPIES_DOUBTED = 10
/** Paths that agree before a lookup of what has versions ends early: two may both have missed the last republishing. */
export const MESH_QUORUM = 3
/** A lookup takes no longer. */
export const MESH_LOOKUP_MS = 10_000
/** …and a path of it: eight hops there and back between continents. */
export const MESH_PATH_MS = 3_000
/** A node gives the next one so much less time than it has: its own answer must still arrive. */
export const MESH_HOP_MS = 250
/** With less time left a request is not sent on: no answer could come back. */
export const MESH_HOP_MS_MIN = 50
/**
 * Silent for this times the links it has left, a request is sent another way too. So those behind try first, and those before wait for
 * what comes of it.
 */
export const MESH_SILENCE_MS = 150
/** Until a path that is silent gets company: at least, at most, and so many times a neighbour's round trip while nothing was measured. */
export const MESH_PATIENCE_MS_MIN = 400
export const MESH_PATIENCE_MS_MAX = 3_000
export const MESH_PATIENCE_ROUND_TRIPS = 6
/** What one node tries for one request, counting those that refuse at once. */
export const MESH_TRIES_MAX = 4
/** A neighbour that does not answer a ping for so long is not asked any more, until it says something. */
export const MESH_PONG_MS = 3_000
/** Neighbours nearer to a key than a node that still keeps what is on its way there. */
export const MESH_NEAR = 8
/** Requests of one neighbour a second, and saved up. A lookup of its own is one of them, or two. Beyond: refused as busy, and dropped. */
export const MESH_ASKS_PER_SECOND = 20
export const MESH_ASKS_BURST = 200
/** Messages altogether, answers and pings as well. Beyond it: dropped, unread. */
export const MESH_MESSAGES_PER_SECOND = 100
export const MESH_MESSAGES_BURST = 1_000
/** …and bytes of both. A record of 64 KiB may come at once. Beyond: dropped. */
export const MESH_BYTES_PER_SECOND = 128 * KIB
export const MESH_BYTES_BURST = 2 * MIB
/** Requests sent on for others and not answered yet: 100 bytes each, and what is to be stored. Beyond: refused as busy. */
export const MESH_CARRIED_MAX = 512
/** …for one neighbour. */
export const MESH_CARRIED_OF_NEIGHBOUR_MAX = 64
/** Lookups of our own at once. Beyond it: the host's mistake, a RangeError. */
export const MESH_LOOKUPS_MAX = 64
/** Lookups a node remembers having carried, so that it carries each once. Beyond it: the oldest is forgotten, and may come by again. */
export const MESH_SEEN_MAX = 1_024
/** What others are waiting to have verified before it is kept: a signature takes 2 ms. Beyond it: refused as busy. */
export const MESH_VERIFYING_MAX = 32
/** Records a node holds for others, and their bytes: what a tab can spare. Beyond either: what is farthest from it goes. */
export const MESH_HELD_RECORDS_MAX = 1_024
export const MESH_HELD_BYTES_MAX = 8 * MIB
/** Providers of one key: as many as one answer lists. Beyond it: the one whose time ends first goes. */
export const MESH_PROVIDERS_MAX = 16
/** One record on the mesh: a value of 64 KiB, its head, and what a name adds. Beyond it: malformed. */
export const MESH_RECORD_BYTES_MAX = 64 * KIB + 8 * KIB
/** Nodes one answer names: Kademlia's k. */
export const MESH_NODES_MAX = 20
/** What we publish is stored again after so long, give or take a quarter: of 20 nodes 15 are still there then (Weibull, 24 min on average). */
export const MESH_REPUBLISH_MS = 600_000
/** Records of our own that are kept published. Beyond it: the host's mistake, a RangeError. */
export const MESH_PUBLISHED_MAX = 256
/** …and that are being stored at once: whoever comes back with all of them has other things to say too. Beyond it: they wait. */
export const MESH_PUBLISHING_MAX = 4
/** Buckets without a neighbour are told to the host so often: finding one costs a visit to a room. */
export const MESH_REFRESH_MS = 30_000
/** Nearest neighbours that are wanted: with fewer a key's nearest nodes do not know each other. */
export const MESH_NEAREST_WANTED = 4
/** Keys of one announcement that are published in the mesh: each travels with five kilobytes of signature, to twenty nodes. */
export const MESH_PROVIDED_MAX = 16
/** Records that are put into the mesh while the edge has them too: names and announcements. A value of 64 KiB in twenty places is a megabyte. */
export const MESH_BESIDE_BYTES_MAX = 12 * KIB
/** What the mesh has found waits so long for the edge, which may have something newer. */
export const MESH_EDGE_PATIENCE_MS = 1_000
/** An announcement waits so long for our place, which is a second's work once a week, and ten of a slow device's. Beyond it: it is made without. */
export const MESH_PLACE_WAITS_MS = 10_000
