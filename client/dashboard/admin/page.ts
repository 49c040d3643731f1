// The page "Administration". Its contents are still to come.

import { make } from '../dom.ts'
import type { Page } from '../pages.ts'

export function open(place: HTMLElement): Page {
  place.append(
    make(
      'section',
      { class: 'panel' },
      make('h2', {}, 'Administration'),
      make('p', { class: 'empty' }, 'This page is not built yet.'),
    ),
  )
  return { show() {}, hide() {} }
}
