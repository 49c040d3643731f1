// The properties, for machines over whatever disks: memory in Node, SQLite at the edge.

import fc from 'fast-check'
import { expect } from 'vitest'
import type { ShardAnswer, ShardRequest } from '../../../../protocol/dht/contract.ts'
import { isBelow, keyText } from '../../../../protocol/dht/place.ts'
import { headOf, ipnsOf, keyOf, peerOf, providedOf, signedOf, valueRecord } from '../../../support/dht.ts'
import { Model } from './model.ts'
import { Caller, type Disks, World } from './world.ts'

const HOUR_MS = 3_600_000

/** Close together, so that shards split below each other; and two further away. */
const KEYS = [
  ...['0000', '00000', '000000', '0000000'].map((prefix, at) => keyOf(`a${at}`, prefix)),
  ...['000000', '000001', '00000001'].map((prefix, at) => keyOf(`b${at}`, prefix)),
  keyOf('c', '1010'),
]
const PEERS = [1, 2, 3].map((each) => peerOf(each))

const key = fc.constantFrom(...KEYS)
const ttlSeconds = fc.constantFrom(60, 600, 3_600, 7_200, 86_400)
const says = fc.constantFrom('a', 'b')
const sequence = fc.integer({ min: 1, max: 4 })
/** How long ago it was made. */
const ageMs = fc.constantFrom(0, 1_000, 300_000)

const REQUEST = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('value' as const), key, ttlSeconds }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('signed' as const),
      kind: fc.constantFrom('name' as const, 'announcement' as const),
      key,
      sequence,
      says,
      ttlSeconds,
      ageMs,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ipns' as const), key, sequence, says, ttlSeconds }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('provide' as const),
      key,
      peer: fc.constantFrom(...PEERS),
      ttlSeconds,
      ageMs,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('get' as const),
      key,
      of: fc.constantFrom('signed' as const, 'value' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('providers' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('closest' as const), key }) },
)
type Wish = typeof REQUEST extends fc.Arbitrary<infer T> ? T : never

function requestOf(wish: Wish, nowMs: number): ShardRequest {
  const { key } = wish
  switch (wish.do) {
    case 'value':
      return { kind: 'put', record: valueRecord(key, wish), owner: PEERS[0] }
    case 'signed':
      return {
        kind: 'put',
        record: signedOf(key, { ...wish, createdMs: nowMs - wish.ageMs }),
        owner: PEERS[1],
      }
    case 'ipns': {
      const record = ipnsOf(key, wish.sequence, nowMs + wish.ttlSeconds * 1_000, wish.says)
      return { kind: 'put', record, owner: undefined }
    }
    case 'provide': {
      const head = headOf(wish.peer, { createdMs: nowMs - wish.ageMs, ttlSeconds: wish.ttlSeconds })
      return { kind: 'provide', head, keys: providedOf([key]) }
    }
    case 'get':
      return { kind: 'get', key, of: wish.of }
    case 'providers':
      return { kind: 'providers', key, limit: 64, near: '' }
    case 'closest':
      return { kind: 'closest', target: key, limit: 20 }
  }
}

const waits = fc.constantFrom(1_000, 60_000, 450_000, 2_000_000, HOUR_MS, 25 * HOUR_MS)
const STEP = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('ask' as const), wish: REQUEST, caller: fc.nat(2) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('waits' as const), ms: waits }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wakes' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dies' as const), which: fc.nat() }) },
)

interface Terms {
  readonly runs: number
  readonly seed?: number
}

/** Each step is done with before the next begins: every answer is to be the model's. */
export function agreesWithModel(disks: () => Disks, { runs, ...rest }: Terms): void {
  const property = fc.property(
    fc.array(STEP, { minLength: 5, maxLength: 90 }),
    fc.integer({ min: 2, max: 6 }),
    (steps, splitRecords) => {
      const world = new World({ splitRecords }, disks())
      const model = new Model()
      // One knows all it was told, one is asked rarely, one always knows nothing.
      const callers = [new Caller(world), new Caller(world)]
      for (const step of steps) {
        world.nowMs += 7
        if (step.kind === 'waits') world.nowMs += step.ms
        else if (step.kind === 'wakes') world.wake()
        else if (step.kind === 'dies') world.die(world.prefixes[step.which % world.prefixes.length] ?? '')
        else {
          const caller = callers[step.caller] ?? new Caller(world)
          const request = requestOf(step.wish, world.nowMs)
          const answer = caller.ask(request)
          agrees(answer, request, { model, leaf: caller.leaves.leafOf(step.wish.key), nowMs: world.nowMs })
        }
        world.settle()
      }
      // Then nobody writes any more, and time goes by: nothing that went comes up again.
      for (const ms of [0, 61_000, 600_000, HOUR_MS, 2 * HOUR_MS, 24 * HOUR_MS]) {
        world.nowMs += ms
        world.wake()
        for (const each of KEYS)
          for (const request of questionsOf(each)) {
            const answer = callers[0]?.ask(request) as ShardAnswer
            agrees(answer, request, {
              model,
              leaf: callers[0]?.leaves.leafOf(each) ?? '',
              nowMs: world.nowMs,
            })
          }
      }
      expect(world.storeFailures).toEqual([])
    },
  )
  fc.assert(property, { numRuns: runs, ...rest })
}

const questionsOf = (key: Uint8Array): ShardRequest[] => [
  { kind: 'get', key, of: 'signed' },
  { kind: 'get', key, of: 'value' },
  { kind: 'providers', key, limit: 64, near: '' },
]

interface Seen {
  readonly model: Model
  readonly leaf: string
  readonly nowMs: number
}

function agrees(answer: ShardAnswer, request: ShardRequest, { model, leaf, nowMs }: Seen): void {
  switch (request.kind) {
    case 'get':
      return same(answer, model.get(request.key, request.of ?? 'signed', nowMs))
    case 'put':
      return same(answer, model.put(request.record, nowMs))
    case 'provide':
      return same(answer, model.provide(request.head, request.keys, nowMs))
    case 'providers':
      return same(providersIn(answer), model.providers(request.key, nowMs))
    case 'closest': {
      const records = model.closest(request.target, (key) => isBelow(leaf, key), nowMs)
      return same(answer, { kind: 'closest', records })
    }
  }
}

/** Of bytes by the thousand, which the tools compare one by one. */
function same(actual: unknown, expected: unknown): void {
  if (flat(actual) !== flat(expected)) expect(actual).toEqual(expected)
}

function flat(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? keyText(part) : part))
}

function providersIn(answer: ShardAnswer): string[] | string {
  if (answer.kind !== 'providers') return answer.kind
  const { heads, providers } = answer
  return providers
    .map(({ peer, head, expiresAtMs }) => `${keyText(peer)} ${keyText(heads[head] ?? peer)} ${expiresAtMs}`)
    .sort()
}

// ---- many at once ---------------------------------------------------------------------------------------------

const AT_ONCE = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      key,
      sequence: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('step' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dies' as const), which: fc.nat() }) },
)

/**
 * Names with sequences, put and got while calls between shards are under way in any order and shards die. Of each key the
 * highest sequence that was acknowledged is what is read from then on, or a higher one.
 */
export function losesNothing(disks: () => Disks, { runs, ...rest }: Terms): void {
  const property = fc.property(
    fc.array(AT_ONCE, { minLength: 10, maxLength: 120 }),
    fc.integer({ min: 2, max: 6 }),
    (steps, splitRecords) => {
      const world = new World({ splitRecords }, disks())
      const asked = new Asked(world)
      for (const step of steps) {
        if (step.kind === 'step') world.step(step.which)
        else if (step.kind === 'dies') world.die(world.prefixes[step.which % world.prefixes.length] ?? '')
        else asked.begin(step.key, step.kind === 'put' ? step.sequence : undefined)
        asked.look()
      }
      world.settle()
      asked.look()
      for (const each of KEYS) {
        const answer = new Caller(world).ask({ kind: 'get', key: each, of: 'signed' })
        expect(sequenceIn(answer)).toBeGreaterThanOrEqual(asked.acknowledged(each))
      }
      expect(world.storeFailures).toEqual([])
    },
  )
  fc.assert(property, { numRuns: runs, ...rest })
}

function sequenceIn(answer: ShardAnswer | undefined): number {
  if (answer?.kind === 'nothing') return 0
  if (answer?.kind !== 'record') throw new Error(`a read failed: ${answer?.kind}`)
  return Number(new DataView(answer.bytes.buffer, answer.bytes.byteOffset).getBigUint64(8))
}

interface Request {
  readonly key: Uint8Array
  /** Of a put. */
  readonly sequence: number | undefined
  /** What was acknowledged when it began. */
  readonly least: number
  call: ReturnType<World['call']>
}

/** What is asked and not answered, and what was acknowledged. A request that is moved goes on to where it is told. */
class Asked {
  readonly #world: World
  readonly #leaves
  readonly #acknowledged = new Map<string, number>()
  #open: Request[] = []

  constructor(world: World) {
    this.#world = world
    this.#leaves = new Caller(world).leaves
  }

  acknowledged(key: Uint8Array): number {
    return this.#acknowledged.get(key.join()) ?? 0
  }

  begin(key: Uint8Array, sequence: number | undefined): void {
    this.#open.push({ key, sequence, least: this.acknowledged(key), call: this.#call(key, sequence) })
  }

  look(): void {
    const answered = this.#open.filter(({ call }) => call.answers !== undefined)
    this.#open = this.#open.filter(({ call }) => call.answers === undefined)
    for (const request of answered) this.#answered(request)
  }

  #call(key: Uint8Array, sequence: number | undefined) {
    const request: ShardRequest =
      sequence === undefined
        ? { kind: 'get', key, of: 'signed' }
        : {
            kind: 'put',
            owner: PEERS[0],
            record: signedOf(key, {
              sequence,
              says: `${sequence}`,
              createdMs: this.#world.nowMs,
              ttlSeconds: 86_400,
            }),
          }
    return this.#world.call(this.#leaves.leafOf(key), [request])
  }

  #answered(request: Request): void {
    const { key, sequence, least, call } = request
    if (call.answers === 'lost') return
    const answer = call.answers?.[0]
    if (answer?.kind === 'moved') {
      this.#leaves.note(answer)
      request.call = this.#call(key, sequence)
      this.#open.push(request)
    } else if (sequence === undefined) {
      // Its shard waited for one that died: it may be asked again.
      if (answer?.kind === 'refused' && answer.reason === 'busy') return
      expect(sequenceIn(answer)).toBeGreaterThanOrEqual(least)
    } else if (answer?.kind === 'stored') {
      expect(sequence).toBeGreaterThanOrEqual(least)
      this.#acknowledged.set(key.join(), Math.max(sequence, this.acknowledged(key)))
    }
  }
}
