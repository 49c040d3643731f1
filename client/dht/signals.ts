// Waiting that may be broken off: by the caller's signal, or because the Waypost is closed.

import { WaypostError } from '../../protocol/errors.ts'

/** Rejects with the signal's reason once it fires; what was waited for goes on by itself. */
export async function orAborted<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    waiting.catch(() => {})
    throw signal.reason
  }
  let leave = () => {}
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([waiting, left])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/**
 * Does it under both signals. Whatever it failed with, when one of them has fired that is what it is: `aborted`, or the reason
 * for which we were closed.
 */
export async function under<T>(
  what: string,
  closing: AbortSignal,
  asked: AbortSignal | undefined,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = asked === undefined ? closing : AbortSignal.any([closing, asked])
  try {
    signal.throwIfAborted()
    // Also where it waits for its turn, or for a disk: nobody who stops has to wait for that.
    return await orAborted(act(signal), signal)
  } catch (problem) {
    if (closing.aborted) throw closing.reason
    if (asked?.aborted) throw new WaypostError('aborted', `${what} was aborted`, { cause: asked.reason })
    throw problem
  }
}
