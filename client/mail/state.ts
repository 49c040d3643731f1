// What mail knows and keeps: correspondences and cards by peer, our prekeys and access keys, the ids of what came. In memory
// as it is in the vault; changed by one turn at a time, so that no two states of a ratchet ever fork.

import type { Identity } from '../../protocol/crypto/identity.ts'
import { type Correspondence, newCorrespondence } from '../../protocol/crypto/mail/correspondence.ts'
import {
  packCorrespondence,
  packPrekeys,
  unpackCorrespondence,
  unpackPrekeys,
} from '../../protocol/crypto/mail/packing.ts'
import { NO_PREKEYS, type Prekeys } from '../../protocol/crypto/mail/prekeys.ts'
import type { Suite } from '../../protocol/crypto/suite.ts'
import { MAIL_PEERS_MAX, MAIL_TOLD_MAX } from '../../protocol/limits/client-mail.ts'
import type { MailReceipt } from '../../protocol/mail/content.ts'
import { type PeerId, parsePeerId } from '../../protocol/peer-id.ts'
import { equalBytes } from '../../protocol/wire/bytes.ts'
import type { Vault } from '../identities/vault.ts'
import { Ids } from './ids.ts'
import {
  ACCESS,
  type AccessRecord,
  type Changes,
  PEER,
  PREKEYS,
  packAccess,
  packPeer,
  packTold,
  TOLD,
  unpackAccess,
  unpackPeer,
  unpackTold,
} from './records.ts'

export interface PeerState {
  readonly correspondence: Correspondence
  readonly card: Uint8Array | undefined
  readonly given: Uint8Array | undefined
}

export class MailState {
  readonly suite: Suite
  readonly me: Identity
  readonly vault: Vault
  readonly ids: Ids
  readonly #peers = new Map<PeerId, PeerState>()
  readonly #told = new Map<PeerId, readonly MailReceipt[]>()
  #prekeys: Prekeys = NO_PREKEYS
  #access: AccessRecord | undefined
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(suite: Suite, me: Identity, vault: Vault, ids: Ids) {
    this.suite = suite
    this.me = me
    this.vault = vault
    this.ids = ids
  }

  static async open(suite: Suite, me: Identity, vault: Vault): Promise<MailState> {
    const state = new MailState(suite, me, vault, await Ids.read(vault))
    const [prekeys, access] = [await vault.get(PREKEYS), await vault.get(ACCESS)]
    state.#prekeys = (prekeys && unpackPrekeys(prekeys)) ?? NO_PREKEYS
    state.#access = access && unpackAccess(access)
    for (const [name, bytes] of await vault.entries(PEER)) {
      const record = unpackPeer(bytes)
      const correspondence = record && unpackCorrespondence(record.correspondence)
      if (record === undefined || correspondence === undefined) continue
      state.#peers.set(name.slice(PEER.length) as PeerId, { ...record, correspondence })
    }
    for (const [name, bytes] of await vault.entries(TOLD))
      state.#told.set(name.slice(TOLD.length) as PeerId, unpackTold(bytes))
    return state
  }

  /** One after another: what reads a state and writes it again is not to be interrupted. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  // ---- peers ---------------------------------------------------------------------------------------------------

  peer(id: PeerId): PeerState {
    const fresh = () => newCorrespondence(parsePeerId(id), Date.now())
    return this.#peers.get(id) ?? { correspondence: fresh(), card: undefined, given: undefined }
  }

  /** The last used first. */
  get correspondences(): readonly Correspondence[] {
    return [...this.#peers.values()].map(({ correspondence }) => correspondence).reverse()
  }

  has(id: PeerId): boolean {
    return this.#peers.has(id)
  }

  /** Room for one more peer, if need be at the cost of one we never wrote to. False: we wrote to all of them. */
  makesRoom(changes: Changes): boolean {
    if (this.#peers.size < MAIL_PEERS_MAX) return true
    for (const [id, { given }] of this.#peers) {
      if (given !== undefined) continue
      this.#peers.delete(id)
      changes.set(PEER + id, undefined)
      this.#setTold(id, [], changes)
      return true
    }
    return false
  }

  /** Used last from now on; and into the commit. */
  setPeer(id: PeerId, peer: PeerState, changes: Changes): void {
    this.#peers.delete(id)
    this.#peers.set(id, peer)
    changes.set(PEER + id, packPeer({ ...peer, correspondence: packCorrespondence(peer.correspondence) }))
  }

  /** Its card is refused: it has another by now. */
  async forgetCard(id: PeerId): Promise<void> {
    await this.inTurn(async () => {
      const peer = this.#peers.get(id)
      if (peer?.card === undefined) return
      const changes: Changes = new Map()
      this.setPeer(id, { ...peer, card: undefined }, changes)
      await this.vault.commit(changes)
    })
  }

  // ---- our own -------------------------------------------------------------------------------------------------

  get prekeys(): Prekeys {
    return this.#prekeys
  }

  setPrekeys(prekeys: Prekeys, changes: Changes): void {
    if (prekeys === this.#prekeys) return
    this.#prekeys = prekeys
    changes.set(PREKEYS, packPrekeys(prekeys))
  }

  get access(): AccessRecord | undefined {
    return this.#access
  }

  setAccess(access: AccessRecord, changes: Changes): void {
    this.#access = access
    changes.set(ACCESS, packAccess(access))
  }

  // ---- receipts that are to be told -----------------------------------------------------------------------------

  told(id: PeerId): readonly MailReceipt[] {
    return this.#told.get(id) ?? []
  }

  get toBeTold(): readonly PeerId[] {
    return [...this.#told.keys()]
  }

  /** `read` says `delivered` too. */
  addTold(id: PeerId, receipt: MailReceipt, changes: Changes): void {
    const receipts = [...this.told(id).filter((one) => !equalBytes(one.id, receipt.id)), receipt]
    this.#setTold(id, receipts.slice(-MAIL_TOLD_MAX), changes)
  }

  /** They are told, or on their way in what is kept. */
  forgetTold(id: PeerId, receipts: readonly MailReceipt[], changes: Changes): void {
    this.#setTold(
      id,
      this.told(id).filter((one) => !receipts.includes(one)),
      changes,
    )
  }

  #setTold(id: PeerId, receipts: readonly MailReceipt[], changes: Changes): void {
    if (receipts.length === 0) this.#told.delete(id)
    else this.#told.set(id, receipts)
    changes.set(TOLD + id, receipts.length === 0 ? undefined : packTold(receipts))
  }
}
