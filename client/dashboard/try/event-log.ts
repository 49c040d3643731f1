// What happened, in the order it did: the page's own memory of arrivals, paths and failures.

import { append, copyOf, find } from '../dom.ts'
import { clock } from '../words.ts'

const EVENTS_MAX = 200

export function logEvent(text: string): void {
  const now = new Date()
  const item = copyOf('#event-template', HTMLLIElement)
  const time = find(item, 'time', HTMLTimeElement)
  time.textContent = clock(now)
  time.dateTime = now.toISOString()
  find(item, 'span', HTMLElement).textContent = text
  const within = find(document, '#events-window', HTMLElement)
  append(find(document, '#events', HTMLElement), item, within, EVENTS_MAX)
}
