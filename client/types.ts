// What applications see: the words of the API, as types.

import type { Algorithm, Backend } from '../protocol/crypto/suite.ts'
import type { DropReason } from '../protocol/drops.ts'
import type { ErrorCode, WaypostError } from '../protocol/errors.ts'
import type { FailureReason } from '../protocol/negotiation/contract.ts'
import type { PeerId } from '../protocol/peer-id.ts'
import type { Priority } from '../protocol/priority.ts'
import type { Data, Received } from '../protocol/wire/data.ts'
import type { DeclineReason } from '../protocol/wire/registry.ts'

export type { Data, DeclineReason, FailureReason, PeerId, Priority, Received }

/** How bytes travel to a peer: straight to it, or through the edge. */
export type Via = 'direct' | 'relay'

/** How a message came, or was handed over: on a link, or into the peer's mailbox. */
export type MessageVia = Via | 'mailbox'

/** Another member of a room, as it is now: its properties change while it is here. */
export interface Peer {
  readonly id: PeerId
  /** What it said of itself when it joined, or since; undefined if nothing. */
  readonly metadata: Received | undefined
  /** The way messages to it take at the moment; undefined while it cannot be reached. */
  readonly via: Via | undefined
  /** Of that way, smoothed; undefined until it was measured. */
  readonly roundTripMs: number | undefined
}

export interface ConnectOptions {
  /** The application's name space on the edge. Peers of different networks never meet. Default: 'default'. */
  readonly network?: string
  /** Never connect directly, so that no peer learns this device's addresses. Default: false. */
  readonly relayOnly?: boolean
  /** One kept on this device, by its name; made on first use. Default: a new one that nobody keeps. */
  readonly identity?: IdentityChoice
  /**
   * Rather refuse, with `unsupported`, than compute any of the cryptography in JavaScript. Default: false: what the platform
   * lacks is loaded.
   */
  readonly requireNative?: boolean
  /** The least suite of the protocol that links may have; there is one so far. Default: 'WP1'. */
  readonly suite?: 'WP1'
  /**
   * Mail: messages reach peers who are away, and this client when it was. Default: with an identity that is kept; one that
   * lasts as long as the page has nobody to come back.
   */
  readonly mail?: boolean
  /** Whether peers on links are asked beside the edge when the DHT is used, and answered when they ask. Default: true. */
  readonly mesh?: boolean
  /** In place of those the edge names. */
  readonly iceServers?: readonly RTCIceServer[]
  /**
   * How long to try to reach the edge. Default: 20 s. An identity that reached it within the last month does not wait: it
   * connects without, and what it is asked meanwhile is done when the edge answers.
   */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /**
   * Told how far a stamp is, from 0 to 1: the second or so of work by which a client gets its pass. It begins with
   * `connect()`, in the background; joins wait for it.
   */
  readonly onStampProgress?: (share: number) => void
}

/** By name alone, or with what opens it. A `directory` is Node's only. */
export type IdentityChoice =
  | string
  | { readonly name: string; readonly passphrase?: string; readonly directory?: string }

export interface KeptIdentity {
  readonly name: string
  /** Undefined when what is kept of it is damaged. */
  readonly id: PeerId | undefined
  /** Whether it opens with a passphrase only. */
  readonly locked: boolean
}

/** The identities kept in one place. All reject with a WaypostError whose code says why. */
export interface Identities {
  /** A new one; with a passphrase it is locked. */
  create(name: string, options?: { readonly passphrase?: string }): Promise<KeptIdentity>
  /** By name. */
  list(): Promise<readonly KeptIdentity[]>
  id(name: string): Promise<PeerId>
  /** A text that gives the identity to whoever has the passphrase. `unlock` is the identity's own, where it is locked. */
  export(name: string, passphrase: string, options?: { readonly unlock?: string }): Promise<string>
  /** What `export` gave, under this name. `lock` is a passphrase for it here. */
  import(
    name: string,
    backup: string,
    passphrase: string,
    options?: { readonly lock?: string },
  ): Promise<KeptIdentity>
  /** For good, with all it kept; not while it is in use. */
  forget(name: string): Promise<void>
  /** Node only: those in this directory, in place of `.waypost/identities` in the user's home. */
  at(directory: string): Identities
}

export interface JoinOptions {
  /** What to say of ourselves to everybody in the room: at most 1 KiB. */
  readonly metadata?: Data
  /** How long to try to get in. Default: 30 s. Once in, a room is rejoined without end. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface SendOptions {
  /** Messages of one channel (and priority) arrive in order; `bulk` does not hold up `control`. Default: 'control'. */
  readonly channel?: 'control' | 'bulk'
  /**
   * Which of the messages that wait on a channel leaves first: by weight, 4 : 2 : 1 : 0.5 from critical to low. Order is
   * kept within each. Default: 'normal'.
   */
  readonly priority?: Priority
  /** How long to try: on a link 300 s, by default and at most; by mail 7 days, and at most 30. */
  readonly ttlMs?: number
  readonly signal?: AbortSignal
}

/** The peer has the message; or, `via: 'mailbox'`, its mailbox has it for good, and `receipt` events say how it goes on. */
export interface Receipt {
  readonly via: MessageVia
  /** Its name, as the peer's `message` event has it; undefined without mail, where nothing else is ever said of it. */
  readonly id?: string
}

export interface MessageEvent {
  readonly from: PeerId
  readonly data: Received
  readonly via: MessageVia
  /** No other message of this sender has it. */
  readonly id: string
}

/**
 * What became of a message that was mailed. `mailed` and `failed` are told of messages that an earlier life of the page wrote:
 * nobody waits for their `send()` any more. `delivered`: the peer's client has it. `read`: its application is done with it.
 */
export interface ReceiptEvent {
  readonly peer: PeerId
  readonly id: string
  readonly state: 'mailed' | 'delivered' | 'read' | 'failed'
  /** Why it failed. */
  readonly error?: WaypostError
}

export interface DatagramEvent {
  readonly from: PeerId
  readonly data: Received
  readonly via: Via
}

export interface BroadcastEvent {
  readonly from: PeerId
  readonly data: Received
  readonly via: Via
}

/** `reconnecting`: the socket to the edge is gone and will come back; direct paths go on meanwhile. */
export type RoomState = 'joining' | 'joined' | 'reconnecting' | 'closed'

/** Why a room is closed: `closed` when it was left, else what ended it. */
export type CloseReason = Extract<
  ErrorCode,
  | 'closed'
  | 'edge-unreachable'
  | 'superseded'
  | 'room-full'
  | 'version-mismatch'
  | 'too-large'
  | 'edge-refused'
>

export interface RoomEvents {
  join: Peer
  leave: Peer
  /** Its metadata changed. */
  update: Peer
  message: BroadcastEvent
  state: RoomState
}

export interface OpenOptions {
  /** Breaks the stream off when it fires, at any time. */
  readonly signal?: AbortSignal
}

/** Bytes both ways, once and in order, at the pace of whoever reads them. */
export interface WaypostStream {
  readonly peer: PeerId
  /** What its opener called it. */
  readonly label: string
  /** Ends when the peer closed its writable; cancelling it tells the peer to stop. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Takes bytes. Closing it resolves when the peer has them all; aborting it breaks off this half. */
  readonly writable: WritableStream<Uint8Array>
  /** Breaks off both halves. The peer's fail with `stream-reset`, and the code as `cause`. Default: 0. */
  reset(code?: number): void
}

export interface StreamEvent {
  readonly from: PeerId
  readonly label: string
  readonly stream: WaypostStream
}

export interface WaypostEvents {
  /** A handler that returns a promise holds up its sender until the promise settles, once enough has piled up. */
  message: MessageEvent
  receipt: ReceiptEvent
  datagram: DatagramEvent
  /** A peer opened a stream. While nothing listens, streams are refused. */
  stream: StreamEvent
  /** Messages to a peer take another way from now on. */
  path: { readonly peer: PeerId; readonly via: Via | undefined }
}

/** Where the direct connection to a peer stands, and if there is none, why. */
export type DirectStatus =
  | { readonly state: 'idle' | 'attempting' | 'open' }
  | { readonly state: 'failed'; readonly reason: FailureReason; readonly retryInMs: number }
  | { readonly state: 'declined'; readonly reason: DeclineReason }
  | { readonly state: 'off'; readonly reason: DeclineReason }

export interface LinkStatus {
  readonly peer: PeerId
  readonly via: Via | undefined
  readonly direct: DirectStatus
  readonly roundTripMs: { readonly direct: number | undefined; readonly relay: number | undefined }
  /** How the peer last proved itself: by its signature, or by a ticket from a time when it had. */
  readonly keys: 'none' | 'signature' | 'ticket'
  /** How much round trips on the direct path differ from each other. */
  readonly jitterMs: number | undefined
  /** The share of recent questions on the direct path that were not answered in time. */
  readonly loss: number | undefined
  readonly waitingMessages: number
  readonly unacknowledgedBytes: number
  /** Open, by either side. */
  readonly streams: number
  /** Made for the mesh of the DHT alone: the application has not met this peer, and they cannot speak to each other. */
  readonly isOfMesh: boolean
}

export interface RoomStatus {
  readonly name: string
  readonly state: RoomState
  readonly peers: number
  /** Bytes not yet given to the socket, held back by the edge's limits or by its absence. */
  readonly waitingBytes: number
}

/** What the edge says before anything else, as which ICE servers there are. */
export interface BootstrapStatus {
  /** `kept`: the edge has not answered since this client started, and it goes by what was said to an earlier one. */
  readonly state: 'answered' | 'kept'
  /** Since it was said. */
  readonly ageMs: number
}

/** Of the credentials for TURN servers, which carry what no NAT lets through: asked of the edge, and renewed before they expire. */
export interface TurnStatus {
  /** `idle`: no connection has needed any yet, or since they expired. `failed`: the edge gave none, and is asked again. */
  readonly state: 'idle' | 'asking' | 'held' | 'failed'
  readonly expiresInMs: number | undefined
  /** How often the edge gave some, and how often it did not. */
  readonly given: number
  readonly failures: number
}

export interface MailStatus {
  /** Of our own mailbox: `open` while others can write to us, and we hear of it at once. `superseded`: another device has it now. */
  readonly state: 'opening' | 'connecting' | 'open' | 'superseded' | 'failed' | 'closed'
  /** Messages no link and no mailbox has taken over yet. */
  readonly outbox: number
  /** Messages the application has not been given, or is not done with. */
  readonly inbox: number
}

/** Of the mesh: the browsers that answer each other when the DHT is asked. */
export interface DhtStatus {
  /** Peers who answer us, and whom we answer. */
  readonly neighbours: number
  /** Records and providers kept for others. */
  readonly held: number
  /** The first bits of the places among which we meet others at the edge; undefined while, or where, we do not. */
  readonly neighbourhood: string | undefined
}

export interface EdgeStatus {
  readonly url: string
  /**
   * `untried`: nothing was asked of it yet. `doubted`: something failed, and it is looked at. `failed`: given up, and looked for.
   * `recovering`: it answers again, and is not trusted yet.
   */
  readonly state: 'untried' | 'healthy' | 'doubted' | 'failed' | 'recovering'
  readonly inUse: boolean
  /** Another edge named it, not the application. */
  readonly learnt: boolean
}

/** What a bug report needs. */
export interface Status {
  readonly version: string
  readonly id: PeerId
  /** The one in use. */
  readonly edge: string
  /** With several, in the order in which `connect` was told of them; then those it learnt of. Undefined with one. */
  readonly edges: readonly EdgeStatus[] | undefined
  readonly network: string
  readonly bootstrap: BootstrapStatus
  /** Undefined where the edge has none to give, or direct connections need none of its own. */
  readonly turn: TurnStatus | undefined
  readonly rooms: readonly RoomStatus[]
  readonly links: readonly LinkStatus[]
  /** Undefined without mail. */
  readonly mail: MailStatus | undefined
  /** Undefined before the DHT was used, and without the mesh. */
  readonly dht: DhtStatus | undefined
  /** Who computes each algorithm: the platform, JavaScript, or both together. */
  readonly crypto: Readonly<Record<Algorithm, Backend>>
  /** What others sent us and we did not act upon, by reason. */
  readonly drops: Partial<Record<DropReason, number>>
}
