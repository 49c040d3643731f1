// Two ends of a link that share secrets, without the handshake they would come of: the vocabulary of the records' tests.

import { type Channel, RecordLayer } from '../../../../protocol/crypto/records/layer.ts'
import type { RecordType } from '../../../../protocol/crypto/records/layout.ts'
import { Rekeying } from '../../../../protocol/crypto/records/rekey.ts'
import type { Suite } from '../../../../protocol/crypto/suite.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'

export const CONTROL: Channel = { path: 0, lane: 0, ordered: true }
export const BULK: Channel = { path: 0, lane: 1, ordered: true }
export const GOSSIP: Channel = { path: 0, lane: 2, ordered: false }

const secret = (filling: number) => new Uint8Array(32).fill(filling)

export class End {
  readonly layer: RecordLayer
  readonly rekeying: Rekeying
  nowMs = 0

  constructor(suite: Suite, role: 'initiator' | 'responder', root = secret(3)) {
    const [send, receive] = role === 'initiator' ? [secret(1), secret(2)] : [secret(2), secret(1)]
    this.layer = new RecordLayer(suite, { send, receive })
    this.rekeying = new Rekeying(suite, this.layer, { role, root }, 0)
  }

  says(what: string | Uint8Array, channel = CONTROL, type: RecordType = 'data'): Promise<Uint8Array> {
    return this.layer.seal(channel, type, typeof what === 'string' ? utf8(what) : what, this.nowMs)
  }

  /** The text, or why not. */
  async hears(record: Uint8Array, channel = CONTROL): Promise<string> {
    const opened = await this.layer.open(channel, record, this.nowMs)
    return opened.kind === 'drop' ? opened.reason : Buffer.from(opened.body).toString()
  }
}

export function ends(suite: Suite, other = suite): { readonly alice: End; readonly bob: End } {
  return { alice: new End(suite, 'initiator'), bob: new End(other, 'responder') }
}

export function passes(ms: number, ...who: readonly End[]): void {
  for (const end of who) end.nowMs += ms
}
