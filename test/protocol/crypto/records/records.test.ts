// Records: that each opens once, where it belongs, and nowhere else; how keys move on, and what becomes of the old ones.

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { EPOCHS_BEHIND_MAX, EpochKeys, STEPS_AHEAD_MAX } from '../../../../protocol/crypto/records/epoch.ts'
import { RecordLayer } from '../../../../protocol/crypto/records/layer.ts'
import {
  HEADER_BYTES,
  OVERHEAD_BYTES,
  RECORD_FRONT_BYTES,
} from '../../../../protocol/crypto/records/layout.ts'
import { OLD_EPOCH_MS } from '../../../../protocol/crypto/records/receiving.ts'
import { STEP_MS, STEP_RECORDS } from '../../../../protocol/crypto/records/sending.ts'
import { ReplayWindow, WINDOW } from '../../../../protocol/crypto/records/window.ts'
import { type Backend, SIZES, type Suite } from '../../../../protocol/crypto/suite.ts'
import { flipped } from '../handshake/meeting.ts'
import { BACKENDS, suiteOf } from '../suites.ts'
import { BULK, CONTROL, ends, GOSSIP, passes } from './wire-pair.ts'

const suites = {} as Record<Backend, Suite>
let suite: Suite
beforeAll(async () => {
  for (const backend of BACKENDS) suites[backend] = await suiteOf(backend)
  suite = suites.pure
})

const epochOf = (record: Uint8Array) => record[1]

describe.each(BACKENDS.flatMap((one) => BACKENDS.map((other) => [one, other] as const)))(
  '%s to %s',
  (one, other) => {
    it('what is sealed opens, both ways, on every channel, over a step', async () => {
      const { alice, bob } = ends(suites[one], suites[other])
      for (let minute = 0; minute < 3; minute++) {
        for (const channel of [CONTROL, BULK, GOSSIP]) {
          expect(await bob.hears(await alice.says('to bob', channel), channel)).toBe('to bob')
          expect(await alice.hears(await bob.says('', channel), channel)).toBe('')
        }
        passes(STEP_MS, alice, bob)
      }
    })
  },
)

describe('a record', () => {
  it('is eight bytes and a tag longer than what is in it', async () => {
    const record = await ends(suite).alice.says(new Uint8Array(100))
    expect(record.length).toBe(100 + OVERHEAD_BYTES)
    expect(record.byteOffset).toBe(RECORD_FRONT_BYTES)
    expect([...record.subarray(0, HEADER_BYTES)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0])
  })

  it('opens nowhere but on its channel, at its end, from its link', async () => {
    const { alice, bob } = ends(suite)
    const record = await alice.says('hello')
    expect(await bob.hears(record, BULK)).toBe('unopened')
    expect(await bob.hears(record, { ...CONTROL, path: 2 })).toBe('unopened')
    expect(await alice.hears(record)).toBe('unopened')
    const zeros = new Uint8Array(SIZES.hash)
    expect(await bob.hears(record.slice().fill(0, HEADER_BYTES))).toBe('unopened')
    expect(await new EpochKeys(zeros, 0, 0).channel(suite, 0)).toBeDefined()
    expect(await bob.hears(record)).toBe('hello')
  })

  it('opens with no bit flipped, of any byte of it', async () => {
    for (const channel of [CONTROL, GOSSIP]) {
      const { alice, bob } = ends(suite)
      const record = await alice.says('a few words', channel)
      for (let bit = 0; bit < record.length * 8; bit++)
        expect(['malformed', 'out-of-order', 'epoch', 'unopened']).toContain(
          await bob.hears(flipped(record, bit), channel),
        )
      expect(await bob.hears(record, channel)).toBe('a few words')
    }
  })

  it('is sealed with a nonce of its own: what is said twice does not look alike', async () => {
    const { alice } = ends(suite)
    const zeros = new Uint8Array(64)
    const seen = new Set<string>()
    for (const channel of [CONTROL, CONTROL, BULK, GOSSIP, GOSSIP])
      seen.add(String((await alice.says(zeros, channel)).subarray(HEADER_BYTES, HEADER_BYTES + 64)))
    expect(seen.size).toBe(5)
  })

  it('opens neither cut nor longer', async () => {
    const { alice, bob } = ends(suite)
    const record = await alice.says('words')
    for (let length = 0; length < record.length; length++)
      expect(['malformed', 'unopened']).toContain(await bob.hears(record.subarray(0, length)))
    expect(await bob.hears(Uint8Array.of(...record, 0))).toBe('unopened')
  })

  it('of any bytes whatever is dropped and never throws', async () => {
    const { alice, bob } = ends(suite)
    const heads = fc.uint8Array({ minLength: 8, maxLength: 60 }).map((bytes) => {
      bytes[0] = 1 + ((bytes[0] ?? 0) & 3)
      bytes.fill(0, 2, 7)
      return bytes
    })
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 100 }), heads), async (bytes) => {
        for (const channel of [CONTROL, GOSSIP])
          expect((await bob.layer.open(channel, bytes, 0)).kind).toBe('drop')
      }),
      { numRuns: 300 },
    )
    expect(await bob.hears(await alice.says('still here'))).toBe('still here')
  })

  it('leaves in the order it was asked for, and opens in the order it came, without waiting', async () => {
    const { alice, bob } = ends(suites.native)
    const records = await Promise.all(Array.from({ length: 50 }, (_, i) => alice.says(`${i}`)))
    const heard = await Promise.all(records.map((record) => bob.hears(record)))
    expect(heard).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`))
  })
})

describe('an ordered channel', () => {
  it('takes exactly the next record: none twice, none missing, none before another', async () => {
    const { alice, bob } = ends(suite)
    const [first, second, third] = [await alice.says('1'), await alice.says('2'), await alice.says('3')]
    expect(await bob.hears(second)).toBe('out-of-order')
    expect(await bob.hears(first)).toBe('1')
    expect(await bob.hears(first)).toBe('out-of-order')
    expect(await bob.hears(third)).toBe('out-of-order')
    expect(await bob.hears(second)).toBe('2')
    expect(await bob.hears(third)).toBe('3')
  })
})

describe('an unordered channel', () => {
  it('takes each record once, in whatever order they come', async () => {
    const { alice, bob } = ends(suite)
    const records = await Promise.all([0, 1, 2, 3].map((i) => alice.says(`${i}`, GOSSIP)))
    for (const i of [2, 0, 3, 1]) expect(await bob.hears(records[i] as Uint8Array, GOSSIP)).toBe(`${i}`)
    for (const record of records) expect(await bob.hears(record, GOSSIP)).toBe('replayed')
  })

  it('takes none that is behind the window, and a forged one does not move it', async () => {
    const { alice, bob } = ends(suite)
    const old = await alice.says('old', GOSSIP)
    const edge = await alice.says('edge', GOSSIP)
    const far = flipped(await alice.says('x', GOSSIP), 8 * 6 + 4) // a number in the thousands
    expect(await bob.hears(far, GOSSIP)).toBe('unopened')
    for (let i = 3; i < WINDOW; i++) await alice.says('', GOSSIP)
    expect(await bob.hears(await alice.says('new', GOSSIP), GOSSIP)).toBe('new')
    expect(await bob.hears(old, GOSSIP)).toBe('replayed')
    expect(await bob.hears(edge, GOSSIP)).toBe('edge')
  })

  it('keeps a window that agrees with a memory of everything', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat({ max: 3_000 }), fc.nat({ max: 2 ** 40 }))), (sequences) => {
        const window = new ReplayWindow()
        const had = new Set<number>()
        for (const sequence of sequences) {
          const highest = Math.max(-1, ...had)
          const fresh = !had.has(sequence) && sequence > highest - WINDOW
          expect(window.take(sequence)).toBe(fresh)
          if (fresh) had.add(sequence)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('keys step forward', () => {
  it('after so many records, over all channels together', async () => {
    const { alice, bob } = ends(suite)
    const channels = [CONTROL, GOSSIP]
    for (let i = 0; i < STEP_RECORDS; i++) {
      const record = await alice.says('', channels[i % 2])
      if (i % 4_000 < 2 || i >= STEP_RECORDS - 2) expect(epochOf(record)).toBe(0)
      if (channels[i % 2] === CONTROL) await bob.hears(record)
    }
    const record = await alice.says('next')
    expect(epochOf(record)).toBe(1)
    expect(await bob.hears(record)).toBe('next')
  }, 60_000)

  it('after a minute of use, and once only for an hour of silence', async () => {
    const { alice, bob } = ends(suite)
    passes(3_600_000, alice, bob)
    expect(epochOf(await alice.says('', GOSSIP))).toBe(0)
    passes(STEP_MS - 1, alice, bob)
    expect(epochOf(await alice.says('', GOSSIP))).toBe(0)
    passes(1, alice, bob)
    expect(epochOf(await alice.says('', GOSSIP))).toBe(1)
    passes(3_600_000, alice, bob)
    const record = await alice.says('back', GOSSIP)
    expect(epochOf(record)).toBe(2)
    expect(await bob.hears(record, GOSSIP)).toBe('back')
  })

  it('and what was under way opens for thirty seconds more, not longer', async () => {
    const { alice, bob } = ends(suite)
    const [late, later] = [await alice.says('late', GOSSIP), await alice.says('later', GOSSIP)]
    passes(STEP_MS, alice)
    expect(await bob.hears(await alice.says('stepped', GOSSIP), GOSSIP)).toBe('stepped')
    expect(bob.layer.wakeAtMs).toBe(OLD_EPOCH_MS)
    passes(OLD_EPOCH_MS - 1, bob)
    expect(await bob.hears(late, GOSSIP)).toBe('late')
    passes(1, bob)
    expect(await bob.hears(later, GOSSIP)).toBe('epoch')
    expect(bob.layer.wakeAtMs).toBeUndefined()
  })

  it('unheard, as often as a receiver follows, and the steps passed over open too', async () => {
    const { alice, bob } = ends(suite)
    const records: Uint8Array[] = []
    for (let step = 0; step <= STEPS_AHEAD_MAX + 1; step++) {
      records.push(await alice.says(`${step}`, GOSSIP))
      passes(STEP_MS, alice)
    }
    expect(await bob.hears(records[STEPS_AHEAD_MAX + 1] as Uint8Array, GOSSIP)).toBe('epoch')
    expect(await bob.hears(records[STEPS_AHEAD_MAX] as Uint8Array, GOSSIP)).toBe(`${STEPS_AHEAD_MAX}`)
    for (let step = 0; step < STEPS_AHEAD_MAX; step++)
      expect(await bob.hears(records[step] as Uint8Array, GOSSIP)).toBe(`${step}`)
  })

  it('round the four bits a header has for them, and again', async () => {
    const { alice, bob } = ends(suite)
    for (let step = 0; step < 40; step++) {
      const record = await alice.says(`${step}`)
      expect(epochOf(record)).toBe(step % 16)
      expect(await bob.hears(record)).toBe(`${step}`)
      passes(STEP_MS, alice)
    }
    expect(EPOCHS_BEHIND_MAX + 1 + STEPS_AHEAD_MAX).toBeLessThanOrEqual(16)
  })

  it('never because of a record that does not open', async () => {
    const { alice, bob } = ends(suite)
    const record = await alice.says('now')
    const ahead = record.slice()
    ahead[1] = 3
    expect(await bob.hears(ahead)).toBe('unopened')
    expect(bob.layer.wakeAtMs).toBeUndefined()
    expect(await bob.hears(record)).toBe('now')
  })
})

describe('what is closed', () => {
  it('seals and opens nothing more', async () => {
    const { alice, bob } = ends(suite)
    const [record, other] = [await alice.says('1'), await alice.says('1', { ...CONTROL, path: 2 })]
    bob.layer.closePath(0)
    expect(await bob.hears(record)).toBe('closed')
    await expect(bob.says('x')).rejects.toThrow('closed')
    expect(await bob.hears(other, { ...CONTROL, path: 2 })).toBe('1')
    bob.layer.close()
    expect(await bob.hears(other, { ...CONTROL, path: 2 })).toBe('closed')
    await expect(bob.says('x', { ...CONTROL, path: 2 })).rejects.toThrow('closed')
  })

  it('finishes what was asked for before, under keys that are not erased', async () => {
    const { alice, bob } = ends(suites.native)
    const asked = [alice.says('1'), alice.says('2')]
    const refused = expect(Promise.all(asked)).rejects.toThrow('closed')
    alice.layer.close()
    await refused
    for (const outcome of await Promise.allSettled(asked))
      if (outcome.status === 'fulfilled') expect(['1', '2']).toContain(await bob.hears(outcome.value))
  })

  it('has keys that refuse to make any of zeros', async () => {
    const keys = new EpochKeys(new Uint8Array(32).fill(1), 0, 0)
    keys.erase()
    await expect(keys.channel(suite, 0)).rejects.toThrow('erased')
    await expect(keys.next(suite.hash)).rejects.toThrow('erased')
  })

  it('a session whose secrets were taken is misuse: two layers would use the same nonces', () => {
    const session = { send: new Uint8Array(32).fill(1), receive: new Uint8Array(32).fill(2) }
    new RecordLayer(suite, session).close()
    expect(session.send).toEqual(new Uint8Array(32))
    expect(() => new RecordLayer(suite, session)).toThrow('taken')
  })

  it('a channel that cannot be is misuse', async () => {
    const { alice } = ends(suite)
    expect(() => alice.says('x', { path: 65_536, lane: 0, ordered: true })).toThrow(RangeError)
    expect(() => alice.says('x', { path: 0, lane: -1, ordered: true })).toThrow(RangeError)
  })
})
