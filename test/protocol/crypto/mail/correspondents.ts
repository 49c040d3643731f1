// Peers that write to each other, and an edge that keeps what they publish: the vocabulary of mail's tests. It knows no test
// runner and no host, since differential.ts runs it everywhere.

import { type Identity, identityFromSeed } from '../../../../protocol/crypto/identity.ts'
import { type Bundle, readBundle } from '../../../../protocol/crypto/mail/bundle.ts'
import {
  type Correspondence,
  needsBundle,
  newCorrespondence,
  seal,
} from '../../../../protocol/crypto/mail/correspondence.ts'
import { type Opened, openEnvelope } from '../../../../protocol/crypto/mail/opening.ts'
import {
  packCorrespondence,
  packPrekeys,
  unpackCorrespondence,
  unpackPrekeys,
} from '../../../../protocol/crypto/mail/packing.ts'
import {
  makePrekeys,
  NO_PREKEYS,
  type Prekeys,
  type Published,
} from '../../../../protocol/crypto/mail/prekeys.ts'
import { joinBundle, splitPublication } from '../../../../protocol/crypto/mail/publication.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import { equalBytes, utf8 } from '../../../../protocol/wire/bytes.ts'

export const NOW = 1_800_000_000_000
export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export interface Writing {
  /** Whether the edge still has one-time prekeys of the other; it has unless said. */
  readonly oneTime?: boolean
  readonly nowMs?: number
}

/** All that a host would have committed. */
export interface Kept {
  readonly prekeys: Uint8Array
  readonly book: readonly Uint8Array[]
}

export class Correspondent {
  readonly suite: Suite
  readonly identity: Identity
  readonly mailbox: Uint8Array
  prekeys: Prekeys = NO_PREKEYS
  book: readonly Correspondence[] = []
  /** What the edge has of it. */
  head = new Uint8Array()
  oneTime: Uint8Array[] = []
  publication = new Uint8Array()

  constructor(suite: Suite, identity: Identity) {
    this.suite = suite
    this.identity = identity
    this.mailbox = identity.id.map((byte) => byte ^ 0xff)
  }

  static async no(suite: Suite, number: number, oneTime = 2): Promise<Correspondent> {
    const one = new Correspondent(suite, await identityFromSeed(suite, new Uint8Array(32).fill(number)))
    await one.publishes(oneTime)
    return one
  }

  get id(): Uint8Array {
    return this.identity.id
  }

  async publishes(oneTime = 2, nowMs = NOW): Promise<void> {
    this.gives(await makePrekeys(this.suite, this.identity, nowMs, this.prekeys, oneTime))
  }

  gives({ publication, prekeys }: Published): void {
    const split = splitPublication(publication)
    if (split === undefined) throw new Error('no publication')
    this.prekeys = prekeys
    this.publication = publication.slice()
    this.head = split.head.slice()
    this.oneTime = split.oneTime.map(({ bytes }) => bytes.slice())
  }

  /** What the edge hands to who wants to write. */
  drawn(oneTime = true): Uint8Array {
    return joinBundle(this.head, oneTime ? this.oneTime.shift() : undefined)
  }

  with(peer: Correspondent): Correspondence | undefined {
    return this.book.find((one) => equalBytes(one.peer, peer.id))
  }

  /** Takes a peer's published keys, as they come. */
  async draws(from: Correspondent, oneTime = true, nowMs = NOW): Promise<Bundle> {
    const bundle = await readBundle(this.suite, from.drawn(oneTime), from.id, nowMs)
    if (bundle.kind === 'drop') throw new Error(`no bundle: ${bundle.reason}`)
    return bundle
  }

  async writes(to: Correspondent, text: string | Uint8Array, how: Writing = {}): Promise<Uint8Array> {
    const { nowMs = NOW, oneTime = true } = how
    const correspondence = this.with(to) ?? newCorrespondence(to.id, nowMs)
    const bundle = needsBundle(correspondence, nowMs) ? await this.draws(to, oneTime, nowMs) : undefined
    const content = typeof text === 'string' ? utf8(text) : text
    const sealed = await seal(this.suite, this, correspondence, content, { nowMs, bundle })
    this.keeps(sealed.correspondence)
    return sealed.envelope
  }

  keeps(correspondence: Correspondence): void {
    const others = this.book.filter(({ peer }) => !equalBytes(peer, correspondence.peer))
    this.book = [correspondence, ...others]
  }

  /** What it would make of an envelope, committing nothing. */
  opens(envelope: Uint8Array, nowMs = NOW) {
    const { id, prekeys, book: correspondences } = this
    return openEnvelope(this.suite, { id, prekeys, correspondences }, envelope, nowMs)
  }

  /** The text, or why there is none in brackets. */
  async reads(envelope: Uint8Array, nowMs = NOW): Promise<string> {
    const opened = await this.opens(envelope, nowMs)
    if (opened.kind === 'drop') return `(${opened.reason})`
    this.commits(opened)
    return new TextDecoder().decode(opened.content)
  }

  commits({ correspondence, prekeys }: Opened): void {
    this.prekeys = prekeys
    this.keeps(correspondence)
  }

  kept(): Kept {
    return { prekeys: packPrekeys(this.prekeys), book: this.book.map(packCorrespondence) }
  }

  /** As after a restart; or as a thief has it, who read what was kept. */
  restores({ prekeys, book }: Kept): this {
    const [keys, all] = [unpackPrekeys(prekeys), book.map(unpackCorrespondence)]
    if (keys === undefined || !all.every((one) => one !== undefined)) throw new Error('not what was packed')
    this.prekeys = keys
    this.book = all
    return this
  }

  /** Another with all that this one has now. */
  stolen(): Correspondent {
    return new Correspondent(this.suite, this.identity).restores(this.kept())
  }

  loses(): void {
    this.prekeys = NO_PREKEYS
    this.book = []
  }
}

export interface Pair {
  readonly alice: Correspondent
  readonly bob: Correspondent
}

export async function pairOf(suite: Suite, other = suite): Promise<Pair> {
  return { alice: await Correspondent.no(suite, 1), bob: await Correspondent.no(other, 2) }
}

/** Each has heard the other. */
export async function acquainted(suite: Suite, other = suite): Promise<Pair> {
  const { alice, bob } = await pairOf(suite, other)
  await bob.reads(await alice.writes(bob, 'hello'))
  await alice.reads(await bob.writes(alice, 'hello to you'))
  return { alice, bob }
}
