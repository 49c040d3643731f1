// The room on the page: which one, whether we are in it, and the controls that change that.

import { announce, find, setPill, setText, type Tone } from '../dom.ts'
import { addressOf } from '../pages.ts'
import { tame } from '../tame.ts'
import { count, shortId } from '../words.ts'
import { logEvent } from './event-log.ts'
import { keepName, ownName } from './own-name.ts'
import type { SessionState } from './session.ts'

const ROOM_DEFAULT = 'lobby'
const ROOM_CHARS_SHOWN_MAX = 48
const WHY_CHARS_MAX = 120

export interface RoomWishes {
  /** Another room, or another way to connect: begin anew. */
  begin(): void
  rename(name: string): void
  pings(enabled: boolean): void
}

const SHOWN: Readonly<Record<SessionState['kind'], readonly [Tone, string]>> = {
  connecting: ['quiet', 'Connecting…'],
  joining: ['quiet', 'Joining…'],
  joined: ['good', 'Joined'],
  reconnecting: ['relay', 'Reconnecting…'],
  waiting: ['bad', 'Waiting for the edge'],
  ended: ['bad', 'Not in the room'],
}

export class RoomPanel {
  readonly #pill = find(document, '#room-pill', HTMLElement)
  readonly #why = find(document, '#room-why', HTMLElement)
  readonly #again = find(document, '#join-again', HTMLButtonElement)
  readonly #name = find(document, '#name', HTMLInputElement)
  readonly #room = find(document, '#room', HTMLInputElement)
  readonly #relayOnly = find(document, '#relay-only', HTMLInputElement)
  #state: SessionState = { kind: 'connecting' }
  #others = 0
  #wanted = ROOM_DEFAULT
  #shown = ROOM_DEFAULT
  #said: SessionState['kind'] | undefined

  constructor(wishes: RoomWishes) {
    this.#name.value = ownName()
    this.#name.addEventListener('change', () => {
      this.#name.value = keepName(this.#name.value)
      wishes.rename(this.#name.value)
      logEvent(`You are ${this.#name.value} now`)
    })
    this.#name.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#name.blur()
    })
    this.#relayOnly.addEventListener('change', () => wishes.begin())
    this.#again.addEventListener('click', () => wishes.begin())
    const pings = find(document, '#pings', HTMLInputElement)
    pings.addEventListener('change', () => wishes.pings(pings.checked))
    wishes.pings(pings.checked) // A reload may have kept it unchecked.
    find(document, '#room-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      if (this.#room.value !== '') location.hash = addressOf('try', this.#room.value)
      this.#room.value = ''
    })
    find(document, '#copy-link', HTMLButtonElement).addEventListener('click', () => void copyLink())
  }

  get name(): string {
    return this.#name.value
  }

  get relayOnly(): boolean {
    return this.#relayOnly.checked
  }

  /** The room that is wanted, shown everywhere it is named. Says whether it is another than before. */
  goTo(name: string): boolean {
    const isAnother = name !== '' && name !== this.#wanted
    if (name !== '') this.#wanted = name
    const room = this.#wanted
    // A link may come from anybody, and so may its name.
    this.#shown = tame(room, ROOM_CHARS_SHOWN_MAX)
    document.title = `${this.#shown} · Waypost`
    setText(find(document, '#room-name', HTMLElement), this.#shown)
    find(document, '#another-tab', HTMLAnchorElement).href = addressOf('try', room)
    return isAnother
  }

  get room(): string {
    return this.#wanted
  }

  showId(id: string): void {
    const element = find(document, '#own-id', HTMLElement)
    setText(element, shortId(id))
    element.title = id
  }

  show(state: SessionState): void {
    this.#state = state
    const [tone, words] = SHOWN[state.kind]
    setPill(this.#pill, tone, words)
    this.#again.hidden = state.kind !== 'ended'
    this.#explain()
    // Only what lasts is worth saying, and once.
    if (state.kind === this.#said || state.kind === 'connecting' || state.kind === 'joining') return
    this.#said = state.kind
    logEvent('why' in state ? `${words}: ${reason(state.why)}` : `${words} (${this.#shown})`)
    announce(words)
  }

  showOthers(others: number): void {
    this.#others = others
    this.#explain()
  }

  #explain(): void {
    const state = this.#state
    setText(this.#why, 'why' in state ? reason(state.why) : explain(state.kind, this.#others))
  }
}

function explain(kind: SessionState['kind'], others: number): string {
  if (kind === 'reconnecting') {
    return 'The socket to the edge is gone. Direct connections go on meanwhile.'
  }
  if (others === 0) return 'Open this page in a second tab and watch the two find each other.'
  return `You and ${others === 1 ? 'one other' : `${count(others)} others`}, connected directly where a way is found.`
}

/** What an error says, as a sentence, and not longer than a page has room for. */
function reason(why: string): string {
  const text = tame(why, WHY_CHARS_MAX).replace(/\.$/, '')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

const COPIED_FOR_MS = 2_000

async function copyLink(): Promise<void> {
  const button = find(document, '#copy-link', HTMLButtonElement)
  const link = new URL(find(document, '#another-tab', HTMLAnchorElement).href).href
  try {
    await navigator.clipboard.writeText(link)
  } catch {
    // No clipboard here: the page is neither https nor localhost, or the visitor forbids it.
    window.prompt('Copy this link', link)
    return
  }
  setText(button, 'Copied')
  announce('Link copied')
  setTimeout(() => setText(button, 'Copy link'), COPIED_FOR_MS)
}
