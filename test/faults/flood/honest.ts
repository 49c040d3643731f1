// Honest people while an edge is flooded, as a process of their own: members of rooms who ask each other and answer, and newcomers
// who come for a pass and enter. Told what to count by `phase` messages of the parent; says what it counted at the end of each.

import { randomBytes } from 'node:crypto'
import { openSocket, type Socket } from '../../../bench/socket.ts'
import { readChallenge } from '../../../protocol/crypto/admission/challenge.ts'
import { bidForPass, encodePassRequest } from '../../../protocol/crypto/admission/request.ts'
import { sha256Block, stampSearcher } from '../../../protocol/crypto/admission/search.ts'
import { platformSuite } from '../../../protocol/crypto/platform.ts'
import type { Subtle } from '../../../protocol/crypto/subtle.ts'
import { STAMP_PUZZLES } from '../../../protocol/limits/admission.ts'
import { JOIN_TIMEOUT_MS } from '../../../protocol/limits/kept-socket.ts'
import { KEEP_ALIVE_MS } from '../../../protocol/limits/room.ts'
import { fromBase64url } from '../../../protocol/wire/base64url.ts'
import { framesOf } from '../../../protocol/wire/batch.ts'
import { decode, encode } from '../../../protocol/wire/codec.ts'
import { KEEP_ALIVE_PING } from '../../../protocol/wire/registry.ts'
import { newJoin } from '../../support/node-member.ts'
import { offerOf } from '../../support/passes.ts'
import { type Tally, tallied } from './tally.ts'

const ROOM_SIZE = 5
const ASK_EVERY_MS = 1_000
const NEWCOMER_EVERY_MS = 500
/** Somebody who waited so long for an answer does not count it. */
const LATE_MS = 5_000
/** …and for a page to be in: as long as `connect()` tries. What fails, or is silent for so long as it waits, is tried again. */
const ARRIVE_LATE_MS = 30_000
const AGAIN_MS = 1_000
const ASK = 1
const ANSWER = 2

interface Counting {
  readonly waits: number[]
  readonly arrivals: number[]
  asked: number
  came: number
  comers: number
  closed: number
  /** Came, and gave up. */
  left: number
}

let counting = counts()
const suite = await platformSuite(crypto.subtle as unknown as Subtle)
const key = await suite.signatures.signingKey(randomBytes(32))

function counts(): Counting {
  return { waits: [], arrivals: [], asked: 0, came: 0, comers: 0, closed: 0, left: 0 }
}

/** Each person has an address of its own. */
const addressOf = (person: number) => `10.0.${person >> 8}.${person & 255}`

class Member {
  address = 0
  neighbour: Member | undefined
  readonly #socket: Socket
  readonly #asked = new Map<number, { readonly atMs: number; readonly of: Counting }>()
  #last = 0

  constructor(socket: Socket) {
    this.#socket = socket
    socket.onClose = () => {
      counting.closed++
    }
    socket.onMessage = (message) => {
      for (const bytes of framesOf(message)) this.#hear(decode(bytes.slice()))
    }
  }

  static async join(port: number, room: string, person: number): Promise<Member> {
    const join = newJoin()
    const protocols = (await offerOf(join)).join(', ')
    const headers = { 'Sec-WebSocket-Protocol': protocols, 'CF-Connecting-IP': addressOf(person) }
    const socket = await openSocket(port, `/v1/rooms/${room}`, headers)
    const member = new Member(socket)
    socket.start()
    const untilMs = performance.now() + JOIN_TIMEOUT_MS
    while (member.address === 0) {
      if (performance.now() > untilMs) throw new Error('nobody answered')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return member
  }

  ask(): void {
    if (this.neighbour === undefined) return
    const number = ++this.#last
    const of = counting
    of.asked++
    this.#asked.set(number, { atMs: performance.now(), of })
    setTimeout(() => this.#asked.delete(number), LATE_MS)
    this.#say(this.neighbour.address, ASK, number)
  }

  keepPlace(): void {
    this.#socket.sendText(KEEP_ALIVE_PING)
  }

  leave(): void {
    this.#socket.onClose = () => {}
    this.#socket.destroy()
  }

  #say(address: number, kind: number, number: number): void {
    const payload = Buffer.alloc(200)
    payload[0] = kind
    payload.writeUInt32BE(number, 1)
    this.#socket.send(encode({ kind: 'relay', address, payload }))
  }

  #hear(frame: ReturnType<typeof decode>): void {
    if (frame.kind === 'welcome') this.address = frame.address
    if (frame.kind !== 'relay') return
    const payload = Buffer.from(frame.payload)
    const number = payload.readUInt32BE(1)
    if (payload[0] === ASK) return this.#say(frame.address, ANSWER, number)
    const asked = this.#asked.get(number)
    if (asked === undefined || !this.#asked.delete(number)) return
    asked.of.came++
    asked.of.waits.push(performance.now() - asked.atMs)
  }
}

async function arrive(port: number, person: number): Promise<void> {
  const of = counting
  of.comers++
  const beganMs = performance.now()
  while (performance.now() < beganMs + ARRIVE_LATE_MS) {
    const member = await enter(port, person).catch(() => undefined)
    if (member !== undefined) {
      of.arrivals.push(performance.now() - beganMs)
      return member.leave()
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
  of.left++
}

/** All that a page does before it is in: bootstrap, stamp, pass, room. */
async function enter(port: number, person: number): Promise<Member> {
  const origin = `http://127.0.0.1:${port}`
  const headers = { 'CF-Connecting-IP': addressOf(person) }
  const signal = AbortSignal.timeout(JOIN_TIMEOUT_MS)
  const bootstrap = await fetch(`${origin}/v1/bootstrap?network=default`, { headers, signal })
  const { challenge } = (await bootstrap.json()) as { challenge: string }
  const bytes = fromBase64url(challenge)
  const read = bytes && readChallenge(bytes)
  if (bytes === undefined || read === undefined) throw new Error('no challenge')
  const bid = await bidForPass(suite.hash, origin, 'default', key.publicKey)
  const searcher = stampSearcher(sha256Block(), bytes, bid.place, read.bits, STAMP_PUZZLES)
  while (!searcher.step(10_000));
  const body = (await encodePassRequest(read, bid, searcher.stamp(), key)) as Uint8Array<ArrayBuffer>
  const type = { 'Content-Type': 'application/octet-stream' }
  const url = `${origin}/v1/passes?network=default`
  const response = await fetch(url, { method: 'POST', body, headers: { ...headers, ...type }, signal })
  if (!response.ok) throw new Error(await response.text())
  return Member.join(port, `visit-${person}`, person)
}

async function settle(port: number, people: number): Promise<void> {
  for (let room = 0; room * ROOM_SIZE < people; room++) {
    const joins = Array.from({ length: ROOM_SIZE }, (_, seat) =>
      Member.join(port, `honest-${room}`, room * ROOM_SIZE + seat),
    )
    const members = await Promise.all(joins)
    for (const [seat, member] of members.entries()) {
      member.neighbour = members[(seat + 1) % ROOM_SIZE]
      setTimeout(() => setInterval(() => member.ask(), ASK_EVERY_MS), Math.random() * ASK_EVERY_MS)
      // Who does not keep its place has left it, as far as the others can see.
      setInterval(() => member.keepPlace(), KEEP_ALIVE_MS)
    }
  }
  let person = people
  setInterval(() => void arrive(port, person++), NEWCOMER_EVERY_MS)
}

/** Of what was begun in the phase; what is under way has its time first. */
async function ended(of: Counting): Promise<Tally> {
  const untilMs = performance.now() + LATE_MS
  const isOver = () => of.came === of.asked || performance.now() > untilMs
  while (!isOver() || of.arrivals.length + of.left < of.comers)
    await new Promise((resolve) => setTimeout(resolve, 50))
  return tallied(of)
}

process.on('message', (message: { settle: { port: number; people: number } } | { phase: string }) => {
  if ('settle' in message) {
    const { port, people } = message.settle
    return void settle(port, people).then(() => process.send?.({ settled: true }))
  }
  const over = counting
  counting = counts()
  void ended(over).then((tally) => process.send?.({ over: message.phase, tally }))
})
process.send?.({ ready: true })
