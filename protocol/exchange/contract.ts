// What the exchange machine is told, and what it asks for. See client/dht/README.md, which has the frames too.

import type { DropReason } from '../drops.ts'

/** A block is named by text, a peer too: what they are the host knows. */
export type ExchangeInput =
  /** Somebody waits for it. */
  | { readonly kind: 'want'; readonly block: string }
  /** One that says it has what we want. */
  | { readonly kind: 'provider'; readonly peer: string }
  /** There will be no further providers. */
  | { readonly kind: 'searched' }
  /** Bytes came from it, of whatever: it is at work. */
  | { readonly kind: 'heard'; readonly peer: string }
  /** It came, and is what it was said to be. */
  | { readonly kind: 'came'; readonly peer: string; readonly block: string }
  | { readonly kind: 'missing'; readonly peer: string; readonly block: string }
  /** What came is not what was asked for, or not of the layout: of a peer that does so nothing more is taken. */
  | { readonly kind: 'lied'; readonly peer: string; readonly reason: DropReason }
  /** Its stream is over, or never began. */
  | { readonly kind: 'lost'; readonly peer: string }
  | { readonly kind: 'wake' }

export type ExchangeEffect =
  /** A stream to it, for what is asked next. */
  | { readonly kind: 'open'; readonly peer: string }
  | { readonly kind: 'ask'; readonly peer: string; readonly block: string }
  /** Its stream is of no use any more. */
  | { readonly kind: 'close'; readonly peer: string }
  /** Whoever waits for it may have it: the host does. */
  | { readonly kind: 'got'; readonly block: string; readonly peer: string }
  /** `missing`: all who could be asked say they do not have it; `unreachable`: nobody is left who could be asked. */
  | { readonly kind: 'failed'; readonly block: string; readonly why: 'missing' | 'unreachable' }
  /** Of those who are known nobody can give what is wanted. Once: whoever else there is, and then `searched`. */
  | { readonly kind: 'search' }
  | { readonly kind: 'drop'; readonly reason: DropReason }
