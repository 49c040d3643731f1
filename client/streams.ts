// All streams of a Waypost: which link each belongs to, and what an application may ask for. Some labels are our own
// machinery's: the application neither hears of such streams nor opens any. Loaded behind secure.ts, since no page needs it to
// connect.

import type { DropReason } from '../protocol/drops.ts'
import { WaypostError } from '../protocol/errors.ts'
import { STREAM_LABEL_BYTES_MAX } from '../protocol/limits/streams.ts'
import type { PeerId } from '../protocol/peer-id.ts'
import { utf8 } from '../protocol/wire/bytes.ts'
import type { Events } from './events.ts'
import { checkOptions, checkSignal } from './options.ts'
import type { PeerLink } from './peer-link.ts'
import { PeerStreams } from './peer-streams.ts'
import type { Strangers } from './strangers.ts'
import type { OpenOptions, WaypostEvents, WaypostStream } from './types.ts'

/** Labels that begin so are ours. */
const RESERVED = 'waypost/'
/** So long our last words may take to arrive: as those in rooms may. */
const FAREWELL_MS = 1_000

export class Streams {
  readonly #own: PeerId
  readonly #events: Events<WaypostEvents>
  readonly #strangers: Strangers
  readonly #dropped: (reason: DropReason) => void
  readonly #peers = new Map<PeerId, PeerStreams>()
  /** By label: who takes streams that peers open to our machinery. */
  readonly #serving = new Map<string, (stream: WaypostStream) => void>()

  constructor(
    own: PeerId,
    events: Events<WaypostEvents>,
    strangers: Strangers,
    dropped: (reason: DropReason) => void,
  ) {
    this.#own = own
    this.#events = events
    this.#strangers = strangers
    this.#dropped = dropped
  }

  size(peer: PeerId): number {
    return this.#peers.get(peer)?.size ?? 0
  }

  /** The link is asked for last: misuse is misuse, whoever is there. */
  open(label: string, options: OpenOptions, linkToPeer: () => PeerLink): WaypostStream {
    checkOptions('open', options, ['signal'])
    checkSignal('open: signal', options.signal)
    if (typeof label !== 'string') throw new TypeError('open: the label must be a string')
    if (utf8(label).length > STREAM_LABEL_BYTES_MAX)
      throw new RangeError(`open: the label must be at most ${STREAM_LABEL_BYTES_MAX} bytes`)
    if (label.startsWith(RESERVED))
      throw new RangeError(`open: labels that begin with ${RESERVED} are reserved`)
    const link = linkToPeer()
    const { signal } = options
    if (signal?.aborted) throw new WaypostError('aborted', 'open was aborted', { cause: signal.reason })
    link.connect()
    return this.#with(link).open(label, signal)
  }

  /** For our own machinery: streams of this label, below RESERVED, are given to it as they come. */
  serve(label: string, take: (stream: WaypostStream) => void): void {
    this.#serving.set(label, take)
  }

  /** The other end of `serve`. */
  openOwn(label: string, link: PeerLink): WaypostStream {
    link.connect()
    return this.#with(link).open(label, undefined)
  }

  message(link: PeerLink, message: Uint8Array): void {
    this.#with(link).message(message)
  }

  /** The peer acknowledged a message of ours. */
  settled(peer: PeerId, token: number): void {
    this.#peers.get(peer)?.settled(-token)
  }

  abandoned(peer: PeerId): void {
    this.#peers.get(peer)?.abandoned()
  }

  restarting(peer: PeerId): void {
    this.#peers.get(peer)?.restarted()
  }

  forget(peer: PeerId): void {
    this.#peers.get(peer)?.close()
    this.#peers.delete(peer)
  }

  /** Before the links are closed: peers need not wait for streams that are over. Resolves when they know, or it has been long enough. */
  async farewell(reachable: (peer: PeerId) => boolean): Promise<void> {
    const told = [...this.#peers]
      .filter(([peer, streams]) => streams.size > 0 && reachable(peer))
      .map(([, streams]) => streams.farewell())
    let timer: ReturnType<typeof setTimeout> | undefined
    const longEnough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FAREWELL_MS)
    })
    await Promise.race([Promise.all(told), longEnough])
    clearTimeout(timer)
  }

  close(): void {
    for (const peer of [...this.#peers.keys()]) this.forget(peer)
  }

  /** Their messages are tokens below zero, apart from those of the application's. No time is too long for them. */
  #with(link: PeerLink): PeerStreams {
    const { id: peer } = link
    const known = this.#peers.get(peer)
    if (known !== undefined) return known
    const streams = new PeerStreams(
      { peer, even: this.#own < peer },
      {
        send: (token, message) => link.send(-token, 'streams', message, Number.POSITIVE_INFINITY, 'normal'),
        cancel: (token) => link.cancel(-token),
        opened: (stream) => {
          if (stream.label.startsWith(RESERVED)) {
            const take = this.#serving.get(stream.label)
            take?.(stream)
            return take !== undefined
          }
          const wanted = this.#events.heard('stream')
          const hear = () => void this.#events.emit('stream', { from: peer, label: stream.label, stream })
          if (wanted && link.met) hear()
          else if (wanted)
            this.#strangers.hold(peer, hear, () => {
              this.#dropped('stranger')
              stream.reset()
            })
          return wanted
        },
        dropped: this.#dropped,
      },
    )
    this.#peers.set(peer, streams)
    return streams
  }
}
