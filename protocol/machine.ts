// The machine contract: how every decision in Waypost is written.
//
// A machine is told what happened and when, and answers with what should be done. It owns no timer, no
// socket, no clock and never awaits, so a Durable Object cannot interleave in the middle of a decision, a
// test lives through a week in a millisecond, and the simulator runs the very code that the edge runs.

/** `Input` is a named union of things that happened; `Effect` one of things to do, in order. */
export interface Machine<Input, Effect> {
  receive(input: Input, nowMs: number): readonly Effect[]
  /** When the machine next wants a `wake` input though nothing happened; undefined: not before it hears something. */
  readonly wakeAtMs: number | undefined
}

/** Chance as a port: like Math.random, at least 0 and less than 1. Jitter and numbers nobody need be unable to guess. */
export type Random = () => number

export function randomU32(random: Random): number {
  return Math.floor(random() * 2 ** 32)
}
