// What a task of ours says, again and again until it is answered.

import { KEYING_RESEND_MAX_MS, KEYING_RESEND_MS } from '../limits/keying.ts'

export interface Said {
  readonly task: number
  bytes: Uint8Array | undefined
  tries: number
  /** Undefined: the task is still at work. */
  dueAtMs: number | undefined
}

export function said(task: number): Said {
  return { task, bytes: undefined, tries: 0, dueAtMs: undefined }
}

export function isSaid(said: Said, bytes: Uint8Array, nowMs: number): void {
  said.bytes = bytes
  said.dueAtMs = nowMs + Math.min(KEYING_RESEND_MAX_MS, KEYING_RESEND_MS * 2 ** said.tries)
  said.tries++
}

export function isDue(said: Said | undefined, nowMs: number): boolean {
  return said?.dueAtMs !== undefined && nowMs >= said.dueAtMs
}
