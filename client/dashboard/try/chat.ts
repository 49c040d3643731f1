// Messages: to everybody, or to one peer with its receipt. What peers write is shown as text, shortened (people.ts).

import type { MessageVia, PeerId, Received, Room, Waypost } from '../../index.ts'
import { announce, append, copyOf, find, setText } from '../dom.ts'
import { clock, milliseconds, shortId } from '../words.ts'
import { type People, readable } from './people.ts'

const MESSAGES_MAX = 200
const TTL_MS = 60_000
const SENT = 'sent · relay'

interface Line {
  readonly own: boolean
  readonly name: string
  readonly id: string
  readonly to: string
  readonly text: string
  readonly receipt: string
}

export class Chat {
  readonly #people: People
  readonly #to = find(document, '#to', HTMLSelectElement)
  readonly #text = find(document, '#text', HTMLInputElement)
  /** Receipts of broadcasts that wait for the room to come back. */
  #waiting: HTMLElement[] = []
  #here: { readonly waypost: Waypost; readonly room: Room } | undefined

  constructor(people: People) {
    this.#people = people
    this.#to.addEventListener('change', () => this.refresh())
    find(document, '#composer', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submit()
    })
  }

  open(waypost: Waypost, room: Room): void {
    this.#here = { waypost, room }
    this.refresh()
  }

  /** The room is back: what waited for it went out. */
  cameBack(): void {
    for (const receipt of this.#waiting.splice(0)) receipt.textContent = SENT
  }

  close(): void {
    this.#here = undefined
    for (const receipt of this.#waiting.splice(0)) {
      receipt.textContent = 'not sent: the room was left'
      receipt.dataset.tone = 'bad'
    }
    this.refresh()
  }

  /** Brings the recipients up to date. One who left stays chosen: a message meant for one never goes to all instead. */
  refresh(): void {
    const peers = this.#here?.room.peers
    const listed = new Set<string>()
    for (const option of [...this.#to.options]) {
      const id = option.value as PeerId
      if (option.value === '') continue
      const here = peers?.has(id) === true
      if (!here && !option.selected) option.remove()
      else setText(option, here ? this.#label(id) : `${this.#label(id)}, who left`)
      listed.add(option.value)
    }
    for (const id of peers?.keys() ?? []) {
      if (listed.has(id)) continue
      this.#to.add(new Option(this.#label(id), id))
    }
  }

  writeTo(id: PeerId): void {
    this.#to.value = id
    this.#text.focus()
  }

  heardByAll(from: PeerId, data: Received): void {
    this.#heard(from, 'to everybody', data, 'relay')
  }

  heard(from: PeerId, data: Received, via: MessageVia): void {
    this.#heard(from, 'to you', data, via)
  }

  #label(id: PeerId): string {
    return `${this.#people.nameOf(id)} ${shortId(id)}`
  }

  #heard(from: PeerId, to: string, data: Received, via: MessageVia): void {
    const name = this.#people.nameOf(from)
    const text = readable(data)
    this.#add({ own: false, name, id: shortId(from), to, text, receipt: via })
    announce(`${name} ${to}: ${text.slice(0, 200)}`)
  }

  #submit(): void {
    const text = this.#text.value.trim()
    if (text === '') return this.#text.focus()
    const to = this.#to.value as PeerId | ''
    const line = { own: true, name: 'You', id: '', text, receipt: 'sending…' }
    const receipt = this.#add({ ...line, to: to === '' ? 'to everybody' : `to ${this.#label(to)}` })
    this.#text.value = ''
    void this.#send(to, text, receipt)
  }

  async #send(to: PeerId | '', text: string, receipt: HTMLElement): Promise<void> {
    const began = performance.now()
    try {
      if (this.#here === undefined) throw new Error('not in the room')
      const { waypost, room } = this.#here
      if (to === '') {
        room.broadcast(text)
        receipt.textContent = room.state === 'joined' ? SENT : 'goes out when the room is back'
        if (room.state !== 'joined') this.#waiting.push(receipt)
        return
      }
      const { via } = await waypost.send(to, text, { ttlMs: TTL_MS })
      receipt.textContent = `delivered · ${via} · ${milliseconds(performance.now() - began)} ms`
      receipt.dataset.tone = 'good'
      announce('Delivered')
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      receipt.textContent = `not delivered: ${why}`
      receipt.dataset.tone = 'bad'
      announce(`Your message was not delivered: ${why}`)
    }
  }

  #add(line: Line): HTMLElement {
    const item = copyOf('#message-template', HTMLLIElement)
    if (line.own) item.dataset.own = ''
    const now = new Date()
    const time = find(item, 'time', HTMLTimeElement)
    time.textContent = clock(now)
    time.dateTime = now.toISOString()
    find(item, '.name', HTMLElement).textContent = line.name
    find(item, '.id', HTMLElement).textContent = line.id
    find(item, '.to', HTMLElement).textContent = line.to
    find(item, '.text', HTMLElement).textContent = line.text
    const receipt = find(item, '.receipt', HTMLElement)
    receipt.textContent = line.receipt
    find(document, '#chat-empty', HTMLElement).hidden = true
    append(
      find(document, '#chat', HTMLElement),
      item,
      find(document, '#chat-window', HTMLElement),
      MESSAGES_MAX,
    )
    return receipt
  }
}
