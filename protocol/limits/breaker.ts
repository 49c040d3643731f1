// Limits of circuit breakers and of shedding: when a dependency is left alone, for how long, and who gives way when there is too much.

/** What is looked at: long enough for a verdict about what is called once a second, short enough to be about now. */
export const BREAKER_WINDOW_MS = 10_000
/** Parts of the window. Each forgets a tenth of it at once; finer would cost memory for each object and tell nobody more. */
export const BREAKER_SLICES = 10

/** Longer than this is slow, and as bad as failing: whoever waits for it holds a request, and its memory, meanwhile. */
export const CALL_SLOW_MS = 3_000
/** …and after this nobody waits any more. A mailbox that reads its letters from a cold disk takes one or two seconds. */
export const CALL_TIMEOUT_MS = 10_000
/** An answer within this is prompt: across a continent and back, and the object's own work. */
export const CALL_PROMPT_MS = 500

/** Bad calls out of so many at least, for one object: fewer are chance, or a deploy that moved it. */
export const OBJECT_CALLS_LEAST = 5
/** …and for a whole class, of which one object alone, before it is known to be bad, is a quarter at most. */
export const CLASS_CALLS_LEAST = 20
/** Half of them. */
export const BREAKER_BAD_SHARE = 0.5
/** How long nobody is let through at first: an object that was moved is back within it. */
export const BREAKER_OPEN_MS = 1_000
/** …doubled with each probe that failed, to this: nobody waits longer for what is well again. */
export const BREAKER_OPEN_MOST_MS = 30_000
/** Probes in a row that must do well. One may be luck; each is somebody's real request. */
export const BREAKER_SUCCESSES = 2
/**
 * Objects of a class that one isolate remembers as doubtful: those that failed within the window, about 1 KiB each. Beyond: the
 * one remembered longest is forgotten, and has to fail again.
 */
export const DOUBTFUL_OBJECTS_MAX = 512

/** Healthy: so many calls succeed, and so many are prompt. The design's number. */
export const HEALTHY_SHARE = 0.95
/** Degraded: so many succeed. Fewer: unhealthy. */
export const DEGRADED_SHARE = 0.8

/** Requests in flight in one isolate before it is overloaded: with a body of 64 KiB each, half of its 128 MB. A setting. */
export const IN_FLIGHT_MAX = 1_024
/** From which part of that on each priority is held to its share: who matters least gives way while there still is room. */
export const SHED_FROM = { critical: Number.POSITIVE_INFINITY, high: 1, normal: 0.75, low: 0.5 } as const
/** It is overloaded, too, when so many of the window's calls were late, out of as many as a class needs for a verdict. */
export const OVERLOADED_LATE_SHARE = 0.5
/** What who is shed is told to wait. Those who matter least wait longest; each client adds chance of its own. */
export const SHED_RETRY_MS = { critical: 500, high: 1_000, normal: 2_000, low: 5_000 } as const
