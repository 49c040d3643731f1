// The DHT of one client: checks what it is asked for, and composes who does it. Loaded when it is first used.

import type { SignedRecord, Verified } from '../../protocol/dht/contract.ts'
import { tryDecodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { WaypostError } from '../../protocol/errors.ts'
import { blockText } from '../../protocol/exchange/frames.ts'
import {
  DHT_NAME_BYTES_MAX,
  DHT_PROVIDED_KEYS_MAX,
  DHT_PROVIDERS_ANSWERED_MAX,
  DHT_SALT_BYTES_MAX,
  DHT_TTL_SECONDS_LEAST,
  DHT_TTL_SECONDS_MOST,
} from '../../protocol/limits/dht.ts'
import { parsePeerId } from '../../protocol/peer-id.ts'
import { equalBytes, utf8 } from '../../protocol/wire/bytes.ts'
import { encodeData } from '../../protocol/wire/data.ts'
import { ownEdges } from '../edges/own-edges.ts'
import { tryDecodeData } from '../joined-room.ts'
import { checkDuration, checkOptions, checkSignal } from '../options.ts'
import type {
  AboutPeer,
  AnnounceOptions,
  AnyCid,
  AskOptions,
  ContentProgress,
  Dht,
  FindOptions,
  FoundPeer,
  GetOptions,
  ProvideOptions,
  Provider,
  ProvidersOptions,
  Published,
  PublishOptions,
  PutOptions,
  ResolvedName,
} from './api.ts'
import { Asking } from './asking.ts'
import { type Address, addressOf, DAG_PB, RAW } from './cids.ts'
import { Contents, secondsOf } from './content.ts'
import type { DhtOwner, DhtParts } from './contract.ts'
import { EdgeSource } from './edge-source.ts'
import { BLOCKS_LABEL } from './fetching.ts'
import { HttpSource } from './http.ts'
import { Kept } from './kept.ts'
import { Mesh } from './mesh/mesh.ts'
import { Names } from './names.ts'
import { announcementOf, type Ours } from './own-announcement.ts'
import { Renewals, renewAtMs } from './renewals.ts'
import { Seen } from './seen.ts'
import { under } from './signals.ts'
import { TogetherSource } from './together.ts'
import { Visits } from './visits.ts'

const NO_SALT = new Uint8Array()

type Kind = keyof typeof DHT_TTL_SECONDS_MOST
/** `told`: what the application said, before we added to it. */
interface Done extends Published {
  readonly told: Uint8Array
  readonly startMs: number
  readonly ttlMs: number
  readonly record: Verified<SignedRecord>
}

/** `peers` is answered by introductions: who knows of whom has nothing to do with what is kept where. */
export class DhtClient implements Omit<Dht, 'peers'> {
  /** Undefined where none is wanted. */
  readonly mesh: Mesh | undefined
  readonly #asking: Asking
  readonly #names: Names
  readonly #contents: Contents
  readonly #region: () => string
  readonly #passes: DhtParts['passes']
  readonly #renewals = new Renewals()
  readonly #closing = new AbortController()
  #announced: Done | undefined

  constructor(parts: DhtParts, owner: DhtOwner) {
    const { suite, network, vault, bootstraps } = parts
    this.#region = () => bootstraps.region ?? ''
    this.#passes = parts.passes
    const identity = { id: parts.identity.bytes, key: parts.identity.key }
    const dropped: DhtOwner['dropped'] = (reason) => owner.dropped(reason)
    const edge = new EdgeSource(owner, new HttpSource(parts))
    this.mesh = parts.mesh ? new Mesh(parts, owner) : undefined
    const source =
      this.mesh === undefined ? edge : new TogetherSource({ edge, mesh: this.mesh }, suite, dropped)
    this.#asking = new Asking(source, suite, dropped)
    this.#names = new Names(suite, identity, this.#asking, new Seen(vault, network), dropped)
    let opening: Promise<Kept> | undefined
    const kept = () => {
      opening ??= vault().then((open) => Kept.open(open, network, Date.now()))
      opening.catch(() => {
        opening = undefined // Whoever asks next tries again.
      })
      return opening
    }
    this.#contents = new Contents({
      suite,
      identity,
      id: parts.identity.id,
      asking: this.#asking,
      renewals: this.#renewals,
      kept,
      open: (peer, label) => owner.open(peer, label),
      visits: new Visits({
        roomsOf: async (peer, signal) => (await this.#about(parsePeerId(peer), signal)).rooms,
        borrow: (name) => owner.borrow(name),
        isReachable: (peer) => owner.links.any(peer, 'get') !== undefined,
      }),
      region: this.#region,
      dropped,
    })
    owner.serve(BLOCKS_LABEL, (stream) => this.#contents.serving.take(stream))
    this.mesh?.begin().catch(() => {}) // Closed before a place was found.
    this.#contents.begin().catch(() => {}) // Of a vault that does not open whoever needs it is told.
  }

  async put(data: Uint8Array | ArrayBuffer | ArrayBufferView, options: PutOptions = {}): Promise<string> {
    checkOptions('put', options, ['ttlMs', 'signal', 'onProgress'])
    const ttlMs = ttlOf('put', options.ttlMs, 'value')
    const tell = progressOf('put', options.onProgress)
    // As they are now: whoever called may use them again.
    const bytes = bytesOf(data).slice()
    return this.#under('put', options, (signal) => this.#contents.put(bytes, ttlMs, tell, signal))
  }

  async get(cid: AnyCid, options: GetOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkOptions('get', options, ['signal', 'onProgress', 'provide'])
    const tell = progressOf('get', options.onProgress)
    const { provide = false } = options
    if (typeof provide !== 'boolean') throw new TypeError('get: provide must be a boolean')
    const address = addressOf('get', cid)
    if (address.codec !== RAW && address.codec !== DAG_PB)
      throw new RangeError('get: the CID must be of raw bytes, or of a file of UnixFS (dag-pb)')
    return this.#under('get', options, (signal) => this.#contents.get(address, provide, tell, signal))
  }

  async forget(cid: AnyCid): Promise<void> {
    const address = addressOf('forget', cid)
    return this.#under('forget', {}, () => this.#contents.forget(address))
  }

  async publish(name: string, value: string | Uint8Array, options: PublishOptions = {}): Promise<Published> {
    checkOptions('publish', options, ['ttlMs', 'signal'])
    const ttlMs = ttlOf('publish', options.ttlMs, 'name')
    const salt = saltOf('publish', name)
    if (typeof value !== 'string' && !(value instanceof Uint8Array))
      throw new TypeError('publish: the value must be a string or a Uint8Array')
    const bytes = encodeData(value)
    if (bytes.length > DHT_NAME_BYTES_MAX)
      throw new WaypostError('too-large', `a name says at most ${DHT_NAME_BYTES_MAX - 1} bytes`)
    const record = { kind: 'name', salt, value: bytes, ttlMs } as const
    return this.#under('publish', options, async (signal) =>
      publishedOf(await this.#names.publish(record, signal)),
    )
  }

  async resolve(peer: string, name: string, options: FindOptions = {}): Promise<ResolvedName> {
    checkOptions('resolve', options, ['signal', 'thorough'])
    const isThorough = thoroughOf('resolve', options)
    const [owner, salt] = [parsePeerId(peer), saltOf('resolve', name)]
    return this.#under('resolve', options, async (signal) => {
      const { value, ...rest } = await this.#names.find('name', owner, salt, signal, isThorough)
      return { value: textOrBytes(value), ...rest }
    })
  }

  async provide(
    cids: AnyCid | readonly AnyCid[],
    options: ProvideOptions = {},
  ): Promise<{ readonly expiresAt: number }> {
    checkOptions('provide', options, ['ttlMs', 'signal'])
    const ttlMs = ttlOf('provide', options.ttlMs, 'provided')
    const all = new Map<string, Address>()
    for (const cid of isList(cids) ? cids : [cids]) {
      const address = addressOf('provide', cid)
      all.set(blockText(address.block), address)
    }
    if (all.size === 0 || all.size > DHT_PROVIDED_KEYS_MAX)
      throw new RangeError(
        `provide: one to ${DHT_PROVIDED_KEYS_MAX} CIDs are provided at once, not ${all.size}`,
      )
    return this.#under('provide', options, async (signal) => ({
      expiresAt: await this.#contents.provide([...all.values()], ttlMs, signal),
    }))
  }

  async providers(cid: AnyCid, options: ProvidersOptions = {}): Promise<readonly Provider[]> {
    checkOptions('providers', options, ['limit', 'signal', 'thorough'])
    const isThorough = thoroughOf('providers', options)
    const { limit = DHT_PROVIDERS_ANSWERED_MAX } = options
    if (!Number.isInteger(limit) || limit < 1 || limit > DHT_PROVIDERS_ANSWERED_MAX)
      throw new RangeError(`providers: limit must be a whole number from 1 to ${DHT_PROVIDERS_ANSWERED_MAX}`)
    const { digest } = addressOf('providers', cid).block
    return this.#under('providers', options, (signal) =>
      this.#asking.providers(digest, limit, signal, isThorough),
    )
  }

  async findPeer(peer: string, options: FindOptions = {}): Promise<FoundPeer> {
    checkOptions('findPeer', options, ['signal', 'thorough'])
    const isThorough = thoroughOf('findPeer', options)
    const id = parsePeerId(peer)
    return this.#under('findPeer', options, (signal) => this.#about(id, signal, isThorough))
  }

  async #about(peer: Uint8Array, signal: AbortSignal, isThorough = false): Promise<FoundPeer> {
    const { value, ...rest } = await this.#names.find('announcement', peer, NO_SALT, signal, isThorough)
    const about = tryDecodeAnnouncement(value)
    if (about === undefined) throw new WaypostError('unverified', 'the announcement does not read')
    const { addresses, capabilities, rooms, mailbox, region } = about
    return { addresses, capabilities, rooms, mailbox, region, ...rest }
  }

  async announce(about: AboutPeer, options: AnnounceOptions = {}): Promise<Published> {
    checkOptions('announce', about, ['addresses', 'capabilities', 'rooms', 'mailbox', 'region'])
    checkOptions('announce', options, ['ttlMs', 'signal'])
    const ttlMs = ttlOf('announce', options.ttlMs, 'announcement')
    const { addresses = [], capabilities = [], rooms = [], mailbox = false, region } = about
    // As they are when it is said: where we are may be another place by then, and our node is of this week.
    const said = () => ({ addresses, capabilities, rooms, mailbox, region: region ?? this.#region() })
    const encode = (ours?: Ours) => announcementOf(said(), ours)
    const told = encode() // What is wrong with it is said at once.
    return this.#under('announce', options, async (signal) => {
      const last = this.#announced
      const isSame = last !== undefined && equalBytes(last.told, told) && last.ttlMs === ttlMs
      if (isSame && Date.now() < renewAtMs(last.startMs, last.expiresAt)) return publishedOf(last)
      return publishedOf(await this.#announce(encode, ttlMs, signal))
    })
  }

  async #announce(encode: (ours?: Ours) => Uint8Array, ttlMs: number, signal: AbortSignal): Promise<Done> {
    const ours = { node: await this.mesh?.claim(), edges: ownEdges(this.#passes) }
    const [told, value] = [encode(), encode(ours)]
    const startMs = Date.now()
    const published = await this.#names.publish({ kind: 'announcement', salt: NO_SALT, value, ttlMs }, signal)
    const done = { told, startMs, ttlMs, ...published }
    this.#announced = done
    this.#renewals.set('announcement', renewAtMs(startMs, published.expiresAt), async () => {
      // It sets the next itself.
      await this.#announce(encode, ttlMs, this.#closing.signal)
      return undefined
    })
    return done
  }

  /** What we announced of ourselves, while it lasts. */
  get announcement(): Verified<SignedRecord> | undefined {
    const { record, expiresAt = 0 } = this.#announced ?? {}
    return Date.now() < expiresAt ? record : undefined
  }

  /** What is under way is told `closed`. */
  close(): void {
    this.mesh?.close()
    this.#renewals.close()
    this.#closing.abort(new WaypostError('closed', 'this Waypost is closed'))
  }

  #under<T>(what: string, { signal }: AskOptions, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    checkSignal(`${what}: signal`, signal)
    return under(what, this.#closing.signal, signal, act)
  }
}

function publishedOf({ sequence, expiresAt }: Published): Published {
  return { sequence, expiresAt }
}

function ttlOf(what: string, ttlMs: number | undefined, kind: Kind): number {
  const mostMs = DHT_TTL_SECONDS_MOST[kind] * 1_000
  checkDuration(`${what}: ttlMs`, ttlMs, mostMs)
  if (ttlMs !== undefined && ttlMs < DHT_TTL_SECONDS_LEAST * 1_000)
    throw new RangeError(`${what}: ttlMs must be at least ${DHT_TTL_SECONDS_LEAST * 1_000}`)
  return secondsOf(kind, ttlMs ?? mostMs) * 1_000
}

function thoroughOf(what: string, { thorough = false }: FindOptions): boolean {
  if (typeof thorough !== 'boolean') throw new TypeError(`${what}: thorough must be a boolean`)
  return thorough
}

function saltOf(what: string, name: unknown): Uint8Array {
  if (typeof name !== 'string') throw new TypeError(`${what}: the name must be a string`)
  const salt = utf8(name)
  if (salt.length === 0 || salt.length > DHT_SALT_BYTES_MAX || !name.isWellFormed())
    throw new RangeError(`${what}: the name must be 1 to ${DHT_SALT_BYTES_MAX} bytes of text`)
  return salt
}

function bytesOf(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  throw new TypeError('put: takes bytes: a Uint8Array, another view, or an ArrayBuffer')
}

function isList(cids: AnyCid | readonly AnyCid[]): cids is readonly AnyCid[] {
  return Array.isArray(cids)
}

/** Of a record that verified, by an owner who may have put there what he liked. */
function textOrBytes(value: Uint8Array): string | Uint8Array {
  const data = tryDecodeData(value)?.value
  return typeof data === 'string' || data instanceof Uint8Array ? data : value.slice()
}

/** What an application's function throws is reported as its own, and spoils nothing. */
function progressOf(what: string, tell: unknown): (progress: ContentProgress) => void {
  if (tell === undefined) return () => {}
  if (typeof tell !== 'function') throw new TypeError(`${what}: onProgress must be a function`)
  return (progress) => {
    try {
      tell(progress)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
