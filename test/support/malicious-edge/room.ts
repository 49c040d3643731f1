// A room that lies. Behind it is an honest room, an object of its own; between that and each member's socket stands a tap
// that sees every frame, and can hold it back, say it twice, give it to somebody else, or change what it says.

import { SignalingRoom } from '../../../durable-objects/signaling-room.ts'
import { parsePeerId, peerIdText } from '../../../protocol/peer-id.ts'
import { JOIN_HEADER } from '../../../protocol/room/admission.ts'
import { fromBase64url } from '../../../protocol/wire/base64url.ts'
import { framesOf } from '../../../protocol/wire/batch.ts'
import { decode, encode } from '../../../protocol/wire/codec.ts'
import type { Frame, RosterMember } from '../../../protocol/wire/frames.ts'
import { SUBPROTOCOL } from '../../../protocol/wire/registry.ts'
import type { Env } from '../../../workers/env.ts'
import { ACCOMPLICE_PATH, type Diverted, ORDERS_PATH, type Order } from '../accomplice/orders.ts'

/** The honest room's name begins so. No network's does. */
const HONEST = '/honest/'

/** Between a member and the honest room. */
interface Tap {
  readonly peer: string
  readonly outside: WebSocket
  /** The member as the honest room has it, once it is in. */
  self: RosterMember
  /** A relayed frame that waits for the next to overtake it. */
  overtaken: Frame | undefined
}

export class MaliciousRoom extends SignalingRoom {
  readonly #taps = new Set<Tap>()
  readonly #lies = new Map<string, string>()
  #order: Order = { do: 'nothing' }
  #accomplice: WebSocket | undefined

  override fetch(request: Request): Response | Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === ACCOMPLICE_PATH) return this.#conspire()
    if (pathname === ORDERS_PATH) {
      this.#obey(JSON.parse(searchParams.get('order') ?? '') as Order)
      return new Response(null, { status: 204 })
    }
    if (this.ctx.id.name?.startsWith(HONEST)) return super.fetch(request)
    const { 0: client, 1: outside } = new WebSocketPair()
    this.#tap(outside, request)
    const headers = { 'Sec-WebSocket-Protocol': SUBPROTOCOL }
    return new Response(null, { status: 101, webSocket: client, headers })
  }

  #tap(outside: WebSocket, request: Request): void {
    const join = decode(fromBase64url(request.headers.get(JOIN_HEADER) ?? '') ?? new Uint8Array())
    if (join.kind !== 'join') throw new Error('the Worker sends joins only')
    const { peer, session, metadata } = join
    const tap: Tap = {
      peer: peerIdText(peer),
      outside,
      self: { address: 0, peer: peer.slice(), session: session.slice(), metadata: metadata.slice() },
      overtaken: undefined,
    }
    this.#taps.add(tap)
    const inside = this.#enter(tap, request)
    outside.binaryType = 'arraybuffer'
    outside.accept()
    outside.addEventListener('message', ({ data }) => void inside.then((socket) => socket.send(data)))
    outside.addEventListener('close', ({ code, reason }) => {
      this.#taps.delete(tap)
      close(outside, code, reason)
      void inside.then((socket) => close(socket, code, reason))
    })
  }

  async #enter(tap: Tap, request: Request): Promise<WebSocket> {
    const { ROOMS } = this.env as unknown as Env
    const { webSocket } = await ROOMS.getByName(`${HONEST}${this.ctx.id.name}`).fetch(request)
    if (webSocket === null) throw new Error('the honest room did not take the socket')
    webSocket.binaryType = 'arraybuffer'
    webSocket.accept()
    webSocket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') tap.outside.send(data)
      else for (const frame of framesOf(new Uint8Array(data as ArrayBuffer))) this.#carry(decode(frame), tap)
    })
    webSocket.addEventListener('close', ({ code, reason }) => close(tap.outside, code, reason))
    return webSocket
  }

  // ---- what the honest room says to a member -------------------------------------------------------------------

  #carry(frame: Frame, to: Tap): void {
    switch (frame.kind) {
      case 'welcome':
        to.self = { ...to.self, address: frame.address }
        return say(to, frame)
      case 'roster':
        return say(to, { ...frame, members: frame.members.map((member) => this.#renamed(member)) })
      case 'joined':
        return say(to, { ...frame, member: this.#renamed(frame.member) })
      case 'signal': {
        const from = this.#at(frame.address)
        if (this.#order.do !== 'divert' || from === undefined) return say(to, frame)
        const signal = decode(frame.payload) as Diverted['frame']
        this.#accomplice?.send(JSON.stringify({ from, to: to.peer, frame: signal } satisfies Diverted))
        return
      }
      case 'relay':
        return this.#relay(frame, to)
      default:
        return say(to, frame)
    }
  }

  #relay(frame: Frame, to: Tap): void {
    const order = this.#order
    switch (order.do) {
      case 'double':
        say(to, frame)
        return say(to, frame)
      case 'swap': {
        const { overtaken } = to
        to.overtaken = overtaken === undefined ? frame : undefined
        if (overtaken === undefined) return
        say(to, frame)
        return say(to, overtaken)
      }
      case 'misdeliver': {
        const other = this.#of(order.to)
        if (to.peer === order.for && other !== undefined) say(other, frame)
        return to.peer === order.to ? undefined : say(to, frame)
      }
      default:
        return say(to, frame)
    }
  }

  #renamed(member: RosterMember): RosterMember {
    const lie = this.#lies.get(peerIdText(member.peer))
    return lie === undefined ? member : { ...member, peer: parsePeerId(lie) }
  }

  // ---- orders --------------------------------------------------------------------------------------------------

  #obey(order: Order): void {
    const before = this.#order
    this.#order = order
    for (const tap of this.#taps) {
      if (tap.overtaken !== undefined) say(tap, tap.overtaken)
      tap.overtaken = undefined
    }
    if (before.do === 'restart') this.#restart(before, true)
    if (order.do === 'restart') this.#restart(order, false)
    if (order.do === 'rename') this.#lies.set(order.who, order.as)
  }

  #restart({ who, told }: Extract<Order, { do: 'restart' }>, honestly: boolean): void {
    const of = this.#of(who)
    const to = this.#of(told)
    if (of === undefined || to === undefined) return
    const session = honestly ? of.self.session : crypto.getRandomValues(new Uint8Array(8))
    say(to, { kind: 'joined', member: { ...of.self, session } })
  }

  #conspire(): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    server.accept()
    server.addEventListener('message', ({ data }) => {
      const { from, to, frame } = JSON.parse(data as string) as Diverted
      const address = this.#of(from)?.self.address
      const tap = this.#of(to)
      if (address !== undefined && tap !== undefined)
        say(tap, { kind: 'signal', address, payload: encode(frame) })
    })
    this.#accomplice = server
    return new Response(null, { status: 101, webSocket: client })
  }

  #of(peer: string): Tap | undefined {
    return [...this.#taps].findLast((tap) => tap.peer === peer)
  }

  #at(address: number): string | undefined {
    return [...this.#taps].findLast((tap) => tap.self.address === address)?.peer
  }
}

function say(to: Tap, frame: Frame): void {
  try {
    to.outside.send(encode(frame))
  } catch {
    // The member has gone.
  }
}

function close(socket: WebSocket, code: number, reason: string): void {
  const sendable = code === 1000 || (code >= 3000 && code <= 4999)
  try {
    socket.close(sendable ? code : 1000, reason)
  } catch {
    // It had closed already.
  }
}
