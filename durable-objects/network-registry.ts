// What a network knows of itself: one of several objects that share its mailboxes and peers, each always at the same one. A
// thin shell: figures of mailboxes and shards, the blacklist, the audit trail and what rooms report are in registry/, and each writes only what it must.

import { REGISTRY_MAIL_MS } from '../protocol/limits/network.ts'
import { mailboxObjectName } from '../protocol/mailbox/place.ts'
import { type MailTotals, networkOfRegistry } from '../protocol/mailbox/report.ts'
import type { ShardSummary } from '../protocol/network/dht-figures.ts'
import type { PeerInRoom, RegistryView } from '../protocol/network/gathered.ts'
import { reportEveryMs, type WatchSettings } from '../protocol/network/settings.ts'
import type { RoomSummary } from '../protocol/network/summary.ts'
import type { TopologyPart } from '../protocol/network/topology.ts'
import { parsePeerId, peerIdText } from '../protocol/peer-id.ts'
import type { AdminTerms, AuditEntry, ListedPeers, Listing } from '../protocol/protection/contract.ts'
import type { OffenceReport } from '../protocol/protection/offences.ts'
import { inTime } from './in-time.ts'
import { AuditTrail } from './registry/audit-trail.ts'
import { BlacklistDesk } from './registry/blacklist-desk.ts'
import { type FiguredMailbox, MailboxFigures } from './registry/mailbox-figures.ts'
import { Reports } from './registry/reports.ts'
import { type FiguredShards, ShardFigures } from './registry/shard-figures.ts'
import { TracedObject } from './tracing.ts'

/** Where somebody may be, who is listed from now on. */
interface Expelling {
  expel(peer: Uint8Array, untilMs: number | null): Promise<void>
}

interface Settings extends WatchSettings {
  readonly MAILBOXES: { getByName(name: string): FiguredMailbox & Expelling }
  readonly ROOMS: { getByName(name: string): Expelling }
  readonly SHARDS: FiguredShards
}

export class NetworkRegistry extends TracedObject<Settings> {
  readonly #network: string
  readonly #mailboxes: MailboxFigures
  readonly #blacklist: BlacklistDesk
  readonly #audit: AuditTrail
  readonly #reports: Reports
  readonly #shards: ShardFigures

  constructor(ctx: DurableObjectState, env: Settings) {
    super(ctx, env)
    this.#network = networkOfRegistry(ctx.id.name) ?? ''
    this.#mailboxes = new MailboxFigures(ctx.storage, env.MAILBOXES, this.#network)
    this.#audit = new AuditTrail(ctx.storage)
    const everyMs = reportEveryMs(env)
    this.#reports = new Reports(ctx.storage.sql, everyMs, Date.now())
    this.#shards = new ShardFigures(ctx.storage.sql, env.SHARDS, this.#network, everyMs)
    this.#blacklist = new BlacklistDesk(ctx.storage, {
      listed: (listing, rooms) => ctx.waitUntil(this.#expel(listing, rooms)),
    })
  }

  // ---- mailboxes --------------------------------------------------------------------------------------------

  /** A mailbox's figures are others than those it gave last; or it is new. */
  changed(id: Uint8Array): void {
    this.#mailboxes.changed(id)
  }

  totals(): Promise<MailTotals> {
    return this.#mailboxes.totals()
  }

  // ---- the blacklist ----------------------------------------------------------------------------------------

  /** What an object or a Worker gathered of a peer. `room`: by its object's name, if it was a room. */
  offended({ peer, counts }: OffenceReport, room?: string): void {
    this.#blacklist.offended(peerIdText(peer), counts, room, Date.now())
  }

  /** Undefined: as `version` says already. */
  listedSince(version: string | undefined): ListedPeers | undefined {
    return this.#blacklist.listedSince(version, Date.now())
  }

  listing(peer: Uint8Array): Listing | undefined {
    return this.#blacklist.listing(peerIdText(peer), Date.now())
  }

  listings(): readonly Listing[] {
    return this.#blacklist.listings(Date.now())
  }

  /** By an administrator, whom the Worker has checked. Undefined where there is no room for more. */
  list(peer: Uint8Array, terms: AdminTerms): Listing | undefined {
    const [id, nowMs] = [peerIdText(peer), Date.now()]
    const listing = this.#blacklist.list(id, terms, nowMs)
    const { note = '', ...said } = terms
    if (listing !== undefined) this.#audit.note({ atMs: nowMs, act: 'list', id, by: 'admin', ...said, note })
    return listing
  }

  /** False: it was not listed. */
  unlist(peer: Uint8Array): boolean {
    const [id, nowMs] = [peerIdText(peer), Date.now()]
    const was = this.#blacklist.unlist(id, nowMs)
    if (was) this.#audit.note({ atMs: nowMs, act: 'unlist', id, by: 'admin', note: '' })
    return was
  }

  audit(): readonly AuditEntry[] {
    return this.#audit.entries()
  }

  // ---- what rooms and shards report -------------------------------------------------------------------------

  /** By a room, at most once a period. */
  heard(summary: RoomSummary): void {
    this.#reports.heard(summary, Date.now())
  }

  /** By a shard of the DHT, no more often. */
  heardShard(summary: ShardSummary): void {
    this.#shards.heard(summary, Date.now())
  }

  async view(): Promise<RegistryView> {
    const nowMs = Date.now()
    return { ...this.#reports.view(nowMs), dht: await this.#shards.view(nowMs) }
  }

  /** With what waits in mailboxes, unless those take too long to say. */
  async figures(): Promise<{ readonly view: RegistryView; readonly mail?: MailTotals }> {
    const [view, mail] = await Promise.all([this.view(), inTime(this.totals(), REGISTRY_MAIL_MS)])
    return mail === undefined ? { view } : { view, mail }
  }

  /** Of `peers` at most. */
  async look(peers: number): Promise<{
    readonly view: RegistryView
    readonly topology: TopologyPart
    readonly listings: readonly Listing[]
  }> {
    return { view: await this.view(), topology: this.topology(peers), listings: this.listings() }
  }

  topology(limit: number): TopologyPart {
    return this.#reports.topology(limit, Date.now())
  }

  peer(id: Uint8Array): readonly PeerInRoom[] {
    return this.#reports.peer(id, Date.now())
  }

  /** For the health route. Makes nothing. */
  probe(): { readonly used: boolean } {
    return { used: this.#mailboxes.used }
  }

  /** Its own mailbox, and the rooms that complained. Wherever else it is, that object notices by itself. */
  async #expel({ id, untilMs }: Listing, rooms: readonly string[]): Promise<void> {
    const { MAILBOXES, ROOMS } = this.env
    const peer = parsePeerId(id)
    await Promise.allSettled([
      MAILBOXES.getByName(mailboxObjectName(this.#network, id)).expel(peer, untilMs),
      ...rooms.map((room) => ROOMS.getByName(room).expel(peer, untilMs)),
    ])
  }
}
