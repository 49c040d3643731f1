// The mailboxes of an edge as its files have them, read while no process runs: copied first, so that what a crash left is
// recovered by the next process and not by whoever looks.

import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { envelopeIn, unpackHeads } from '../../durable-objects/mailbox/lot.ts'
import type { Priority } from '../../protocol/priority.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { LETTER_ID_BYTES } from '../../protocol/wire/mail-frames.ts'

export interface LetterOnDisk {
  readonly mailbox: string
  readonly seq: number
  readonly priority: Priority
  readonly bytes: number
}

export interface MailboxFiles {
  readonly letters: ReadonlyMap<string, LetterOnDisk>
  /** What is wrong with them, in itself. */
  readonly faults: readonly string[]
}

interface Row {
  readonly place: number
  readonly heads: Uint8Array
  readonly envelopes: Uint8Array
}

export function readMailboxFiles(objects: string): MailboxFiles {
  const letters = new Map<string, LetterOnDisk>()
  const faults: string[] = []
  const from = join(objects, 'RelayMailbox')
  if (!existsSync(from)) return { letters, faults }
  const copy = mkdtempSync(join(tmpdir(), 'waypost-files-'))
  try {
    cpSync(from, copy, { recursive: true })
    for (const name of readdirSync(copy).filter((each) => each.endsWith('.sqlite')))
      readOne(join(copy, name), name, letters, faults)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  return { letters, faults }
}

function readOne(path: string, mailbox: string, letters: Map<string, LetterOnDisk>, faults: string[]): void {
  const database = new DatabaseSync(path)
  try {
    const check = database.prepare('PRAGMA integrity_check').all() as { readonly integrity_check: string }[]
    const said = check.map((row) => row.integrity_check).join('; ')
    if (said !== 'ok') faults.push(`${mailbox}: ${said}`)
    if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'lots'").get() === undefined) return
    const rows = database.prepare('SELECT place, heads, envelopes FROM lots').all()
    for (const { place, heads: packed, envelopes } of rows as unknown as Row[]) {
      const heads = unpackHeads(packed)
      if (heads.reduce((sum, { bytes }) => sum + bytes, 0) !== envelopes.length)
        faults.push(`${mailbox}: row ${place} has other bytes than its letters`)
      for (const { seq, id, priority, bytes } of heads) {
        const text = toBase64url(id)
        const envelope = envelopeIn({ heads, envelopes }, seq) ?? new Uint8Array()
        const digest = createHash('sha256').update(envelope).digest().subarray(0, LETTER_ID_BYTES)
        if (!digest.equals(id)) faults.push(`${mailbox}: letter ${seq} of row ${place} is not what it says`)
        if (letters.has(text)) faults.push(`${mailbox}: letter ${text} is there twice`)
        letters.set(text, { mailbox, seq, priority, bytes })
      }
    }
  } finally {
    database.close()
  }
}
