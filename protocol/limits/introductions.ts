// Limits of introductions: what peers tell each other of further peers and of edges, how often, and how much of it is kept.

/** Announcements in one answer. Each is 5 to 7 KB, nearly all of it key and signature: 60 KB at most, a second of a slow line. More: malformed. */
export const INTRODUCTIONS_ANSWERED_MAX = 8
/** Edges in one answer: as many as an edge may name. More: malformed. */
export const INTRODUCTION_EDGES_ANSWERED_MAX = 4
/** What an ask says it has already, eight bytes each, so that nobody is sent it again. More: malformed. */
export const INTRODUCTION_KNOWN_MAX = 32

/** Announcements that are kept, in memory: 450 KB at most. Beyond it: one of the teller with the most goes. */
export const INTRODUCTIONS_KEPT_MAX = 64
/** …of one teller: no quarter of them is enough to be most of a sample. Beyond it: one of its own goes. */
export const INTRODUCTIONS_OF_TELLER_MAX = 12

/** Edges that are kept, with the identity if that is. Beyond it: one of those that the fewest told of goes, whichever. */
export const INTRODUCTION_EDGES_KEPT_MAX = 12
/** …of one teller. Beyond it: it is taken to have told no more of the first. */
export const INTRODUCTION_EDGES_OF_TELLER_MAX = 3
/** Tellers of one edge that are remembered: whether it is one or several is what counts. */
export const INTRODUCTION_EDGE_TELLERS_MAX = 4
/** Nobody told of it for so long, and it is forgotten: what an edge said itself is kept as long (BOOTSTRAP_KEPT_MS). */
export const INTRODUCTION_EDGE_KEPT_MS = 30 * 24 * 3_600_000
/** Of those that peers told of, so many are tried when nothing that the application named answers: each is a socket and a pass. */
export const EDGES_TOLD_MAX = 3

/** Peers that are asked at once, as soon as there is a link: no one of them is most of what we know. */
export const INTRODUCTION_TELLERS = 4
/** Afterwards one of the links, another each time, once in so long: as often as a browser's tab is put to sleep at least. */
export const INTRODUCTION_EVERY_MS = 15 * 60_000
/** One peer is not asked again within so long, whoever wishes it: an edge that fell is left within ten seconds by those who know another. */
export const INTRODUCTION_AGAIN_MS = 10_000
/** An answer that has not come by then will not come. After it: unexpected. */
export const INTRODUCTION_ANSWER_MS = 10_000
/** What a peer may ask of us: twice as often as an honest one does. Beyond it: no answer, and counted. */
export const INTRODUCTION_ASKED = { perSecond: 2 / 10, burst: 4 } as const
/** Links that are looked at: more than a client has. Beyond it: those that come later are neither asked nor answered. */
export const INTRODUCTION_LINKS_MAX = 2_048
/** An announcement that ends so soon is told to nobody any more. */
export const INTRODUCTION_LEAST_MS = 60_000

/** `dht.peers()`: so many, unless another number is asked for… */
export const PEERS_SAMPLED = 8
/** …and no more than are kept; and so long it waits for answers. */
export const PEERS_AWAITED_MS = 3_000
