// Between mail and the Waypost it belongs to: what it is made of, what it is given, and whom it tells.

import type { Suite } from '../../protocol/crypto/suite.ts'
import type { DropReason } from '../../protocol/drops.ts'
import type { SealedStore } from '../identities/store.ts'
import type { Vault } from '../identities/vault.ts'
import type { Identity } from '../identity.ts'
import type { PassDesk } from '../pass.ts'
import type { MessageVia, PeerId, Priority, ReceiptEvent } from '../types.ts'

export interface MailParts {
  readonly network: string
  readonly suite: Suite
  readonly identity: Identity
  readonly passes: PassDesk
  /** What is remembered beside mail itself. */
  readonly store: SealedStore
  readonly vault: () => Promise<Vault>
}

/** What mail needs of the Waypost it belongs to. */
export interface MailOwner {
  listens(): boolean
  message(message: MailedMessage): Promise<unknown> | undefined
  receipt(event: ReceiptEvent): void
  /** Over the link to the peer; undefined when there is none now. */
  tell(to: PeerId, service: Uint8Array): Promise<unknown> | undefined
  passRenewed(pass: string): void
  dropped(reason: DropReason): void
}

export interface MailedMessage {
  readonly from: PeerId
  readonly id: string
  /** As wire/data.ts encodes it. */
  readonly data: Uint8Array
  readonly via: MessageVia
}

export interface MailSend {
  readonly priority: Priority
  readonly ttlMs: number
  readonly signal: AbortSignal | undefined
}
