// The DHT of either server behind one face: values of 1 KiB under their digests, got and put by requests or over the home
// sockets of some clients. The bare one knows requests alone.

import { createHash } from 'node:crypto'
import { signProvided } from '../protocol/crypto/dht/provided.ts'
import { concat } from '../protocol/crypto/suite.ts'
import { SHA2_256 } from '../protocol/dht/contract.ts'
import { ROOTS, rootOf, shardObjectName } from '../protocol/dht/place.ts'
import { encodeValue } from '../protocol/dht/records/value.ts'
import { SHARD_CALL_REQUESTS_MAX } from '../protocol/limits/shard.ts'
import { mailSubprotocols } from '../protocol/mailbox/admission.ts'
import { peerIdText } from '../protocol/peer-id.ts'
import { framesOf, messagesOf } from '../protocol/wire/batch.ts'
import { type DhtAnswer, type DhtQuestion, encodeDht, tryDecodeDht } from '../protocol/wire/dht-frames.ts'
import { WIRE_VERSION } from '../protocol/wire/registry.ts'
import { type MailOwner, newOwner } from '../test/support/mail.ts'
import { passFor } from '../test/support/passes.ts'
import { Http } from './http.ts'
import type { Server } from './server.ts'
import { openSocket, type Socket } from './socket.ts'

const VALUE_BYTES = 1_024
const TTL_S = 86_400
/** Values put together when a table is filled: as many as one call to a shard may have. */
const FILL_VALUES = SHARD_CALL_REQUESTS_MAX

export interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Does it, and resolves when it is answered rightly. */
export type Act = () => Promise<unknown>

export interface Table {
  /** Each of so many entries a message, where there are messages. */
  gets(entries: readonly Entry[], together: number): Act[]
  puts(entries: readonly Entry[], together: number): Act[]
  fill(entries: readonly Entry[]): Act[]
  /** Says of so many keys, by one call, that somebody has them. */
  provides(keys: readonly Uint8Array[]): Promise<Act>
  /** Requests that have come to where the data is, in all. */
  reached(): Promise<number>
}

export type Way = 'http' | 'socket'

export async function openTable(server: Server, way: Way, clients: number): Promise<Table> {
  if (server.side === 'bare') return new BareTable(server)
  const table = new OurTable(server, await newOwner())
  await table.connect(clients)
  return way === 'http' ? table.byRequests : table
}

const recordOf = (value: Uint8Array) => encodeValue({ code: SHA2_256, ttlSeconds: TTL_S, value })

const noise = new Uint8Array(VALUE_BYTES).map(() => Math.random() * 256)
let made = 0

/** No two alike. */
export function newEntries(count: number): Entry[] {
  return Array.from({ length: count }, () => {
    const value = noise.slice()
    new DataView(value.buffer).setUint32(0, made++)
    return { key: new Uint8Array(createHash('sha256').update(value).digest()), value }
  })
}

function inLots<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}

/** A client at home: what it asks, and what waits for the answer with the same token. */
class Home {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (answer: DhtAnswer) => void>()
  #tokens = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.onMessage = (message) => {
      for (const bytes of framesOf(message)) {
        const frame = tryDecodeDht(bytes)
        if (frame?.kind !== 'dhtAnswer') continue
        this.#waiting.get(frame.token)?.(frame.answer)
        this.#waiting.delete(frame.token)
      }
    }
    socket.start()
  }

  static async open(server: Server): Promise<Home> {
    const owner = await newOwner()
    const hello = { kind: 'hello', version: WIRE_VERSION, letters: 32, bytes: 1_048_576 } as const
    const offered = mailSubprotocols({ ...hello, cursor: new Uint8Array() }, await passFor(owner.id))
    const headers = { 'Sec-WebSocket-Protocol': offered.join(', ') }
    return new Home(await openSocket(server.port, `/v1/mailboxes/${owner.text}`, headers))
  }

  /** In as few messages as hold them. */
  ask(questions: readonly DhtQuestion[], wanted: DhtAnswer['kind']): Act {
    const asked = questions.map((question) => ({ token: this.#tokens++, question }))
    const messages = messagesOf(asked.map((one) => encodeDht({ kind: 'dhtAsk', ...one })))
    return async () => {
      const answers = asked.map(({ token }) => this.#answer(token, wanted))
      for (const message of messages) this.#socket.send(message)
      await Promise.all(answers)
    }
  }

  #answer(token: number, wanted: DhtAnswer['kind']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(token, (answer) => {
        if (answer.kind === wanted) resolve()
        else reject(new Error(`not ${wanted} but ${JSON.stringify(answer)}`))
      })
    })
  }
}

class OurTable implements Table {
  readonly #server: Server
  readonly #owner: MailOwner
  readonly #http: Http
  readonly #probes: Http
  #homes: readonly Home[] = []

  constructor(server: Server, owner: MailOwner) {
    this.#server = server
    this.#owner = owner
    this.#http = new Http(server.port)
    this.#probes = new Http(server.probePort)
  }

  async connect(clients: number): Promise<void> {
    this.#homes = await Promise.all(Array.from({ length: clients }, () => Home.open(this.#server)))
  }

  get byRequests(): Table {
    const requests = (method: string) => (entries: readonly Entry[]) =>
      entries.map(({ key, value }) => async () => {
        const headers = { Authorization: `Bearer ${await this.#pass()}` }
        const path = `/v1/dht/records/${peerIdText(key)}?of=value`
        return this.#http.ask(
          method,
          path,
          method === 'PUT' ? headers : {},
          method === 'PUT' ? value : undefined,
        )
      })
    return {
      gets: requests('GET'),
      puts: requests('PUT'),
      fill: (entries) => this.fill(entries),
      provides: (keys) => this.#providesByRequest(keys),
      reached: () => this.reached(),
    }
  }

  gets(entries: readonly Entry[], together: number): Act[] {
    return this.#spread(entries, together, 'record', ({ key }) => ({ kind: 'get', key, of: 'value' }))
  }

  puts(entries: readonly Entry[], together: number): Act[] {
    return this.#spread(entries, together, 'stored', ({ key, value }) => {
      return { kind: 'put', key, record: recordOf(value) }
    })
  }

  /** Past the doors, which are not what is measured here: no root has split. */
  fill(entries: readonly Entry[]): Act[] {
    const byRoot = Map.groupBy(entries, ({ key }) => rootOf(key))
    return [...byRoot].flatMap(([root, there]) =>
      inLots(there, FILL_VALUES).map((lot) => async () => {
        const records = lot.map(({ key, value }) => [key, recordOf(value)] as const)
        const name = encodeURIComponent(shardObjectName('default', root))
        const path = `/?of=SHARDS&name=${name}&bytes=${records[0]?.[1].length}`
        await this.#probes.ask('POST', path, {}, concat(records.flat()))
      }),
    )
  }

  async provides(keys: readonly Uint8Array[]): Promise<Act> {
    throw new Error(`${keys.length} keys are provided by a request`)
  }

  async reached(): Promise<number> {
    const asked = ROOTS.map(async (root) => {
      const name = encodeURIComponent(shardObjectName('default', root))
      const { body } = await this.#probes.ask('GET', `/?of=SHARDS&name=${name}`, {})
      return (JSON.parse(body.toString()) as { readonly asked: number }).asked
    })
    return (await Promise.all(asked)).reduce((sum, each) => sum + each, 0)
  }

  async #providesByRequest(keys: readonly Uint8Array[]): Promise<Act> {
    const terms = { ttlSeconds: TTL_S, region: 'weur', createdMs: Date.now() }
    const body = await signProvided(this.#owner, keys, terms)
    const headers = { Authorization: `Bearer ${await this.#pass()}` }
    return () => this.#http.ask('POST', '/v1/dht/providers', headers, body)
  }

  #spread(
    entries: readonly Entry[],
    together: number,
    wanted: DhtAnswer['kind'],
    question: (entry: Entry) => DhtQuestion,
  ): Act[] {
    return inLots(entries, together).map((lot, i) => {
      const home = this.#homes[i % this.#homes.length] as Home
      // Made when its turn has come: a hundred thousand of them at once are more than this process should hold.
      return () => home.ask(lot.map(question), wanted)()
    })
  }

  #made: Promise<string> | undefined
  #pass(): Promise<string> {
    this.#made ??= passFor(this.#owner.id)
    return this.#made
  }
}

class BareTable implements Table {
  readonly #http: Http
  #reached = 0

  constructor(server: Server) {
    this.#http = new Http(server.port)
  }

  gets(entries: readonly Entry[]): Act[] {
    return entries.map(
      ({ key }) =>
        () =>
          this.#ask('GET', `/${hex(key)}`),
    )
  }

  puts(entries: readonly Entry[]): Act[] {
    return entries.map(
      ({ key, value }) =>
        () =>
          this.#ask('PUT', `/${hex(key)}`, {}, value),
    )
  }

  fill(entries: readonly Entry[]): Act[] {
    return inLots(entries, FILL_VALUES).map((lot) => () => this.#putAll(lot))
  }

  async provides(keys: readonly Uint8Array[]): Promise<Act> {
    const lot = keys.map((key) => ({ key, value: noise.subarray(0, 256) }))
    return () => this.#putAll(lot)
  }

  async reached(): Promise<number> {
    return this.#reached
  }

  #putAll(lot: readonly Entry[]): Promise<unknown> {
    const headers = { 'value-bytes': String(lot[0]?.value.length) }
    return this.#ask('POST', '', headers, concat(lot.flatMap(({ key, value }) => [key, value])))
  }

  #ask(method: string, rest: string, headers = {}, body?: Uint8Array): Promise<unknown> {
    this.#reached++
    return this.#http.ask(method, `/v1/dht/records${rest}`, headers, body)
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
