// Messages of a Waypost: sent by whichever way there is, and heard whichever way they came. Links bring most; with mail, those
// they cannot bring go into mailboxes. What is for machinery above links is told apart here, too.

import type { DropReason } from '../protocol/drops.ts'
import { WaypostError } from '../protocol/errors.ts'
import { LINK_MESSAGE_BYTES_MAX, LINK_QUEUE_MESSAGES_MAX, LINK_TTL_MS } from '../protocol/limits/link.ts'
import { MAIL_TTL_MOST_MS, MAIL_TTL_MS } from '../protocol/limits/mail.ts'
import { PRIORITIES, type Priority } from '../protocol/priority.ts'
import { toBase64url } from '../protocol/wire/base64url.ts'
import { DATA_NAME_BYTES, encodeData, NAMED_DATA } from '../protocol/wire/data.ts'
import type { DhtAnswer, DhtQuestion } from '../protocol/wire/dht-frames.ts'
import { SERVICE_MAIL } from '../protocol/wire/registry.ts'
import { nowMs } from './clock.ts'
import { Deliveries } from './deliveries.ts'
import type { Events } from './events.ts'
import { type JoinedRoom, tryDecodeData } from './joined-room.ts'
import type { MailedMessage, MailOwner } from './mail/contract.ts'
import type { Mail } from './mail/mail.ts'
import { checkChoice, checkDuration, checkOptions, checkSignal } from './options.ts'
import type { WaypostParts } from './parts.ts'
import type { PeerLink } from './peer-link.ts'
import { Reporting } from './reporting.ts'
import { Services } from './services.ts'
import type { Data, MailStatus, PeerId, Receipt, SendOptions, Via, WaypostEvents } from './types.ts'

export interface MessagesOwner {
  readonly rooms: ReadonlyMap<string, JoinedRoom>
  readonly links: ReadonlyMap<PeerId, PeerLink>
  passRenewed(pass: string): void
  dropped(reason: DropReason): void
}

export class Messages {
  readonly #owner: MessagesOwner
  readonly #events: Events<WaypostEvents>
  readonly #deliveries = new Deliveries()
  readonly #services: Services
  readonly #mail: Mail | undefined
  readonly #reporting: Reporting
  #closed = false

  constructor(parts: WaypostParts, events: Events<WaypostEvents>, owner: MessagesOwner) {
    this.#owner = owner
    this.#events = events
    this.#services = new Services(owner.rooms, parts.roomOfService, (reason) => owner.dropped(reason))
    this.#reporting = new Reporting(parts, owner)
    this.#mail = parts.mail && new parts.mail(parts, this.#mailOwner())
  }

  // ---- sending -------------------------------------------------------------------------------------------------

  /** `linkTo` throws for what is no peer; undefined: no link reaches it, nor will one in a moment. */
  async send(
    to: PeerId | string,
    data: Data,
    options: SendOptions,
    linkTo: () => PeerLink | undefined,
  ): Promise<Receipt> {
    checkOptions('send', options, ['channel', 'priority', 'ttlMs', 'signal'])
    checkSignal('send: signal', options.signal)
    const mail = this.#mail
    checkDuration('send: ttlMs', options.ttlMs, mail ? MAIL_TTL_MOST_MS : LINK_TTL_MS)
    const { channel = 'control', priority = 'normal', ttlMs, signal } = options
    checkChoice('send: channel', channel, ['control', 'bulk'])
    checkChoice('send: priority', priority, PRIORITIES)
    const link = linkTo()
    const bytes = encodeData(data)
    const most = LINK_MESSAGE_BYTES_MAX
    if (bytes.length > most) throw new WaypostError('too-large', `a message holds at most ${most - 1} bytes`)
    if (link === undefined && mail === undefined) unreachable(to)
    if (signal?.aborted) throw new WaypostError('aborted', 'send was aborted', { cause: signal.reason })
    const onLinkMs = Math.min(ttlMs ?? LINK_TTL_MS, LINK_TTL_MS)
    const byLink = (bytes: Uint8Array) =>
      link && this.#sendByLink(link, channel, bytes, priority, onLinkMs, signal)
    const how = { priority, ttlMs: ttlMs ?? MAIL_TTL_MS, signal }
    return mail?.send(to as PeerId, bytes, how, byLink) ?? (byLink(bytes) as Promise<Receipt>)
  }

  async #sendByLink(
    link: PeerLink,
    channel: 'control' | 'bulk',
    bytes: Uint8Array,
    priority: Priority,
    ttlMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Receipt> {
    const most = LINK_QUEUE_MESSAGES_MAX
    if (link.waitingMessages >= most)
      throw new WaypostError('queue-full', `${most} messages to ${link.id} are waiting already`)
    link.connect()
    const { token, settled } = this.#deliveries.begin(signal, () => link.cancel(token))
    link.send(token, channel, bytes, nowMs() + ttlMs, priority)
    return settled
  }

  /** For machinery: resolves when the peer has it. */
  async tell(to: PeerId, service: Uint8Array): Promise<unknown> {
    const link = this.#owner.links.get(to)
    if (link === undefined || link.waitingMessages >= LINK_QUEUE_MESSAGES_MAX)
      return this.#owner.dropped('slow-receiver')
    const { token, settled } = this.#deliveries.begin(undefined, () => {})
    link.send(token, 'service', service, nowMs() + LINK_TTL_MS, 'normal')
    return settled
  }

  /** For machinery that has other ways: now, or not at all. */
  tellIfReached(to: PeerId, service: Uint8Array): void {
    if (this.#owner.links.get(to)?.reachable) this.tell(to, service).catch(() => {})
  }

  settled(token: number, outcome: { readonly via: Via } | 'timeout' | 'abandoned'): void {
    if (!this.#closed) this.#reporting.settled(typeof outcome === 'object')
    this.#deliveries.settle(token, outcome, this.#closed)
  }

  // ---- hearing -------------------------------------------------------------------------------------------------

  /** Somebody listens. After this turn: who says so may not be ready in the middle of saying it. */
  listening(): void {
    queueMicrotask(() => this.#mail?.listening())
  }

  /** By a link; `consumed` is called when the application is done with it. */
  heard(from: PeerId, bytes: Uint8Array, via: Via, id: string, consumed: () => void): void {
    const named = bytes[0] === NAMED_DATA && bytes.length > DATA_NAME_BYTES
    if (named && this.#mail !== undefined) return void this.#mail.heard(from, bytes, via, consumed)
    const [name, data] = [bytes.subarray(1, 1 + DATA_NAME_BYTES), bytes.subarray(1 + DATA_NAME_BYTES)]
    const message = named ? { from, id: toBase64url(name), data, via } : { from, id, data: bytes, via }
    const handled = this.#deliver(message)
    if (handled === undefined) consumed()
    else void handled.then(consumed)
  }

  /** What peers' machinery says; `consumed` is called when the link may let in as much again. */
  heardService(from: PeerId, bytes: Uint8Array, consumed: () => void): void {
    if (bytes[0] !== SERVICE_MAIL) return this.#services.hear(from, bytes, consumed)
    this.#mail?.service(from, bytes)
    consumed()
  }

  #deliver({ from, id, data: bytes, via }: MailedMessage): Promise<unknown> | undefined {
    const data = tryDecodeData(bytes)
    if (data === undefined) this.#owner.dropped('malformed')
    return data && this.#events.emit('message', { from, data: data.value, via, id })
  }

  // ---- mail ----------------------------------------------------------------------------------------------------

  get mailStatus(): MailStatus | undefined {
    return this.#mail?.status
  }

  /** Of the DHT, over the home socket; undefined where there is none now. */
  ask(question: DhtQuestion): Promise<DhtAnswer | undefined> | undefined {
    return this.#mail?.home.ask(question)
  }

  async rotateAccess(): Promise<void> {
    if (this.#mail === undefined) throw new TypeError('rotateAccess: this Waypost has no mail')
    await this.#mail.rotateAccess()
  }

  /** A link reaches the peer now. */
  reached(peer: PeerId): void {
    this.#mail?.reached(peer)
  }

  /** It left the last room we share, and there is no direct path to it, or no more. */
  departed(peer: PeerId): void {
    this.#mail?.departed(peer)
  }

  networkChanged(): void {
    this.#mail?.networkChanged()
  }

  /** Before links are closed. What they have not brought is kept, with mail, for the next life. */
  async close(): Promise<void> {
    this.#closed = true
    this.#reporting.close()
    await this.#mail?.close()
  }

  #mailOwner(): MailOwner {
    return {
      listens: () => this.#events.heard('message'),
      message: (message) => this.#deliver(message),
      receipt: (event) => this.#events.emit('receipt', event),
      tell: (to, service) => (this.#owner.links.get(to)?.reachable ? this.tell(to, service) : undefined),
      passRenewed: (pass) => this.#owner.passRenewed(pass),
      dropped: (reason) => this.#owner.dropped(reason),
    }
  }
}

function unreachable(to: string): never {
  throw new WaypostError('peer-unreachable', `no room of ours has the peer ${to}`)
}
