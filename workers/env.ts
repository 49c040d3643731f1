// What the Worker is given by wrangler.toml.

import type { ShardAnswer, ShardRequest } from '../protocol/dht/contract.ts'
import type { Region } from '../protocol/dht/regions.ts'
import type { AccessRules, Letter, PutOutcome } from '../protocol/mailbox/contract.ts'
import type { MailTotals } from '../protocol/mailbox/report.ts'
import type { PeerInRoom, RegistryView } from '../protocol/network/gathered.ts'
import type { TopologyPart } from '../protocol/network/topology.ts'
import type { AdminTerms, AuditEntry, ListedPeers, Listing } from '../protocol/protection/contract.ts'
import type { OffenceReport } from '../protocol/protection/offences.ts'
import type { RequestMeter } from './meter/request.ts'
import type { GivenSettings } from './settings/table.ts'

/** The room as the Worker sees it: by its methods, not its class, which only the entry file may name. */
export interface RoomStub {
  fetch(request: Request): Promise<Response>
  probe(): Promise<{ readonly members: number }>
}

/** What a put comes to over HTTP: the letter's id, and what became of it. */
export interface PutAnswer {
  readonly outcome: PutOutcome
  /** Undefined for what was refused before it was hashed. */
  readonly id: Uint8Array | undefined
}

export interface LettersRead {
  readonly letters: readonly Pick<Letter, 'id' | 'priority' | 'hour' | 'envelope'>[]
  readonly cursor: Uint8Array
  readonly more: boolean
}

/** A bundle as it is handed out; neither part before there was a publication. */
export interface Drawn {
  readonly head: Uint8Array | undefined
  readonly oneTime: Uint8Array | undefined
}

export interface MailboxStub {
  fetch(request: Request): Promise<Response>
  put(audience: Uint8Array, request: Uint8Array): Promise<PutAnswer>
  /** Undefined for a cursor that is none. */
  page(cursor: Uint8Array | undefined, limit: number): Promise<LettersRead | undefined>
  /** How many of them there were; undefined when they could not be taken just now. */
  took(ids: readonly Uint8Array[]): Promise<number | undefined>
  /** How many one-time prekeys are left in all. */
  publish(publication: Uint8Array): Promise<number>
  /** Whether there is a mailbox. */
  opened(): Promise<boolean>
  /** Undefined where there is none. */
  draw(): Promise<Drawn | undefined>
  setAccess(rules: AccessRules): Promise<void>
  probe(): Promise<unknown>
}

/** `mail` is absent where mailboxes did not answer in time. */
export interface RegistryFigures {
  readonly view: RegistryView
  readonly mail?: MailTotals
}

/** All that those who watch are told of. */
export interface RegistryLook {
  readonly view: RegistryView
  readonly topology: TopologyPart
  readonly listings: readonly Listing[]
}

/** One of those that share the mailboxes and the blacklist of a network. */
export interface RegistryStub {
  totals(): Promise<MailTotals>
  view(): Promise<RegistryView>
  figures(): Promise<RegistryFigures>
  look(peers: number): Promise<RegistryLook>
  topology(limit: number): Promise<TopologyPart>
  peer(id: Uint8Array): Promise<readonly PeerInRoom[]>
  /** What a peer did, whose pass was shown. */
  offended(report: OffenceReport): Promise<void>
  /** Undefined: nothing changed since this version. */
  listedSince(version: string | undefined): Promise<ListedPeers | undefined>
  listing(peer: Uint8Array): Promise<Listing | undefined>
  listings(): Promise<readonly Listing[]>
  /** By an administrator. Undefined where there is no room for more. */
  list(peer: Uint8Array, terms: AdminTerms): Promise<Listing | undefined>
  /** False: it was not listed. */
  unlist(peer: Uint8Array): Promise<boolean>
  audit(): Promise<readonly AuditEntry[]>
  probe(): Promise<unknown>
}

/** One that holds the keys of a prefix: see protocol/dht/place.ts for its name. */
export interface ShardStub {
  /** An answer for each, in their order. */
  ask(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]>
  probe(): Promise<unknown>
}

export interface Env extends GivenSettings {
  readonly MAILBOXES: { getByName(name: string): MailboxStub }
  readonly REGISTRIES: { getByName(name: string): RegistryStub }
  readonly SHARDS: {
    getByName(name: string, options?: { readonly locationHint?: Region }): ShardStub
  }
  readonly ROOMS: { getByName(name: string): RoomStub }
  /** Cloudflare's own, where wrangler.toml has it. */
  readonly RATE_LIMITER?: { limit(of: { readonly key: string }): Promise<{ readonly success: boolean }> }
  readonly ASSETS?: { fetch(request: Request): Promise<Response> }
}

/** What hono is told of the Worker: its environment, and what its middleware adds to a request. */
export interface Edge {
  readonly Bindings: Env
  readonly Variables: { requestId: string; meter: RequestMeter }
}
