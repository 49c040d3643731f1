// Tables that are wider than a phone.

import { make } from './dom.ts'

/** Scrolls in itself, by keyboard too. */
export function scrolling(label: string, table: HTMLTableElement): HTMLElement {
  return make('div', { class: 'scrolling', role: 'region', tabindex: '0', 'aria-label': label }, table)
}

export const columnHead = (text: string): HTMLElement => make('th', { scope: 'col' }, text)
