// Links, messages, streams and everything that has to do with keys, behind one door: loaded while connect() waits for the edge's answer,
// so that the first script of a page stays small.

import { roomOfService, SealedRoom } from '../protocol/crypto/broadcast/sealing.ts'
import { chooseSuite } from '../protocol/crypto/choose.ts'
import type { Subtle } from '../protocol/crypto/subtle.ts'
import { CryptoError, type Suite } from '../protocol/crypto/suite.ts'
import { WaypostError } from '../protocol/errors.ts'
import { type PeerId, parsePeerId } from '../protocol/peer-id.ts'
import { Admittance } from './admittance.ts'
import { nowMs } from './clock.ts'
import { DhtDoor } from './dht/door.ts'
import { OneEdge } from './edges/one-edge.ts'
import { readToldEdges } from './edges/told-edges.ts'
import type { SealedStore } from './identities/store.ts'
import { type Identity, newIdentity, type OpenIdentity } from './identity.ts'
import { type BootstrapDesk, Bootstraps } from './kept-bootstrap.ts'
import { Links } from './links.ts'
import { Messages } from './messages.ts'
import { type PassDesk, Passes, type PassSource } from './pass.ts'
import { PeerLink, type PeerLinkOptions, type PeerListener } from './peer-link.ts'
import { roomErrorOf } from './room-ends.ts'
import { type BroadcastListener, SealedBroadcasts } from './sealed-broadcasts.ts'
import { SecureLink, type SecureLinkListener } from './secure-link.ts'
import { Streams } from './streams.ts'
import { Tickets } from './tickets.ts'
import type { IdentityChoice } from './types.ts'

/** For what stands for several edges: one part of the page has this code, and that is here. */
export { Bootstraps, Passes }

/** Best of what this platform has. A page on plain http has no `crypto.subtle`; it has noble's code, loaded then. */
export function openSuite(): Promise<Suite> {
  chosen ??= choose(false)
  return chosen
}

/** Once for all clients of a page: every primitive is asked for a known answer. */
let chosen: Promise<Suite> | undefined

function choose(requireNative: boolean): Promise<Suite> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as unknown as Subtle | undefined
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))
  return chooseSuite({ subtle, random, requireNative })
}

async function refuseUnlessNative(): Promise<void> {
  try {
    await choose(true)
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    throw new WaypostError('unsupported', `requireNative: ${cause.message}`, { cause })
  }
}

/** What a Waypost knows of a link before there is one. */
export type LinkOptions = Omit<PeerLinkOptions, 'makeSecure'>
export type MakeLink = (options: LinkOptions, listener: PeerListener) => PeerLink

/** Makes the keys of links, for one client. */
export function keysOfLinks(
  suite: Suite,
  identity: Identity,
  tickets = new Tickets(nowMs),
): (peer: PeerId, listener: SecureLinkListener) => SecureLink {
  const admittance = new Admittance(nowMs)
  return (peer, listener) =>
    new SecureLink(
      {
        suite,
        identity: { id: identity.bytes, key: identity.key },
        peer: parsePeerId(peer),
        ours: identity.id < peer,
        tickets: tickets.of(peer),
        admits: admittance.ofPeer(),
      },
      listener,
    )
}

/** Makes links with their keys, for one client. */
function linksOf(suite: Suite, identity: Identity, tickets: Tickets): MakeLink {
  const makeSecure = keysOfLinks(suite, identity, tickets)
  return (options, listener) => new PeerLink({ ...options, makeSecure }, listener)
}

export type MakeBroadcasts = (network: string, room: string, listener: BroadcastListener) => SealedBroadcasts

function broadcastsOf(suite: Suite, { id: self }: Identity): MakeBroadcasts {
  return (network, room, listener) =>
    new SealedBroadcasts(SealedRoom.open(suite, { network, room, self }), listener)
}

/** Where an identity is to be known: at one edge, or at several, the best first. */
export interface EdgeOfIdentity extends Pick<PassSource, 'network' | 'onProgress'> {
  readonly bases: readonly [URL, ...URL[]]
}

export interface OpenKeys extends OpenIdentity {
  readonly passes: PassDesk
  readonly bootstraps: BootstrapDesk
  readonly suite: Suite
  readonly makeLink: MakeLink
  readonly makeBroadcasts: MakeBroadcasts
  readonly roomOfService: typeof roomOfService
  readonly links: typeof Links
  readonly messages: typeof Messages
  readonly errorOf: typeof roomErrorOf
  readonly streams: typeof Streams
  readonly dht: typeof DhtDoor
}

/** The kept one of this choice, or without a choice one for this run; and the keys of its links. */
export async function openIdentity(
  choice: IdentityChoice | undefined,
  requireNative: boolean,
  edge: EdgeOfIdentity,
): Promise<OpenKeys> {
  if (requireNative) await refuseUnlessNative()
  const { suite, ...opened } = await (choice === undefined ? newKeys() : openKept(choice))
  const { identity, store } = opened
  const { bootstraps, passes } = await openEdges(edge, { hash: suite.hash, key: identity.key, store })
  return {
    suite,
    ...opened,
    release: () => {
      bootstraps.close()
      return opened.release()
    },
    passes,
    bootstraps,
    makeLink: linksOf(suite, identity, await Tickets.open(nowMs, store)),
    makeBroadcasts: broadcastsOf(suite, identity),
    roomOfService,
    links: Links,
    messages: Messages,
    errorOf: roomErrorOf,
    streams: Streams,
    dht: DhtDoor,
  }
}

/** One edge that names no others needs nothing but itself. */
async function openEdges(
  { bases, network, onProgress }: EdgeOfIdentity,
  own: Pick<PassSource, 'hash' | 'key'> & { readonly store: SealedStore },
): Promise<{ readonly passes: PassDesk; readonly bootstraps: BootstrapDesk }> {
  const [base, ...others] = bases
  const place = { network, onProgress, ...own }
  const bootstraps = new Bootstraps(base, network, own.store)
  await bootstraps.restore()
  const told = await readToldEdges(own.store, network, base.protocol === 'https:', nowMs())
  if (others.length > 0 || bootstraps.relays.length > 0 || told.length > 0)
    return (await import('./edges/edges.ts')).openEdges(bases, place)
  const passes = new OneEdge(
    (onSocket) => ({ passes: new Passes({ base, ...place, onSocket }), bootstraps }),
    place,
  )
  return { passes, bootstraps: passes.bootstraps }
}

async function newKeys() {
  const suite = await openSuite()
  return { suite, ...(await newIdentity(suite)) }
}

async function openKept(choice: IdentityChoice) {
  return (await import('./identities/keeper.ts')).openKept(choice)
}
