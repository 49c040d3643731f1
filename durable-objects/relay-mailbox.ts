// A mailbox's Durable Object: a thin shell around the mailbox machine (protocol/mailbox/machine.ts). It gives the machine its
// store and its sockets, has proofs checked before it is told of puts, and sets the alarm it asks for. Answers leave when
// what they say is on the disk: the platform holds back whatever an object sends until its writes are.

import type { PassSecrets } from '../protocol/crypto/admission/keys.ts'
import { GRANT_BYTES } from '../protocol/crypto/admission/pass.ts'
import { readHead, splitPublication } from '../protocol/crypto/mail/publication.ts'
import { SIZES } from '../protocol/crypto/suite.ts'
import { isRegion, type RegionSettings, sitesOf } from '../protocol/dht/regions.ts'
import { DropCounts } from '../protocol/drops.ts'
import { MAILBOX_SENDERS_MAX } from '../protocol/limits/mailbox.ts'
import { KEEP_ALIVE_MS } from '../protocol/limits/room.ts'
import { AUDIENCE_HEADER, HELLO_HEADER, helloOf, REGION_HEADER } from '../protocol/mailbox/admission.ts'
import { type CallerRecord, newCaller } from '../protocol/mailbox/caller.ts'
import { MAILBOX_SETTING_NAMES, type MailboxSettings, mailboxConfig } from '../protocol/mailbox/config.ts'
import type {
  AccessRules,
  MailboxEffect,
  MailboxInput,
  Page,
  PutOutcome,
} from '../protocol/mailbox/contract.ts'
import { SEQ_LIMIT } from '../protocol/mailbox/cursor.ts'
import { MailboxMachine } from '../protocol/mailbox/machine.ts'
import { type MailboxPlace, placeOf } from '../protocol/mailbox/place.ts'
import { PrekeyDesk } from '../protocol/mailbox/prekey-desk.ts'
import type { MailReport } from '../protocol/mailbox/report.ts'
import { connectionsMax, type ProtectionSettings } from '../protocol/protection/config.ts'
import { CLEAR, retryAfterMsOf, type Verdict } from '../protocol/protection/known-lists.ts'
import { GRANT_HEADER } from '../protocol/room/admission.ts'
import { remembered } from '../protocol/settings/remembered.ts'
import { fromBase64url } from '../protocol/wire/base64url.ts'
import { equalBytes } from '../protocol/wire/bytes.ts'
import { encodeMail, type HelloFrame, tryDecodePutRequest } from '../protocol/wire/mail-frames.ts'
import { type RefusalCode, WIRE_VERSION } from '../protocol/wire/registry.ts'
import { Alarm } from './alarm.ts'
import type { ShardNamespace } from './dht/asking.ts'
import { addressTags, answerClose, answerKeepAlives, isCrowded, turnAway, upgraded } from './host.ts'
import { type Caller, Callers } from './mailbox/callers.ts'
import { DhtDesk } from './mailbox/dht-desk.ts'
import { Forwarding, type MailboxNamespace } from './mailbox/forwarding.ts'
import { News, type RegistryNamespace } from './mailbox/news.ts'
import { ProofCheck } from './mailbox/proof-check.ts'
import { type Answer, PutDesk } from './mailbox/put-desk.ts'
import { Reception } from './mailbox/reception.ts'
import { SqliteLetterStore, SqliteOwnerStore, Tables } from './mailbox/sqlite-store.ts'
import { PassRenewal } from './pass-renewal.ts'
import { Guard, type GuardRegistries } from './protection/guard.ts'
import { TracedObject, type TraceSettings, tracedFetch } from './tracing.ts'

interface Settings extends MailboxSettings, PassSecrets, ProtectionSettings, RegionSettings, TraceSettings {
  readonly MAILBOXES: MailboxNamespace
  readonly REGISTRIES: RegistryNamespace & GuardRegistries
  readonly SHARDS: ShardNamespace
}

const RULES = [...MAILBOX_SETTING_NAMES, 'RATE_CONNECTIONS'] as const
const rulesOf = remembered(RULES, (env: Settings) => ({
  config: mailboxConfig(env),
  connectionsMax: connectionsMax(env),
}))

export class RelayMailbox extends TracedObject<Settings> {
  readonly #rules: ReturnType<typeof rulesOf>
  readonly #place: MailboxPlace | undefined
  readonly #letters: SqliteLetterStore
  readonly #owner: SqliteOwnerStore
  readonly #alarm: Alarm
  readonly #callers: Callers
  readonly #reception: Reception
  readonly #desk: PutDesk
  readonly #prekeys: PrekeyDesk
  readonly #renewal: PassRenewal
  readonly #news: News | undefined
  readonly #guard: Guard
  readonly #drops = new DropCounts()
  #made: MailboxMachine<Answer> | undefined
  /** Times that puts were decided, each in one transaction. */
  #sittings = 0
  #storeFailures = 0

  constructor(ctx: DurableObjectState, env: Settings) {
    super(ctx, env)
    this.#rules = rulesOf(env)
    this.#place = placeOf(ctx.id.name)
    const tables = new Tables(ctx.storage)
    this.#letters = new SqliteLetterStore(tables)
    this.#owner = new SqliteOwnerStore(tables)
    this.#alarm = new Alarm(ctx, tables.exist)
    this.#callers = new Callers(ctx)
    this.#prekeys = new PrekeyDesk(this.#owner)
    this.#renewal = new PassRenewal(env)
    this.#news = this.#place && new News(env.REGISTRIES, this.#place)
    const { network, id } = this.#place ?? { network: '', id: new Uint8Array(SIZES.hash) }
    const proofs = new ProofCheck(env, id)
    this.#desk = new PutDesk({
      verify: (request, audience) => proofs.verify(request, audience, this.#owner.access()),
      decide: (puts, refused) => {
        for (const { reason, answer } of refused) {
          this.#machine.tally.noteRefused(reason)
          answer({ ok: false, reason, retryAfterMs: 0 })
        }
        if (puts.length > 0) this.#sittings++
        this.#receive({ kind: 'puts', puts })
      },
    })
    this.#guard = new Guard({
      registries: env.REGISTRIES,
      network,
      expel: (peer, untilMs) => this.expel(peer, untilMs),
    })
    const flush = () => this.#callers.flush()
    this.#reception = new Reception({
      mailbox: id,
      rates: this.#rules.config.socket,
      callers: this.#callers,
      forwarding: new Forwarding(env.MAILBOXES, network, flush),
      dht: new DhtDesk({ shards: env.SHARDS, sites: sitesOf(env), network, owner: id, answered: flush }),
      put: (request, audience, answer) => this.#put(request, audience, answer),
      took: (ids) => this.#receive({ kind: 'took', ids }),
      renewPass: (caller) => ctx.waitUntil(this.#renewPass(caller)),
      leave: (caller, code) => this.#leave(caller, code),
      drop: (reason, { record }) => {
        this.#drops.count(reason)
        if (record.isOwner) this.#guard.complain(id, reason)
      },
      complain: (reason) => this.#guard.complain(id, reason),
    })
    answerKeepAlives(ctx)
  }

  // ---- sockets ----------------------------------------------------------------------------------------------

  /** Only the Worker calls this; an owner's hello is there if its pass was good. */
  override fetch(request: Request): Response | Promise<Response> {
    return tracedFetch(this.ctx, this.env, 'RelayMailbox', request, () => this.#take(request))
  }

  #take(request: Request): Response | Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair()
    const { headers } = request
    const enter = (verdict: Verdict) => {
      const code = verdict.kind === 'listed' ? 'blacklisted' : this.#enter(server, headers)
      const untilMs = verdict.kind === 'listed' ? verdict.untilMs : null
      if (code !== undefined) turnAway(server, code, retryAfterMsOf(untilMs, Date.now()))
      return upgraded(client)
    }
    // Senders are nobody in particular: their puts carry proofs of their own.
    if (this.#place === undefined || !headers.has(HELLO_HEADER)) return enter(CLEAR)
    const verdict = this.#guard.entering(this.#place.id, Date.now())
    return verdict instanceof Promise ? verdict.then(enter) : enter(verdict)
  }

  /** The registry, and our own guard, say that the owner is listed from now on. Letters stay, for when it no longer is. */
  expel(_owner: Uint8Array, untilMs: number | null): void {
    const home = this.#callers.home()
    if (home !== undefined) this.#leave(home, 'blacklisted', retryAfterMsOf(untilMs, Date.now()))
  }

  override webSocketMessage(socket: WebSocket, message: ArrayBuffer | string): void {
    const caller = this.#callers.of(socket)
    if (caller === undefined) return
    this.#reception.hear(caller, message, Date.now())
    if (caller.record.isOwner && this.#place !== undefined)
      this.#guard.heard(this.#place.id, caller, Date.now())
    // What this message cost is written down once for all whose answers leave together.
    if (!this.#desk.isSitting) this.#callers.flush()
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    const caller = this.#callers.of(socket)
    if (caller !== undefined) this.#leave(caller)
    answerClose(socket, code, reason)
  }

  override webSocketError(socket: WebSocket): void {
    const caller = this.#callers.of(socket)
    if (caller !== undefined) this.#leave(caller)
  }

  override alarm(): void {
    this.#alarm.rang()
    this.#receive({ kind: 'wake' })
  }

  // ---- what the Worker and other mailboxes ask --------------------------------------------------------------

  put(
    audience: Uint8Array,
    request: Uint8Array,
  ): Promise<{ readonly outcome: PutOutcome; readonly id: Uint8Array | undefined }> {
    return new Promise((resolve) => {
      this.#put(request, audience, (outcome, id) => resolve({ outcome, id }))
    })
  }

  /** In the order given. */
  putAll(audience: Uint8Array, requests: readonly Uint8Array[]): Promise<readonly PutOutcome[]> {
    return Promise.all(
      requests.map((request) => new Promise<PutOutcome>((resolve) => this.#put(request, audience, resolve))),
    )
  }

  page(cursor: Uint8Array | undefined, limit: number): Page | undefined {
    const page = this.#machine.page(cursor, limit, Date.now())
    this.#noteNews()
    return page
  }

  /** How many of them there were; undefined when the store would not let them go. */
  took(ids: readonly Uint8Array[]): number | undefined {
    return this.#receive({ kind: 'took', ids })
  }

  /** Its signature was checked by the Worker. Published again, it is the same one: what was drawn of it stays drawn. */
  publish(publication: Uint8Array): number {
    const split = splitPublication(publication)
    if (split === undefined) throw new TypeError('no publication')
    const newest = this.#owner.prekeyHead()
    if (newest !== undefined && equalBytes(newest, split.head)) return this.#owner.oneTimeLeft
    const oneTime = split.oneTime.map(({ bytes }, id) => ({ id, bytes }))
    const left = this.#prekeys.publish({
      head: split.head,
      oneTime,
      replaces: newest !== undefined && !isSamePrekey(newest, split.head),
    })
    if (left === undefined) throw new TypeError('too many one-time prekeys')
    return left
  }

  /** Whether its owner ever opened it. */
  opened(): boolean {
    return this.#owner.opened
  }

  draw(): { readonly head: Uint8Array | undefined; readonly oneTime: Uint8Array | undefined } | undefined {
    if (!this.#owner.opened) return undefined
    const drawn = this.#prekeys.draw('stranger', Date.now())
    const home = this.#callers.home()
    if (drawn?.few === true && home !== undefined) {
      this.#callers.send(home, encodeMail({ kind: 'prekeysLeft', left: drawn.left }))
      this.#callers.flush()
    }
    return { head: drawn?.head, oneTime: drawn?.oneTime }
  }

  setAccess(rules: AccessRules): void {
    this.#open()
    this.#owner.setAccess(rules)
  }

  /** For its network's registry; undefined when it is no mailbox. */
  figures(): MailReport | undefined {
    if (!this.#owner.opened) return undefined
    const { tally } = this.#machine
    const { oldestHour = null, ...gauges } = this.#machine.stats(Date.now())
    this.#news?.asked(tally.events)
    return { counts: tally.all(), gauges: { ...gauges, oldestHour } }
  }

  /** For the health route, and for whoever looks behind: nothing here makes a mailbox of what is none. */
  probe() {
    return {
      opened: this.#owner.opened,
      sockets: this.#callers.count,
      sittings: this.#sittings,
      storeFailures: this.#storeFailures,
      drops: this.#drops.all(),
    }
  }

  // ---- within -----------------------------------------------------------------------------------------------

  /** Made when it is first needed: a socket that only pings, or passes puts on, needs none. */
  get #machine(): MailboxMachine<Answer> {
    if (this.#made !== undefined) return this.#made
    this.#made = new MailboxMachine(this.#letters, this.#rules.config, randomIncarnation())
    const home = this.#callers.home()
    if (home !== undefined) this.#receive({ kind: 'resumed', state: home.record.state })
    return this.#made
  }

  #enter(socket: WebSocket, headers: Headers): RefusalCode | undefined {
    const audience = fromBase64url(headers.get(AUDIENCE_HEADER) ?? '')
    if (this.#place === undefined || audience?.length !== SIZES.hash) return 'bad-request'
    const letters = headers.get(HELLO_HEADER)
    if (letters === null) {
      const tags = addressTags(headers)
      if (this.#callers.senders >= MAILBOX_SENDERS_MAX) return 'edge-busy'
      if (isCrowded(this.ctx, tags, this.#rules.connectionsMax)) return 'edge-busy'
      this.#callers.accept(socket, newCaller(audience, undefined), tags)
      return undefined
    }
    const hello = helloOf(letters)
    const grant = fromBase64url(headers.get(GRANT_HEADER) ?? '')
    if (hello === undefined || grant?.length !== GRANT_BYTES) return 'bad-request'
    const region = headers.get(REGION_HEADER) ?? ''
    this.#comeHome(socket, hello, newCaller(audience, grant, isRegion(region) ? region : ''))
    return undefined
  }

  #comeHome(socket: WebSocket, hello: HelloFrame, record: CallerRecord): void {
    this.#open()
    const before = this.#callers.home()
    if (before !== undefined) this.#leave(before, 'superseded')
    const machine = this.#machine
    const home = this.#callers.accept(socket, record)
    const ready = {
      kind: 'ready',
      version: WIRE_VERSION,
      keepAliveMs: KEEP_ALIVE_MS,
      stored: machine.stats(Date.now()).letters,
      oneTimeLeft: this.#owner.oneTimeLeft,
    } as const
    this.#callers.send(home, encodeMail(ready))
    const cursor = hello.cursor.length === 0 ? undefined : hello.cursor
    this.#receive({ kind: 'hello', window: { letters: hello.letters, bytes: hello.bytes }, cursor })
  }

  /**
   * The socket is nobody's any more; with a code: and is told so. A machine not made yet never knew of it. Nor did one that
   * has another for its home: a socket that closed while the object slept is not among its sockets any more when it wakes,
   * and what it said last, and that it closed, may be heard when its owner has come back by another.
   */
  #leave(caller: Caller, code?: RefusalCode, retryAfterMs?: number): void {
    const wasHome = this.#callers.home() === caller
    this.#callers.dismiss(caller, code, retryAfterMs)
    if (wasHome && this.#made !== undefined) this.#receive({ kind: 'ownerGone' })
  }

  #put(bytes: Uint8Array, audience: Uint8Array, answer: Answer): void {
    const request = tryDecodePutRequest(bytes)
    if (request === undefined) return answer({ ok: false, reason: 'malformed', retryAfterMs: 0 })
    if (!this.#owner.opened) return answer({ ok: false, reason: 'no-such-mailbox', retryAfterMs: 0 })
    this.#desk.take({ request, audience, answer })
  }

  async #renewPass(caller: Caller): Promise<void> {
    if (this.#place === undefined) return
    this.#callers.send(caller, await this.#renewal.answer(this.#place.id, caller.record.grant))
    this.#callers.flush()
  }

  /** Gives back how many letters were taken, if that was asked. */
  #receive(input: MailboxInput<Answer>): number | undefined {
    let taken: number | undefined
    for (const effect of this.#machine.receive(input, Date.now())) {
      if (effect.kind === 'taken') taken = effect.letters
      else this.#perform(effect)
    }
    this.#callers.flush()
    this.#alarm.noLaterThan(this.#machine.wakeAtMs)
    this.#noteNews()
    return taken
  }

  #noteNews(): void {
    if (this.#owner.opened) this.#news?.noted(this.#machine.tally.events)
  }

  #open(): void {
    if (this.#owner.opened) return
    this.#owner.open()
    this.#news?.say()
  }

  #perform(effect: Exclude<MailboxEffect<Answer>, { kind: 'taken' }>): void {
    switch (effect.kind) {
      case 'answer':
        return effect.to(effect.outcome)
      case 'push': {
        const home = this.#callers.home()
        const { id, priority, hour, envelope } = effect.letter
        const letter = { kind: 'letter', id, priority, hour, cursor: effect.cursor, envelope } as const
        if (home !== undefined) this.#callers.send(home, encodeMail(letter))
        return
      }
      case 'remember': {
        const home = this.#callers.home()
        if (home === undefined) return
        home.record.state = effect.state
        return this.#callers.remember(home)
      }
      case 'storeFailed':
        this.#storeFailures++
        return
    }
  }
}

function randomIncarnation(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number]
  return (high * 2 ** 32 + low) % SEQ_LIMIT
}

/** The owner made these two publications on one device, and at most a week apart. */
function isSamePrekey(one: Uint8Array, other: Uint8Array): boolean {
  const [before, now] = [readHead(one), readHead(other)]
  return before !== undefined && now !== undefined && equalBytes(before.publicKey, now.publicKey)
}
