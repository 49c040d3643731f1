// Mailboxes of either server and the letters put into them, behind one face. All that a sender computes (envelope, hash,
// MAC, the mask of its socket) is made beforehand, so that what is measured is the server and not this process. Ours are
// spoken to as clients do; the bare one is given the same envelopes, and no proof.

import { createHash, createHmac } from 'node:crypto'
import { dayOf } from '../protocol/crypto/admission/mail.ts'
import { LABELS } from '../protocol/crypto/contexts.ts'
import { concat } from '../protocol/crypto/suite.ts'
import { MAILBOX_WINDOW_BYTES_MOST, MAILBOX_WINDOW_LETTERS_MOST } from '../protocol/limits/mailbox.ts'
import { mailSubprotocols } from '../protocol/mailbox/admission.ts'
import { toBase64url } from '../protocol/wire/base64url.ts'
import { framesOf, messagesOf } from '../protocol/wire/batch.ts'
import { Writer } from '../protocol/wire/bytes.ts'
import { encodeMail, encodePutRequest, type PutRequest, tryDecodeMail } from '../protocol/wire/mail-frames.ts'
import { MAIL_FRAME, SUBPROTOCOL, WIRE_VERSION } from '../protocol/wire/registry.ts'
import { type MailOwner, newEnvelope, newOwner } from '../test/support/mail.ts'
import { passFor } from '../test/support/passes.ts'
import { Http } from './http.ts'
import type { Server } from './server.ts'
import { openSocket, type Socket } from './socket.ts'

const ENVELOPE_BYTES = 4_096
/** Letters acknowledged together. */
const BATCH = 32
const TTL_S = 86_400

/** Puts a letter, or a message's; resolves when the server says that all are kept. */
export type Put = () => Promise<void>

/** By requests; by messages of a letter each; by messages of `MESSAGE_LETTERS`. */
export type Way = 'http' | 'socket' | 'batched'
export const MESSAGE_LETTERS = 8

export interface LoadedMailbox {
  /** Letters not put yet, to be put each by the next of some sockets, or by requests. */
  puts(count: number, way: Way): Put[]
  /** As the owner: reads so many letters and takes them, a batch at a time. */
  drain(count: number, way: Way): Promise<void>
}

/** Its owner has said which key contacts have, and `sockets` senders have opened theirs. */
export async function openMailbox(server: Server, sockets: number): Promise<LoadedMailbox> {
  const mailbox = server.side === 'ours' ? await OurMailbox.open(server) : new BareMailbox(server)
  await mailbox.connect(sockets)
  return mailbox
}

const noise = newEnvelope(ENVELOPE_BYTES)
let made = 0

/** No two alike. */
export function envelope(): Uint8Array {
  const bytes = noise.slice()
  new DataView(bytes.buffer).setUint32(0, made++)
  return bytes
}

/** A sender's socket: what is said on it, and what waits for the answer with the same token. */
class Line {
  readonly #socket: Socket
  readonly #waiting = new Map<
    number,
    { readonly resolve: () => void; readonly reject: (why: Error) => void }
  >()
  #tokens = 0

  constructor(
    socket: Socket,
    answers: (message: Uint8Array) => Iterable<readonly [number, string | undefined]>,
  ) {
    this.#socket = socket
    socket.onMessage = (message) => {
      for (const [token, refused] of answers(message)) {
        const { resolve, reject } = this.#waiting.get(token)!
        this.#waiting.delete(token)
        if (refused === undefined) resolve()
        else reject(new Error(`a put was answered: ${refused}`))
      }
    }
    socket.start()
  }

  /** All in one message. */
  put(frames: readonly ((token: number) => Uint8Array)[]): Put {
    const tokens = frames.map(() => this.#tokens++)
    const [message, ...more] = messagesOf(frames.map((frame, i) => frame(tokens[i]!)))
    if (message === undefined || more.length > 0) throw new RangeError('no message, or more than one')
    const prepared = this.#socket.prepared(message)
    return async () => {
      const answers = tokens.map((token) => this.#answer(token))
      this.#socket.sendPrepared(prepared)
      await Promise.all(answers)
    }
  }

  #answer(token: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.set(token, { resolve, reject }))
  }
}

class OurMailbox implements LoadedMailbox {
  readonly #server: Server
  readonly #owner: MailOwner
  readonly #pass: string
  readonly #http: Http
  readonly #lines: Line[] = []

  private constructor(server: Server, owner: MailOwner, pass: string) {
    this.#server = server
    this.#owner = owner
    this.#pass = pass
    this.#http = new Http(server.port)
  }

  static async open(server: Server): Promise<OurMailbox> {
    const owner = await newOwner()
    const mailbox = new OurMailbox(server, owner, await passFor(owner.id))
    const rules = { keys: [toBase64url(owner.accessKey)], strangers: false }
    await mailbox.#ask('PUT', '/access', Buffer.from(JSON.stringify(rules)), 'application/json')
    return mailbox
  }

  async connect(sockets: number): Promise<void> {
    const headers = { 'Sec-WebSocket-Protocol': SUBPROTOCOL }
    for (let i = 0; i < sockets; i++)
      this.#lines.push(new Line(await openSocket(this.#server.port, this.#path, headers), ourAnswers))
  }

  puts(count: number, way: Way): Put[] {
    const mailbox = this.#owner.id
    const letters = way === 'batched' ? MESSAGE_LETTERS : 1
    return Array.from({ length: Math.ceil(count / letters) }, (_, i) => {
      const requests = Array.from({ length: letters }, () => this.#request(envelope()))
      if (way === 'http') {
        const body = encodePutRequest(requests[0]!)
        return async () => void (await this.#ask('POST', '/messages', body))
      }
      const line = this.#lines[i % this.#lines.length]!
      return line.put(
        requests.map((request) => (token) => encodeMail({ kind: 'put', token, mailbox, ...request })),
      )
    })
  }

  drain(count: number, way: Way): Promise<void> {
    return way === 'http' ? this.#drainByRequests(count) : this.#drainBySocket(count)
  }

  /** What the owner's contacts send, its MAC made with the runtime's own synchronous hash: thousands are made at once. */
  #request(letter: Uint8Array): PutRequest {
    const { id, accessKey } = this.#owner
    const day = dayOf(Date.now())
    const hash = createHash('sha256').update(letter).digest()
    const said = concat([LABELS.mailAccess, id, new Writer(4).u32(day).done(), hash])
    const mac = new Uint8Array(createHmac('sha256', accessKey).update(said).digest().subarray(0, 16))
    return { priority: 'critical', ttlS: TTL_S, proof: { kind: 'access', day, mac }, envelope: letter }
  }

  async #drainBySocket(count: number): Promise<void> {
    const window = { letters: MAILBOX_WINDOW_LETTERS_MOST, bytes: MAILBOX_WINDOW_BYTES_MOST }
    const hello = { kind: 'hello', version: WIRE_VERSION, ...window, cursor: new Uint8Array() } as const
    const offered = mailSubprotocols(hello, this.#pass).join(', ')
    const socket = await openSocket(this.#server.port, this.#path, { 'Sec-WebSocket-Protocol': offered })
    await new Promise<void>((resolve, reject) => {
      let read = 0
      let ids: Uint8Array[] = []
      socket.onClose = () => reject(new Error('closed before all letters had come'))
      socket.onMessage = (message) => {
        for (const frame of framesOf(message)) {
          if (frame[0] === MAIL_FRAME.letter) {
            ids.push(frame.slice(1, 17))
            if (++read < count && ids.length < BATCH) continue
            socket.send(encodeMail({ kind: 'took', ids }))
            ids = []
            // An answer, if only a refusal, comes after the last batch was taken.
            if (read === count) socket.send(Uint8Array.of(MAIL_FRAME.ready))
          } else if (frame[0] !== MAIL_FRAME.ready) resolve()
        }
      }
      socket.start()
    })
    socket.destroy()
  }

  async #drainByRequests(count: number): Promise<void> {
    for (let taken = 0; taken < count; ) {
      const { body } = await this.#ask('GET', `/messages?limit=${BATCH}`)
      const { messages } = JSON.parse(body.toString()) as { messages: { readonly id: string }[] }
      if (messages.length === 0) throw new Error(`only ${taken} letters of ${count}`)
      await this.#ask('DELETE', `/messages/${messages.map(({ id }) => id).join(',')}`)
      taken += messages.length
    }
  }

  get #path(): string {
    return `/v1/mailboxes/${this.#owner.text}`
  }

  #ask(method: string, rest: string, body?: Uint8Array, type = 'application/octet-stream') {
    const who = method === 'POST' ? undefined : { Authorization: `Bearer ${this.#pass}` }
    const what = body && { 'Content-Type': type }
    return this.#http.ask(method, this.#path + rest, { ...who, ...what }, body)
  }
}

function* ourAnswers(message: Uint8Array): Generator<readonly [number, string | undefined]> {
  for (const bytes of framesOf(message)) {
    const frame = tryDecodeMail(bytes)
    if (frame?.kind === 'stored') yield [frame.token, frame.known ? 'known already' : undefined]
    else if (frame?.kind === 'refused') yield [frame.token, frame.reason]
    else throw new Error(`the mailbox said ${frame?.kind ?? bytes[0]}`)
  }
}

let bareMailboxes = 0

class BareMailbox implements LoadedMailbox {
  readonly #server: Server
  readonly #path = `/v1/mailboxes/${bareMailboxes++}`
  readonly #http: Http
  readonly #lines: Line[] = []

  constructor(server: Server) {
    this.#server = server
    this.#http = new Http(server.port)
  }

  async connect(sockets: number): Promise<void> {
    for (let i = 0; i < sockets; i++)
      this.#lines.push(new Line(await openSocket(this.#server.port, this.#path, {}), bareAnswers))
  }

  /** Not in batches: it knows none. */
  puts(count: number, way: Way): Put[] {
    return Array.from({ length: count }, (_, i) => {
      const letter = envelope()
      if (way === 'http') return async () => void (await this.#http.ask('POST', this.#path, {}, letter))
      const line = this.#lines[i % this.#lines.length]!
      return line.put([(token) => concat([new Writer(4).u32(token).done(), letter])])
    })
  }

  /** By requests always: it has nothing to push with. */
  async drain(count: number): Promise<void> {
    for (let taken = 0; taken < count; taken += BATCH) {
      const { headers, body } = await this.#http.ask('GET', this.#path, { limit: String(BATCH) })
      if (body.length !== ENVELOPE_BYTES * Math.min(BATCH, count - taken))
        throw new Error('letters are missing')
      await this.#http.ask('DELETE', this.#path, { 'up-to': String(headers.last) })
    }
  }
}

function* bareAnswers(message: Uint8Array): Generator<readonly [number, undefined]> {
  yield [new DataView(message.buffer, message.byteOffset).getUint32(0), undefined]
}
