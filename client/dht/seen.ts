// What this identity has seen of names and announcements: the highest sequence of each, kept where the identity is, so that
// nobody can show it an older one later; and the last records themselves, for as long as the client runs. Its own sequences
// are among them, kept apart: others' must not push them out.
//
//   a page  1 version ‖ (32 key ‖ 8 sequence) each, the one used last at the end

import type { SignedRecord, Verified } from '../../protocol/dht/contract.ts'
import { compareRecords } from '../../protocol/dht/records/compare.ts'
import { KEY_BYTES, readU64, writeU64 } from '../../protocol/dht/records/fields.ts'
import { SEEN_OF_PAGE_MAX, SEEN_RECORDS_MAX } from '../../protocol/limits/content.ts'
import { toBase64url } from '../../protocol/wire/base64url.ts'
import { Reader, WireError, Writer } from '../../protocol/wire/bytes.ts'
import type { Vault } from '../identities/vault.ts'

const VERSION = 1
const ENTRY_BYTES = KEY_BYTES + 8

type Page = Map<string, { readonly key: Uint8Array; readonly sequence: bigint }>
export type Whose = 'own' | 'seen'

export class Seen {
  readonly #vault: () => Promise<Vault>
  readonly #network: string
  readonly #pages = new Map<string, Promise<Page>>()
  readonly #records = new Map<string, Verified<SignedRecord>>()
  #saving: Promise<unknown> = Promise.resolve()

  constructor(vault: () => Promise<Vault>, network: string) {
    this.#vault = vault
    this.#network = network
  }

  async sequence(whose: Whose, key: Uint8Array): Promise<bigint | undefined> {
    return (await this.#page(whose, key)).get(toBase64url(key))?.sequence
  }

  /** Resolves when it is kept for good. A lower one than is known changes nothing. */
  async note(whose: Whose, key: Uint8Array, sequence: bigint): Promise<void> {
    const page = await this.#page(whose, key)
    const name = toBase64url(key)
    const known = page.get(name)
    page.delete(name)
    page.set(name, {
      key: key.slice(),
      sequence: known && known.sequence > sequence ? known.sequence : sequence,
    })
    for (const oldest of page.keys()) {
      if (page.size <= SEEN_OF_PAGE_MAX) break
      page.delete(oldest)
    }
    // What is read again and again is not written again and again; it is as good as new until something else is.
    if (known !== undefined && known.sequence >= sequence) return
    this.#saving = this.#saving.catch(() => {}).then(() => this.#save(whose, key, page))
    await this.#saving
  }

  /** The one that stands of this and what was seen before. */
  newest(record: Verified<SignedRecord>, nowMs: number): Verified<SignedRecord> {
    const name = toBase64url(record.key)
    const known = this.#records.get(name)
    this.#records.delete(name)
    const isKnown = known !== undefined && endOf(known) > nowMs && compareRecords(known, record) > 0
    const newest = isKnown ? known : record
    this.#records.set(name, newest)
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= SEEN_RECORDS_MAX) break
      this.#records.delete(oldest)
    }
    return newest
  }

  #page(whose: Whose, key: Uint8Array): Promise<Page> {
    const place = this.#placeOf(whose, key)
    const page = this.#pages.get(place) ?? this.#read(place)
    this.#pages.set(place, page)
    page.catch(() => this.#pages.delete(place))
    return page
  }

  async #read(place: string): Promise<Page> {
    const bytes = await (await this.#vault()).get(place)
    const page: Page = new Map()
    if (bytes === undefined) return page
    try {
      const from = new Reader(bytes)
      // Only what this code wrote opens, so another version is a later one's: it is passed over.
      if (from.u8() !== VERSION) return page
      while (from.remaining > 0) {
        const key = from.bytes(KEY_BYTES).slice()
        page.set(toBase64url(key), { key, sequence: readU64(from) })
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error
    }
    return page
  }

  async #save(whose: Whose, of: Uint8Array, page: Page): Promise<void> {
    const to = new Writer(1 + page.size * ENTRY_BYTES).u8(VERSION)
    for (const { key, sequence } of page.values()) writeU64(to.bytes(key), sequence)
    await (await this.#vault()).commit(new Map([[this.#placeOf(whose, of), to.done()]]))
  }

  #placeOf(whose: Whose, key: Uint8Array): string {
    return `dht/${whose}/${this.#network}/${(key[0] as number) >> 4}`
  }
}

function endOf({ createdMs, ttlSeconds }: SignedRecord): number {
  return createdMs + ttlSeconds * 1_000
}
