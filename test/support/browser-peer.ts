// A peer in a page, with the vocabulary the browser tests are told in: alice.joins(), alice.sends(bob, …), bob.hears(…).

import type { Page } from 'playwright-core'
import type {
  ConnectOptions,
  MessageVia,
  Peer,
  Receipt,
  Room,
  RoomState,
  SendOptions,
  Status,
  Waypost,
} from '../../client/index.ts'
import type { TestBrowser } from './browser.ts'

/** Something the page heard, as it can be brought out of it. */
export interface Heard {
  readonly kind: 'message' | 'datagram' | 'broadcast'
  readonly from: string
  readonly data: unknown
  readonly via: MessageVia
  readonly id?: string
}

/** What the page keeps between steps. */
interface Kept {
  waypost: Waypost
  room: Room
  heard: Heard[]
  events: string[]
  states: RoomState[]
}

declare global {
  var kept: Kept
}

export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain }

export class BrowserPeer {
  readonly page: Page
  readonly #browser: TestBrowser
  id = ''

  private constructor(browser: TestBrowser, page: Page) {
    this.#browser = browser
    this.page = page
  }

  static async open(browser: TestBrowser): Promise<BrowserPeer> {
    return new BrowserPeer(browser, await browser.page())
  }

  /** Connects and joins, and begins to keep what it hears. */
  async joins(
    edge: string | readonly string[],
    room: string,
    options: ConnectOptions = {},
    metadata?: Plain,
  ): Promise<this> {
    this.id = await this.page.evaluate(
      async ([edge, name, options, metadata]) => {
        const waypost = await sdk.connect(edge, options)
        const heard: Heard[] = []
        // Small bytes as a list, large ones by their size alone: what tests keep must not be what they measure.
        const plain = (data: unknown) => {
          if (!(data instanceof Uint8Array)) return data
          return data.length <= 1024 ? [...data] : { bytes: data.length }
        }
        waypost.on('message', ({ from, data, via, id }) => {
          heard.push({ kind: 'message', from, data: plain(data), via, id })
        })
        waypost.on('datagram', ({ from, data, via }) => {
          heard.push({ kind: 'datagram', from, data: plain(data), via })
        })
        const room = await waypost.join(
          name,
          metadata === undefined ? {} : { metadata: JSON.parse(metadata) },
        )
        globalThis.kept = { waypost, room, heard, events: [], states: [] }
        room.on('message', ({ from, data, via }) => {
          heard.push({ kind: 'broadcast', from, data: plain(data), via })
        })
        room.on('join', (peer: Peer) => kept.events.push(`join ${peer.id}`))
        room.on('leave', (peer: Peer) => kept.events.push(`leave ${peer.id}`))
        room.on('update', (peer: Peer) => kept.events.push(`update ${peer.id}`))
        room.on('state', (state) => kept.states.push(state))
        return waypost.id as string
      },
      [edge, room, options, metadata === undefined ? undefined : JSON.stringify(metadata)] as const,
    )
    return this
  }

  /** Data crosses into the page as JSON, bytes as a list: playwright's own types cannot follow nested values. */
  sends(to: BrowserPeer, data: Plain | Uint8Array, options: SendOptions = {}): Promise<Receipt> {
    const isBytes = data instanceof Uint8Array
    const json = JSON.stringify(isBytes ? [...data] : data)
    return this.page.evaluate(
      ([to, json, isBytes, options]) => {
        const value = JSON.parse(json)
        return kept.waypost.send(to, isBytes ? Uint8Array.from(value) : value, options)
      },
      [to.id, json, isBytes, options] as const,
    )
  }

  broadcasts(data: Plain): Promise<void> {
    return this.page.evaluate((json) => kept.room.broadcast(JSON.parse(json)), JSON.stringify(data))
  }

  datagrams(to: BrowserPeer, data: Plain): Promise<boolean> {
    return this.page.evaluate(([to, json]) => kept.waypost.datagram(to, JSON.parse(json)), [
      to.id,
      JSON.stringify(data),
    ] as const)
  }

  /** Waits until it has heard something of this kind with this data, and gives it back. */
  async hears(kind: Heard['kind'], data: Plain, timeoutMs = 15_000): Promise<Heard> {
    const handle = await this.page.waitForFunction(
      ([kind, json]) => kept.heard.find((each) => each.kind === kind && JSON.stringify(each.data) === json),
      [kind, JSON.stringify(data)] as const,
      { timeout: timeoutMs },
    )
    return (await handle.jsonValue()) as Heard
  }

  heard(): Promise<Heard[]> {
    return this.page.evaluate(() => kept.heard)
  }

  events(): Promise<string[]> {
    return this.page.evaluate(() => kept.events)
  }

  states(): Promise<RoomState[]> {
    return this.page.evaluate(() => kept.states)
  }

  status(): Promise<Status> {
    return this.page.evaluate(() => kept.waypost.status())
  }

  peers(): Promise<string[]> {
    return this.page.evaluate(() => [...kept.room.peers.keys()])
  }

  /** Waits until it sees exactly these in its room. */
  async sees(...others: readonly Pick<BrowserPeer, 'id'>[]): Promise<void> {
    await this.page.waitForFunction(
      (ids) => kept.room.peers.size === ids.length && ids.every((id) => kept.room.peers.has(id as never)),
      others.map((other) => other.id),
      { timeout: 60_000 },
    )
  }

  /** Waits until messages to the other take this way. */
  async reaches(other: BrowserPeer, via: MessageVia, timeoutMs = 30_000): Promise<void> {
    await this.page.waitForFunction(
      ([id, via]) => kept.room.peers.get(id as never)?.via === via,
      [other.id, via] as const,
      { timeout: timeoutMs },
    )
  }

  async isIn(state: RoomState, timeoutMs = 60_000): Promise<void> {
    await this.page.waitForFunction((state) => kept.room.state === state, state, { timeout: timeoutMs })
  }

  leaves(): Promise<void> {
    return this.page.evaluate(() => kept.waypost.close())
  }

  /** The renderer crashes. */
  dies(): Promise<void> {
    return this.#browser.killPage(this.page)
  }
}
