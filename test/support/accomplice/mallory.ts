// The accomplice's page: the man in the middle of WebRTC. Whatever a member offers another is answered here, and offered
// anew to the other, so that each has a perfectly good connection: to Mallory, who passes on what they say and keeps it.

import type { SignalFrame } from '../../../protocol/wire/frames.ts'
import type { Diverted } from './orders.ts'

type Description = Extract<SignalFrame, { kind: 'offer' | 'answer' }>

const CHANNELS: readonly RTCDataChannelInit[] = [
  { negotiated: true, id: 0, ordered: true },
  { negotiated: true, id: 1, ordered: true },
  { negotiated: true, id: 2, ordered: false, maxRetransmits: 2 },
]
/** So long the other has to make an offer of its own, before it is made one. */
const PATIENCE_MS = 300

export interface Overheard {
  /** Connections whose every channel opened, by the member they are to. */
  readonly opened: Record<string, number>
  /** What went through them, each message as Latin-1 text. */
  readonly heard: string[]
}

declare global {
  var overheard: Overheard
}

/** Mallory's connection to one of the two, as if it were the other. */
class Leg {
  readonly connection: number
  readonly pc = new RTCPeerConnection()
  readonly channels: readonly RTCDataChannel[]
  offered: number | undefined
  #candidates: string[] = []

  constructor(connection: number, member: string, hears: (channel: number, data: ArrayBuffer) => void) {
    this.connection = connection
    this.channels = CHANNELS.map((init, i) => {
      const channel = this.pc.createDataChannel(`${i}`, init)
      channel.binaryType = 'arraybuffer'
      channel.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
        overheard.heard.push(new TextDecoder('latin1').decode(data))
        hears(i, data)
      }
      channel.onopen = () => {
        if (this.channels.some(({ readyState }) => readyState !== 'open')) return
        if (this.pc.sctp?.transport.state !== 'connected') return
        overheard.opened[member] = (overheard.opened[member] ?? 0) + 1
      }
      return channel
    })
  }

  async described(type: 'offer' | 'answer', sdp: string): Promise<void> {
    await this.pc.setRemoteDescription({ type, sdp })
    await this.candidates([])
  }

  async candidates(candidates: readonly string[]): Promise<void> {
    this.#candidates.push(...candidates)
    if (this.pc.remoteDescription === null) return
    for (const candidate of this.#candidates.splice(0))
      await this.pc.addIceCandidate({ candidate, sdpMLineIndex: 0 }).catch(() => {})
  }

  /** With every candidate in it. */
  async describe(type: 'offer' | 'answer'): Promise<string> {
    const gathered = new Promise<void>((resolve) => {
      this.pc.onicegatheringstatechange = () => {
        if (this.pc.iceGatheringState === 'complete') resolve()
      }
    })
    await this.pc.setLocalDescription(
      await (type === 'offer' ? this.pc.createOffer() : this.pc.createAnswer()),
    )
    if (this.pc.iceGatheringState !== 'complete') await gathered
    return this.pc.localDescription?.sdp ?? ''
  }
}

class Mallory {
  readonly #edge: WebSocket
  /** By the member that the leg is to. */
  readonly #legs = new Map<string, Leg>()

  constructor(edge: WebSocket) {
    this.#edge = edge
    edge.onmessage = ({ data }: MessageEvent<string>) => void this.#diverted(JSON.parse(data) as Diverted)
  }

  async #diverted({ from, to, frame }: Diverted): Promise<void> {
    const leg = this.#legs.get(from)
    switch (frame.kind) {
      case 'offer':
        if (leg?.connection === frame.connection && leg.offered === frame.round) return
        return this.#offered(from, to, frame)
      case 'answer':
        if (leg?.connection !== frame.connection || leg.pc.signalingState !== 'have-local-offer') return
        return leg.described('answer', frame.sdp)
      case 'candidates':
        return leg?.connection === frame.connection ? leg.candidates(frame.candidates) : undefined
      case 'decline':
        return
    }
  }

  async #offered(from: string, to: string, offer: Description): Promise<void> {
    const leg = this.#newLeg(from, to, offer.connection)
    leg.offered = offer.round
    const { connection, round } = offer
    await leg.described('offer', offer.sdp)
    const sdp = await leg.describe('answer')
    this.#say({ from: to, to: from, frame: { kind: 'answer', connection, round, sdp } })
    await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))
    const other = this.#legs.get(to)?.pc.connectionState
    if (other === undefined || other === 'failed' || other === 'closed')
      await this.#offer(to, from, connection)
  }

  async #offer(to: string, as: string, connection: number): Promise<void> {
    const sdp = await this.#newLeg(to, as, connection).describe('offer')
    this.#say({ from: as, to, frame: { kind: 'offer', connection, round: 1, sdp } })
  }

  #newLeg(member: string, other: string, connection: number): Leg {
    this.#legs.get(member)?.pc.close()
    const leg = new Leg(connection, member, (channel, data) => {
      const onward = this.#legs.get(other)?.channels[channel]
      if (onward?.readyState === 'open') onward.send(data)
    })
    // Who hangs up on one hangs up on both.
    leg.channels[0]?.addEventListener('close', () => {
      if (this.#legs.get(member) !== leg) return
      this.#legs.delete(member)
      leg.pc.close()
      this.#legs.get(other)?.pc.close()
      this.#legs.delete(other)
    })
    this.#legs.set(member, leg)
    return leg
  }

  #say(diverted: Diverted): void {
    this.#edge.send(JSON.stringify(diverted))
  }
}

/** Resolves when the edge has let us in. */
export function conspire(url: string): Promise<void> {
  globalThis.overheard = { opened: {}, heard: [] }
  return new Promise((resolve, reject) => {
    const edge = new WebSocket(url)
    new Mallory(edge)
    edge.onopen = () => resolve()
    edge.onerror = () => reject(new Error('the edge does not conspire'))
  })
}
