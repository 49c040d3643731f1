// What a mailbox relies on in its stores, as tests for whoever makes one: memory in Node, SQLite in a Durable Object. Each
// test is given new stores by the caller, inside whatever they must be used in, and does all of its work synchronously.

import { describe, expect, it } from 'vitest'
import type { Letter, LetterStore, OwnerStore } from '../../../protocol/mailbox/contract.ts'
import { type MailCounts, NO_MAIL_COUNTS } from '../../../protocol/mailbox/tally.ts'
import { equalBytes } from '../../../protocol/wire/bytes.ts'

export interface Stores {
  readonly letters: LetterStore
  readonly owner: OwnerStore
  /** Stores over the same data, as a new life of the object makes them. */
  again(): Stores
}

/** Runs what it is given, with stores that nobody used before. */
export type InStores = (test: (stores: Stores) => void) => void | Promise<void>

const KIB = 1024

/** Bytes of which no two stretches are alike, so that one in the wrong place shows. */
export function noise(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = (seed + 1) * 0x9e37_79b1
  for (let i = 0; i < length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x85eb_ca6b) + i
    bytes[i] = state >>> 24
  }
  return bytes
}

export function letterOf(seq: number, fields: Partial<Letter> = {}): Letter {
  const envelope = fields.envelope ?? noise(seq, 4 * KIB)
  return {
    seq,
    id: noise(seq + 1_000_000, 16),
    priority: 'normal',
    sender: 'contact',
    bytes: envelope.length,
    hour: 490_000,
    expiresAtMs: 1_764_000_000_000 + seq,
    ...fields,
    envelope,
  }
}

const headOf = ({ envelope: _, ...head }: Letter) => head
const headsIn = ({ letters }: Stores) => [...letters.heads()]
const prekeysOf = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: from + at, bytes: noise(from + at, 1_300) }))

type Tests = Readonly<Record<string, (stores: Stores) => void>>

const LETTERS: Tests = {
  'has none at first': (stores) => {
    expect(headsIn(stores)).toEqual([])
    expect(stores.letters.envelope(headOf(letterOf(1)))).toBeUndefined()
  },

  'gives back every field, in a new life too': (stores) => {
    const letters = [
      letterOf(1, { priority: 'critical', sender: 'stranger', hour: 0 }),
      letterOf(2, { priority: 'high', expiresAtMs: 0 }),
      letterOf(3, { priority: 'normal', expiresAtMs: 2 ** 52 }),
      letterOf(2 ** 48 - 1, { priority: 'low', id: new Uint8Array(16) }),
    ]
    stores.letters.insert(letters)
    for (const each of [stores, stores.again()]) expect(headsIn(each)).toEqual(letters.map(headOf))
  },

  'lists heads in order of seq, whatever order they came in': (stores) => {
    stores.letters.insert([letterOf(7), letterOf(3)])
    stores.letters.insert([letterOf(100), letterOf(5), letterOf(20)])
    for (const each of [stores, stores.again()])
      expect(headsIn(each).map(({ seq }) => seq)).toEqual([3, 5, 7, 20, 100])
  },

  'keeps envelopes to the byte, up to 256 KiB': (stores) => {
    const sizes = [1, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB]
    const letters = sizes.map((size, at) => letterOf(at + 1, { envelope: noise(at, size) }))
    stores.letters.insert(letters)
    for (const each of [stores, stores.again()])
      for (const letter of letters) {
        const kept = each.letters.envelope(headOf(letter)) ?? new Uint8Array()
        expect(equalBytes(kept, letter.envelope), `${letter.bytes} bytes`).toBe(true) // toEqual takes a second
      }
  },

  'keeps more at once than one value of a database may hold': (stores) => {
    const letters = Array.from({ length: 20 }, (_, at) =>
      letterOf(at + 1, { envelope: noise(at, 256 * KIB) }),
    )
    stores.letters.insert(letters)
    expect(headsIn(stores)).toEqual(letters.map(headOf))
    for (const letter of letters) {
      const kept = stores.letters.envelope(headOf(letter)) ?? new Uint8Array()
      expect(equalBytes(kept, letter.envelope), `letter ${letter.seq}`).toBe(true)
    }
  },

  'keeps what an envelope was, whatever its buffer is used for later': (stores) => {
    const message = noise(9, 4 * KIB + 60)
    const letter = letterOf(1, { envelope: message.subarray(60), id: message.subarray(0, 16) })
    const [id, envelope] = [letter.id.slice(), letter.envelope.slice()]
    stores.letters.insert([letter])
    message.fill(0)
    expect(headsIn(stores).map((head) => head.id)).toEqual([id])
    expect(stores.letters.envelope({ ...headOf(letter), id })).toEqual(envelope)
  },

  'removes those it is told, and no others, for good': (stores) => {
    const letters = [1, 2, 3, 4, 5].map((seq) => letterOf(seq))
    stores.letters.insert(letters)
    const gone = [letters[3], letters[0]].filter((letter) => letter !== undefined).map(headOf)
    stores.letters.remove(gone, NO_MAIL_COUNTS)
    for (const each of [stores, stores.again()]) {
      expect(headsIn(each).map(({ seq }) => seq)).toEqual([2, 3, 5])
      expect(each.letters.envelope(headOf(letterOf(1)))).toBeUndefined()
      expect(each.letters.envelope(headOf(letterOf(2)))).toEqual(letterOf(2).envelope)
    }
  },

  'removes a thousand at once, and what is not there without a word': (stores) => {
    const letters = Array.from({ length: 1_024 }, (_, at) => letterOf(at + 1, { envelope: noise(at, 16) }))
    stores.letters.insert(letters)
    stores.letters.remove([...letters.map(headOf), headOf(letterOf(5_000))], NO_MAIL_COUNTS)
    stores.letters.remove(letters.map(headOf), NO_MAIL_COUNTS)
    stores.letters.remove([], NO_MAIL_COUNTS)
    stores.letters.insert([])
    expect(headsIn(stores.again())).toEqual([])
  },

  'keeps what was counted when letters were removed, the last of it, in a new life too': (stores) => {
    const counted = (known: number): MailCounts => ({ ...NO_MAIL_COUNTS, known })
    expect(stores.letters.counts()).toBeUndefined()
    stores.letters.insert([letterOf(1), letterOf(2), letterOf(3), letterOf(4)])
    stores.letters.remove([], counted(9))
    for (const each of [stores, stores.again()]) expect(each.letters.counts()).toBeUndefined()
    stores.letters.remove([headOf(letterOf(2))], counted(1))
    stores.letters.remove([headOf(letterOf(1)), headOf(letterOf(4))], counted(2))
    for (const each of [stores, stores.again()]) {
      expect(each.letters.counts()).toEqual(counted(2))
      expect(headsIn(each).map(({ seq }) => seq)).toEqual([3])
    }
    // Into what letters left behind others go, by whichever life; what was counted stays.
    const next = stores.again()
    next.letters.insert([letterOf(5), letterOf(6), letterOf(7)])
    next.letters.remove([headOf(letterOf(3))], counted(3))
    next.letters.insert([letterOf(8)])
    for (const each of [next, stores.again()]) {
      expect(each.letters.counts()).toEqual(counted(3))
      expect(headsIn(each)).toEqual([5, 6, 7, 8].map((seq) => headOf(letterOf(seq))))
      for (const seq of [5, 6, 7, 8])
        expect(
          equalBytes(
            each.letters.envelope(headOf(letterOf(seq))) ?? new Uint8Array(),
            letterOf(seq).envelope,
          ),
        ).toBe(true)
    }
  },

  'takes an id and a seq again after they are gone': (stores) => {
    stores.letters.insert([letterOf(1)])
    stores.letters.remove([headOf(letterOf(1))], NO_MAIL_COUNTS)
    stores.letters.insert([letterOf(1, { priority: 'low' })])
    expect(headsIn(stores).map(({ priority }) => priority)).toEqual(['low'])
  },
}

const OWNERS_THINGS: Tests = {
  'are none before it is opened, and asking opens nothing': (stores) => {
    const { owner } = stores
    expect(owner.opened).toBe(false)
    expect(owner.access()).toEqual({ keys: [], strangers: true })
    expect(owner.prekeyHead()).toBeUndefined()
    expect(owner.drawOneTime()).toBeUndefined()
    expect(owner.oneTimeLeft).toBe(0)
    expect(owner.opened || stores.again().owner.opened).toBe(false)
  },

  'is open once opened, and may be opened again': (stores) => {
    stores.owner.open()
    stores.owner.setAccess({ keys: [noise(1, 32)], strangers: false })
    stores.owner.open()
    for (const { owner } of [stores, stores.again()]) {
      expect(owner.opened).toBe(true)
      expect(owner.access()).toEqual({ keys: [noise(1, 32)], strangers: false })
    }
  },

  'keeps the newest access rules, keys in their order': (stores) => {
    stores.owner.open()
    const four = [9, 3, 7, 1].map((seed) => noise(seed, 32))
    for (const rules of [
      { keys: four, strangers: true },
      { keys: four.slice(2), strangers: false },
      { keys: [], strangers: true },
    ]) {
      stores.owner.setAccess(rules)
      for (const { owner } of [stores, stores.again()]) expect(owner.access()).toEqual(rules)
    }
  },

  'hands out each one-time prekey once, the oldest first, with its head': (stores) => {
    const { owner } = stores
    owner.open()
    owner.publish(noise(1, 6_000), prekeysOf(0, 3))
    expect(owner.prekeyHead()).toEqual(noise(1, 6_000))
    for (let left = 3; left > 0; left--) {
      const { owner } = stores.again() // what was handed out is handed out, whatever life it was in
      expect(owner.oneTimeLeft).toBe(left)
      expect(owner.drawOneTime()).toEqual({ head: noise(1, 6_000), oneTime: noise(3 - left, 1_300) })
    }
    expect(stores.again().owner.drawOneTime()).toBeUndefined()
    expect(stores.again().owner.oneTimeLeft).toBe(0)
    expect(stores.again().owner.prekeyHead()).toEqual(noise(1, 6_000))
  },

  'draws what is left of the publication before with the head that signed it': (stores) => {
    const { owner } = stores
    owner.open()
    owner.publish(noise(1, 600), prekeysOf(0, 2))
    owner.drawOneTime()
    owner.publish(noise(2, 700), prekeysOf(2, 2))
    expect(owner.oneTimeLeft).toBe(3)
    expect(owner.prekeyHead()).toEqual(noise(2, 700))
    expect(owner.drawOneTime()).toEqual({ head: noise(1, 600), oneTime: noise(1, 1_300) })
    expect(stores.again().owner.drawOneTime()).toEqual({ head: noise(2, 700), oneTime: noise(2, 1_300) })
    expect(owner.oneTimeLeft).toBe(1)
  },

  'lets go of publications before the last two': (stores) => {
    const { owner } = stores
    owner.open()
    owner.publish(noise(1, 600), prekeysOf(0, 4))
    owner.publish(noise(2, 600), prekeysOf(4, 1))
    owner.publish(noise(3, 600), prekeysOf(5, 2))
    expect(stores.again().owner.oneTimeLeft).toBe(3)
    const heads = [1, 2, 3].map(() => owner.drawOneTime()?.head)
    expect(heads).toEqual([noise(2, 600), noise(3, 600), noise(3, 600)])
    expect(owner.drawOneTime()).toBeUndefined()
  },

  'takes a publication whose prekeys are numbered as those before': (stores) => {
    const { owner } = stores
    owner.open()
    owner.publish(noise(1, 600), prekeysOf(0, 2))
    owner.publish(noise(2, 600), prekeysOf(0, 2))
    const drawn = [1, 2, 3, 4].map(() => owner.drawOneTime())
    expect(drawn.map((each) => each?.head)).toEqual([1, 1, 2, 2].map((seed) => noise(seed, 600)))
    expect(drawn.map((each) => each?.oneTime)).toEqual([0, 1, 0, 1].map((seed) => noise(seed, 1_300)))
  },

  'keeps the publication there was when the next is refused': (stores) => {
    const { owner } = stores
    owner.open()
    owner.publish(noise(1, 600), prekeysOf(0, 2))
    const twice = [...prekeysOf(5, 1), ...prekeysOf(5, 1)]
    expect(() => owner.publish(noise(2, 600), twice)).toThrow()
    for (const each of [stores, stores.again()]) {
      expect(each.owner.prekeyHead()).toEqual(noise(1, 600))
      expect(each.owner.oneTimeLeft).toBe(2)
    }
    expect(owner.drawOneTime()?.head).toEqual(noise(1, 600))
  },
}

/** What is wrong with each of these inserts after letter 1; letter 2 is always in it. */
const REFUSED: Readonly<Record<string, readonly Letter[]>> = {
  'an id that is stored': [letterOf(2), letterOf(3, { id: letterOf(1).id })],
  'a seq that is stored': [letterOf(2), letterOf(1, { id: letterOf(3).id })],
  'an id twice': [letterOf(2), letterOf(3), letterOf(4, { id: letterOf(2).id })],
  'a seq twice': [letterOf(2), letterOf(3), letterOf(2, { id: letterOf(4).id })],
  'a seq that is stored, behind many bytes': [
    ...Array.from({ length: 12 }, (_, at) => letterOf(at + 2, { envelope: noise(at, 256 * KIB) })),
    letterOf(1, { id: letterOf(99).id }),
  ],
}

function keepsNothingOf(refused: readonly Letter[], stores: Stores): void {
  stores.letters.insert([letterOf(1)])
  expect(() => stores.letters.insert(refused)).toThrow()
  for (const each of [stores, stores.again()]) expect(headsIn(each)).toEqual([headOf(letterOf(1))])
  expect(stores.letters.envelope(headOf(letterOf(2)))).toBeUndefined()
  stores.letters.insert([letterOf(2)])
  expect(headsIn(stores).length).toBe(2)
}

/** Ids are the machine's to keep apart; a store that would pay a second index for it, a row for each letter, need not. */
export function storeCompliance(name: string, inStores: InStores, { guardsIds = true } = {}): void {
  describe(`${name}: letters`, () => {
    for (const [what, test] of Object.entries(LETTERS)) it(what, () => inStores(test))
    for (const [what, letters] of Object.entries(REFUSED)) {
      if (what.startsWith('an id') && !guardsIds) continue
      it(`refuses ${what}, and keeps nothing of that insert`, () =>
        inStores((stores) => keepsNothingOf(letters, stores)))
    }
  })

  describe(`${name}: the owner's things`, () => {
    for (const [what, test] of Object.entries(OWNERS_THINGS)) it(what, () => inStores(test))
  })
}
