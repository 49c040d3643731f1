// The edge's stream of events, read over fetch: an EventSource cannot show a token except in its address, and cannot say when it
// last heard anything.

import { ANSWER_MS_MAX, type Failure, failureOf, headersOf } from './ask.ts'

export interface StreamListener {
  /** Something came: if only a comment that keeps the connection open. */
  heard(): void
  event(name: string, data: unknown): void
}

/** Reads until the stream ends, which is how each of them ends sooner or later. Gives the failure where it never began. */
export async function readEvents(
  path: string,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  const begun = new AbortController()
  const late = setTimeout(() => begun.abort(), ANSWER_MS_MAX)
  try {
    const response = await fetch(path, {
      cache: 'no-store',
      headers: { ...headersOf(false), Accept: 'text/event-stream' },
      signal: AbortSignal.any([signal, begun.signal]),
    })
    clearTimeout(late)
    if (!response.ok || response.body === null)
      return failureOf(response.status, await response.json().catch(() => undefined))
    const parser = new EventParser((name, data) => listener.event(name, data))
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return undefined
      listener.heard()
      parser.take(value)
    }
  } catch {
    return undefined // Cut off, or no longer wanted: as good as ended.
  } finally {
    clearTimeout(late)
  }
}

/** What one event may hold: more is a mistake of whoever sends it, and memory of ours. */
const PENDING_CHARS_MAX = 1 << 20

/** Text in pieces of any size, as the HTML standard has an event stream written. */
export class EventParser {
  readonly #event: (name: string, data: unknown) => void
  #pending = ''
  #name = ''
  #data: string[] = []

  constructor(event: (name: string, data: unknown) => void) {
    this.#event = event
  }

  take(text: string): void {
    this.#pending += text
    const lines = this.#pending.split(/\r\n|\n|\r(?!$)/)
    this.#pending = lines.pop() ?? ''
    for (const line of lines) this.#line(line)
    if (this.#pending.length > PENDING_CHARS_MAX) throw new Error('an event without an end')
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch()
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') this.#name = value
    if (field === 'data') this.#data.push(value)
  }

  #dispatch(): void {
    const [name, text] = [this.#name, this.#data.join('\n')]
    this.#name = ''
    this.#data = []
    if (text === '') return
    try {
      this.#event(name || 'message', JSON.parse(text))
    } catch {
      // Not JSON: nothing this page knows.
    }
  }
}
