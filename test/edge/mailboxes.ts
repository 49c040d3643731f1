// Mailboxes from behind: their objects, and what they have on disk.

import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { HEAD_BYTES, packHeads, unpackHeads } from '../../durable-objects/mailbox/lot.ts'
import type { LetterHead } from '../../protocol/mailbox/contract.ts'
import { mailboxObjectName } from '../../protocol/mailbox/place.ts'
import { registryObjectName, registryOf } from '../../protocol/mailbox/report.ts'
import type { PeerId } from '../../protocol/peer-id.ts'

const bindings = env as unknown as Readonly<Record<'MAILBOXES' | 'REGISTRIES', DurableObjectNamespace>>

export function mailboxObject(id: Uint8Array | PeerId, network = 'default'): DurableObjectStub {
  return bindings.MAILBOXES.getByName(mailboxObjectName(network, id))
}

/** The one a mailbox is at. */
export function registryObject(id: Uint8Array, network = 'default'): DurableObjectStub {
  return bindings.REGISTRIES.getByName(registryObjectName(network, registryOf(id)))
}

export interface OnDisk {
  readonly bytes: number
  readonly tables: readonly string[]
  readonly letters: number
  readonly alarmMs: number | null
}

export function onDisk(id: Uint8Array | PeerId, network?: string): Promise<OnDisk> {
  return runInDurableObject(mailboxObject(id, network), async (_, { storage }) => {
    const names = storage.sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
    const tables = names.toArray().map(({ name }) => name)
    const count = () =>
      storage.sql.exec<{ n: number }>('SELECT total(length(heads)) AS n FROM lots').one().n / HEAD_BYTES
    return {
      bytes: storage.sql.databaseSize,
      tables: tables.filter((name) => !name.startsWith('_')),
      letters: tables.includes('lots') ? count() : 0,
      alarmMs: await storage.getAlarm(),
    }
  })
}

/** As if their ends had come: the only clock there is the letters' own, so that is moved. */
export function letEnd(
  id: Uint8Array | PeerId,
  network: string,
  which: (head: LetterHead) => boolean = () => true,
): Promise<void> {
  return runInDurableObject(mailboxObject(id, network), (_, { storage }) => {
    const rows = storage.sql.exec<{ place: number; heads: ArrayBuffer }>('SELECT place, heads FROM lots')
    for (const { place, heads } of rows.toArray()) {
      const moved = unpackHeads(new Uint8Array(heads)).map((head) =>
        which(head) ? { ...head, expiresAtMs: 1_000 } : head,
      )
      storage.sql.exec('UPDATE lots SET heads = ? WHERE place = ?', packHeads(moved), place)
    }
  })
}
