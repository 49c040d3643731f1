// A button for what is not done by accident: it asks back in its own place. The first press asks, the second does.

import { make, setText } from './dom.ts'

/** `whom`: what it does it to, for who does not see where it stands. */
export function confirmed(text: string, whom: string, act: () => void): HTMLButtonElement {
  const button = make('button', { type: 'button' })
  const label = `${text}: ${whom}`
  let isAsked = false
  const say = (asked: boolean) => {
    isAsked = asked
    setText(button, asked ? 'Really?' : text)
    button.setAttribute('aria-label', asked ? `Really? ${label}` : label)
  }
  say(false)
  button.addEventListener('blur', () => say(false))
  button.addEventListener('click', () => {
    if (isAsked) act()
    say(!isAsked)
  })
  return button
}
