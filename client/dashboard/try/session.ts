// Being in a room, and staying there: connects, joins, tries again while the edge is away, and begins anew when the
// visitor asks for another room or another way to connect. What the page shows of it is told to a listener.

import { connect, type Room, type Waypost, WaypostError } from '../../index.ts'

export interface SessionOptions {
  readonly network: string
  readonly room: string
  readonly name: string
  readonly relayOnly: boolean
}

export type SessionState =
  | { readonly kind: 'connecting' | 'joining' | 'joined' | 'reconnecting' }
  /** It did not work, and will be tried again. */
  | { readonly kind: 'waiting'; readonly why: string }
  /** It did not work, and only the visitor can change that. */
  | { readonly kind: 'ended'; readonly why: string }

export interface SessionListener {
  state(state: SessionState): void
  /** Before anybody can be met. */
  connected(waypost: Waypost): void
  joined(waypost: Waypost, room: Room): void
  /** What was joined is over; nothing more comes of it. */
  over(): void
}

const RETRY_MS = 2_000

export class Session {
  readonly #listener: SessionListener
  #run: AbortController | undefined
  #waypost: Waypost | undefined
  #room: Room | undefined

  constructor(listener: SessionListener) {
    this.#listener = listener
  }

  /** Begins anew, whatever was before. */
  begin(options: SessionOptions): void {
    this.end()
    const run = new AbortController()
    this.#run = run
    void this.#keepTrying(options, run.signal)
  }

  end(): void {
    this.#run?.abort()
    this.#run = undefined
    this.#drop()
  }

  rename(name: string): void {
    if (this.#room !== undefined && this.#room.state !== 'closed') this.#room.setMetadata({ name })
  }

  async #keepTrying(options: SessionOptions, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await this.#enter(options, signal)
      } catch (error) {
        if (signal.aborted) return
        this.#drop()
        const why = error instanceof Error ? error.message : String(error)
        if (!mayPass(error)) return this.#listener.state({ kind: 'ended', why })
        this.#listener.state({ kind: 'waiting', why })
      }
      await pause(RETRY_MS, signal)
      if (signal.aborted) return
    }
  }

  async #enter({ network, room: name, name: ownName, relayOnly }: SessionOptions, signal: AbortSignal) {
    this.#listener.state({ kind: 'connecting' })
    const waypost = await connect(location.origin, { network, relayOnly, signal })
    if (signal.aborted) return void waypost.close()
    this.#waypost = waypost
    this.#listener.connected(waypost)
    this.#listener.state({ kind: 'joining' })
    const room = await waypost.join(name, { metadata: { name: ownName }, signal })
    if (signal.aborted) return
    this.#room = room
    room.on('state', (state) => {
      if (signal.aborted) return
      if (state === 'joined' || state === 'reconnecting') return this.#listener.state({ kind: state })
      if (state !== 'closed') return
      this.#drop()
      this.#listener.state({
        kind: 'ended',
        why: 'The room was left, or this peer joined it from elsewhere.',
      })
    })
    this.#listener.joined(waypost, room)
    this.#listener.state({ kind: room.state === 'reconnecting' ? 'reconnecting' : 'joined' })
  }

  #drop(): void {
    const waypost = this.#waypost
    this.#waypost = undefined
    this.#room = undefined
    if (waypost === undefined) return
    void waypost.close()
    this.#listener.over()
  }
}

/** An edge that is away may come back; a name it does not take stays wrong. */
function mayPass(error: unknown): boolean {
  return error instanceof WaypostError && (error.code === 'edge-unreachable' || error.code === 'rate-limited')
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
