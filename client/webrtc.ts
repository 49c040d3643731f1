// One direct connection: the browser's RTCPeerConnection and its three data channels, driven by the negotiation
// machine's effects. Asynchronous browser calls run one after another, and their outcomes go back as inputs.

import { fingerprintOf } from '../protocol/keying/fingerprint.ts'
import { CHANNEL_HIGH_BYTES, CHANNEL_LOW_BYTES } from '../protocol/limits/direct.ts'
import type { ChannelName } from '../protocol/link/machine.ts'
import type { NegotiationInput } from '../protocol/negotiation/contract.ts'
import type { IceServers } from './ice-servers.ts'

/** Made alike on both sides, so that no channel needs announcing. Numbers are part of the protocol. */
const CHANNELS: Readonly<Record<ChannelName, RTCDataChannelInit>> = {
  control: { negotiated: true, id: 0, ordered: true },
  bulk: { negotiated: true, id: 1, ordered: true },
  gossip: { negotiated: true, id: 2, ordered: false, maxRetransmits: 2 },
}
const NAMES = Object.keys(CHANNELS) as ChannelName[]

export interface DirectEvents {
  /** For the negotiation machine. */
  input(input: NegotiationInput): void
  frame(channel: ChannelName, bytes: Uint8Array): void
}

export class DirectConnection {
  readonly id: number
  readonly #pc: RTCPeerConnection
  readonly #events: DirectEvents
  readonly #servers: IceServers
  readonly #unfollow: () => void
  readonly #channels: Record<ChannelName, RTCDataChannel>
  /** What waits for a channel's buffer to drain; bounded by the link's window. */
  readonly #waiting: Record<ChannelName, Uint8Array[]> = { control: [], bulk: [], gossip: [] }
  #work: Promise<void> = Promise.resolve()
  #over = false

  constructor(id: number, servers: IceServers, events: DirectEvents) {
    this.id = id
    this.#events = events
    this.#servers = servers
    this.#pc = new RTCPeerConnection({ iceServers: servers.now as RTCIceServer[] })
    this.#unfollow = servers.follow(() => this.#renewed())
    this.#pc.onicecandidate = ({ candidate }) => {
      this.#input({ kind: 'candidate', connection: id, candidate: candidate?.candidate ?? '' })
    }
    this.#pc.onconnectionstatechange = () => this.#stateChanged()
    this.#channels = {
      control: this.#channel('control'),
      bulk: this.#channel('bulk'),
      gossip: this.#channel('gossip'),
    }
  }

  /** Of both ends' certificates, as the descriptions have them; undefined before both are known. */
  get fingerprints(): { readonly ours: Uint8Array; readonly theirs: Uint8Array } | undefined {
    const ours = fingerprintOf(this.#pc.localDescription?.sdp ?? '')
    const theirs = fingerprintOf(this.#pc.remoteDescription?.sdp ?? '')
    return ours && theirs && { ours, theirs }
  }

  makeOffer(round: number, restart: boolean): void {
    this.#do(async () => {
      await this.#prepare()
      if (restart) this.#pc.restartIce()
      await this.#pc.setLocalDescription(await this.#pc.createOffer())
      this.#described('offer', round)
    })
  }

  acceptOffer(round: number, sdp: string): void {
    this.#do(async () => {
      await this.#prepare()
      await this.#pc.setRemoteDescription({ type: 'offer', sdp })
      await this.#pc.setLocalDescription(await this.#pc.createAnswer())
      this.#described('answer', round)
    })
  }

  acceptAnswer(sdp: string): void {
    this.#do(() => this.#pc.setRemoteDescription({ type: 'answer', sdp }))
  }

  addCandidates(candidates: readonly string[]): void {
    for (const candidate of candidates) {
      // A candidate the browser will not take (of a round that was rolled back, of a kind it does not know) is no
      // failure of the connection: others may do.
      this.#do(() => this.#pc.addIceCandidate({ candidate, sdpMLineIndex: 0 }).catch(() => {}))
    }
  }

  /** Ordered channels keep what does not fit the browser's buffer; a datagram that does not fit is let go. */
  send(name: ChannelName, frame: Uint8Array): void {
    const channel = this.#channels[name]
    if (channel.readyState !== 'open') return
    const waiting = this.#waiting[name]
    if (waiting.length > 0 || channel.bufferedAmount > CHANNEL_HIGH_BYTES) {
      if (name !== 'gossip') waiting.push(frame)
      return
    }
    this.#put(channel, frame)
  }

  close(): void {
    this.#over = true
    this.#unfollow()
    this.#pc.close()
  }

  /** What is gathered next is asked of the servers of the moment, with credentials that are good. */
  async #prepare(): Promise<void> {
    await this.#servers.ready()
    if (!this.#over) this.#configure()
  }

  #configure(): void {
    try {
      this.#pc.setConfiguration({
        ...this.#pc.getConfiguration(),
        iceServers: this.#servers.now as RTCIceServer[],
      })
    } catch {
      // A browser that does not like them, or changes none, goes on with those it has.
    }
  }

  /** Only a path through our own TURN server ends with its credentials; any other need not know of new ones. */
  #renewed(): void {
    this.#do(async () => {
      this.#configure()
      if (await relays(this.#pc).catch(() => false)) this.#input({ kind: 'renewed', connection: this.id })
    })
  }

  #channel(name: ChannelName): RTCDataChannel {
    const channel = this.#pc.createDataChannel(name, CHANNELS[name])
    channel.binaryType = 'arraybuffer'
    channel.bufferedAmountLowThreshold = CHANNEL_LOW_BYTES
    channel.onopen = () => {
      if (NAMES.every((each) => this.#channels[each].readyState === 'open')) {
        this.#input({ kind: 'channelsOpen', connection: this.id })
      }
    }
    channel.onclose = () => this.#input({ kind: 'channelsClosed', connection: this.id })
    channel.onbufferedamountlow = () => this.#drain(name)
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!this.#over && data instanceof ArrayBuffer) this.#events.frame(name, new Uint8Array(data))
    }
    return channel
  }

  #drain(name: ChannelName): void {
    const channel = this.#channels[name]
    const waiting = this.#waiting[name]
    let sent = 0
    while (sent < waiting.length && channel.bufferedAmount <= CHANNEL_HIGH_BYTES) {
      this.#put(channel, waiting[sent++] as Uint8Array)
    }
    waiting.splice(0, sent)
  }

  #put(channel: RTCDataChannel, frame: Uint8Array): void {
    try {
      channel.send(frame as Uint8Array<ArrayBuffer>)
    } catch {
      // The channel closed, or its buffer is full beyond what it said: the link sends again what was not acknowledged.
    }
  }

  #described(as: 'offer' | 'answer', round: number): void {
    const { sdp } = this.#pc.localDescription ?? {}
    if (sdp !== undefined) this.#input({ kind: 'described', connection: this.id, as, round, sdp })
  }

  #stateChanged(): void {
    const state = this.#pc.connectionState
    if (state === 'new' || state === 'connecting') return
    this.#input({ kind: 'iceState', connection: this.id, state })
  }

  #do(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#over ? undefined : step()))
      .catch(() => this.#input({ kind: 'broken', connection: this.id }))
  }

  #input(input: NegotiationInput): void {
    if (!this.#over) this.#events.input(input)
  }
}

/** Whether what we send goes through a TURN server of ours. */
async function relays(pc: RTCPeerConnection): Promise<boolean> {
  const stats = (await pc.getStats()) as unknown as ReadonlyMap<string, Readonly<Record<string, unknown>>>
  const selected = new Set([...stats.values()].map((each) => each.selectedCandidatePairId))
  return [...stats.values()].some((pair) => {
    if (pair.type !== 'candidate-pair') return false
    if (!selected.has(pair.id) && pair.selected !== true) return false
    return stats.get(pair.localCandidateId as string)?.candidateType === 'relay'
  })
}
