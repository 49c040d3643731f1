// Any course of a room: members come, leave and come back, speak, and hear late or not at all. Whatever happens, nobody delivers
// what was not for it, nothing twice, and each sender's broadcasts in their order; and if no time passes, everything that came.
//
// The room tells each member in one order who came, who left and what was said, as a socket does, and loses some of what was
// said. Links lose nothing. Two watch who should not read anything: those who left go on hearing the room, and at the end
// somebody new is given all that was ever said.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../../protocol/peer-id.ts'
import { fixedSuite } from '../golden.ts'
import { idOf, Member } from './company.ts'

const PEERS = 8

type Told =
  | { readonly kind: 'came'; readonly who: Seat }
  | { readonly kind: 'left'; readonly who: Seat }
  | { readonly kind: 'frame'; readonly from: Seat; readonly bytes: Uint8Array; readonly said: Said }

/** One broadcast, and for whom it is: those its sender had seen come and not leave. */
interface Said {
  readonly text: string
  readonly by: Seat
  readonly order: number
  readonly readers: readonly Seat[]
  readonly sealed: boolean
}

/** One stay of a peer in the room. */
interface Seat {
  readonly member: Member
  readonly number: number
  /** Whom it has seen. */
  readonly sees: Map<PeerId, Seat>
  /** From the room, not heard yet; and from links, by their other end. */
  readonly inbox: Told[]
  readonly links: Map<Seat, Uint8Array[]>
  /** Frames that came to it while it was there. */
  readonly came: Set<Said>
  /** It said no more, or we know nothing more of it. */
  gone: boolean
}

type Step =
  | {
      readonly kind: 'come' | 'leave' | 'say' | 'tell' | 'lose' | 'link'
      readonly who: number
      readonly other: number
    }
  | { readonly kind: 'wait'; readonly ms: number }

class Course {
  readonly seats: Seat[] = []
  readonly said: Said[] = []
  readonly here = new Map<number, Seat>()
  readonly frames: { readonly from: PeerId; readonly bytes: Uint8Array }[] = []
  readonly restarted = new Set<number>()
  readonly #suite = fixedSuite('schedules')
  #nowMs = 0

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.kind === 'wait') await this.#wait(step.ms)
      else await this.#step(step.kind, step.who, step.other)
    }
  }

  /** All but one are there and know of each other. */
  async fill(): Promise<void> {
    for (let number = 1; number < PEERS; number++) await this.#come(number)
    await this.arrive(true)
  }

  /** All that is under way arrives, inboxes first or links first. */
  async arrive(linksFirst: boolean): Promise<void> {
    const links = async () => {
      for (const seat of this.here.values())
        for (const other of [...seat.links.keys()]) while (await this.#link(seat, other));
    }
    if (linksFirst) await links()
    for (const seat of this.here.values()) while (await this.#tell(seat, false));
    await links()
  }

  async wait(ms: number): Promise<void> {
    await this.#wait(ms)
  }

  async #step(kind: Exclude<Step['kind'], 'wait'>, who: number, other: number): Promise<void> {
    const seat = this.here.get(who)
    if (kind === 'come') return seat === undefined ? this.#come(who) : undefined
    if (seat === undefined) return
    if (kind === 'leave') this.#leave(seat)
    else if (kind === 'say') await this.#say(seat)
    else if (kind === 'link') {
      const ends = [...seat.links.keys()]
      if (ends.length > 0) await this.#link(seat, ends[other % ends.length] as Seat)
    } else for (let count = 0; count <= other; count++) await this.#tell(seat, kind === 'lose')
  }

  async #come(number: number): Promise<void> {
    const member = await Member.of(this.#suite, number + 1)
    member.nowMs = this.#nowMs
    const seat: Seat = {
      member,
      number,
      sees: new Map(),
      inbox: [],
      links: new Map(),
      came: new Set(),
      gone: false,
    }
    if (this.seats.some((earlier) => earlier.number === number)) this.restarted.add(number)
    for (const other of this.here.values()) {
      other.inbox.push({ kind: 'came', who: seat })
      seat.inbox.push({ kind: 'came', who: other })
    }
    this.here.set(number, seat)
    this.seats.push(seat)
  }

  #leave(seat: Seat): void {
    this.here.delete(seat.number)
    seat.gone = true
    for (const other of this.here.values()) other.inbox.push({ kind: 'left', who: seat })
  }

  async #say(seat: Seat): Promise<void> {
    const order = this.said.length
    const text = `${order} of ${seat.number}`
    const before = seat.member.frames.length
    await seat.member.says(text)
    const bytes = seat.member.frames[before]
    const readers = [...seat.sees.values()]
    const said: Said = { text, by: seat, order, readers, sealed: bytes !== undefined }
    this.said.push(said)
    this.#collect(seat)
    if (bytes === undefined) return
    this.frames.push({ from: seat.member.id, bytes })
    for (const other of this.seats)
      if (other !== seat) other.inbox.push({ kind: 'frame', from: seat, bytes, said })
  }

  /** A link is of two peers as they are now: what is for one that left is lost with it. */
  #collect(seat: Seat): void {
    for (const { to, bytes } of seat.member.service.splice(0)) {
      const other = [...this.here.values()].find(({ member }) => member.id === to)
      if (other === undefined) continue
      const queue = other.links.get(seat) ?? []
      queue.push(bytes)
      other.links.set(seat, queue)
    }
  }

  async #link(seat: Seat, from: Seat): Promise<boolean> {
    const bytes = seat.links.get(from)?.shift()
    if (bytes === undefined) return false
    await seat.member.reads(from.member.id, bytes)
    this.#collect(seat)
    return true
  }

  async #tell(seat: Seat, lose: boolean): Promise<boolean> {
    const told = seat.inbox.shift()
    if (told === undefined) return false
    if (told.kind === 'frame') {
      if (lose) return true
      await seat.member.hears(told.from.member.id, told.bytes)
      seat.came.add(told.said)
    } else if (told.kind === 'came') {
      seat.sees.set(told.who.member.id, told.who)
      await seat.member.sees(told.who.member.id)
    } else if (seat.sees.get(told.who.member.id) === told.who) {
      seat.sees.delete(told.who.member.id)
      await seat.member.misses(told.who.member.id)
    }
    this.#collect(seat)
    return true
  }

  async #wait(ms: number): Promise<void> {
    this.#nowMs += ms
    for (const seat of this.seats) {
      await seat.member.waits(ms)
      this.#collect(seat)
    }
  }
}

const index = fc.nat(PEERS - 1)
const weighted = (weight: number, kind: Exclude<Step['kind'], 'wait'>) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constant(kind), who: index, other: fc.nat(PEERS) }),
})
const HAPPENS = [
  weighted(3, 'come'),
  weighted(1, 'leave'),
  weighted(6, 'say'),
  weighted(12, 'tell'),
  weighted(1, 'lose'),
  weighted(10, 'link'),
]
const wait = fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(100, 1_500, 4_000, 12_000) })
// Long as they are made: short ones hardly come to say anything.
const LENGTH = { minLength: 60, maxLength: 250, size: 'max' } as const
const timeless = fc.array(fc.oneof(...HAPPENS), LENGTH)
const timely = fc.array(fc.oneof(...HAPPENS, { weight: 2, arbitrary: wait }), LENGTH)

/** What each delivered was for it, once, and in its sender's order. */
function expectSafe(course: Course): void {
  const byText = new Map(course.said.map((said) => [said.text, said]))
  for (const seat of course.seats) {
    const last = new Map<Seat, number>()
    for (const { said: text, from } of seat.member.heard) {
      const said = byText.get(text) as Said
      expect(from).toBe(said.by.member.id)
      expect(
        said.readers.map(({ number }) => number),
        `${text}, by ${seat.number}`,
      ).toContain(seat.number)
      expect(said.order, `${text}, by ${seat.number}`).toBeGreaterThan(last.get(said.by) ?? -1)
      last.set(said.by, said.order)
    }
  }
}

/** Of what was for it and came, nothing is missing; nobody is asked this of peers that were there twice. */
function expectComplete(course: Course): number {
  let expected = 0
  for (const seat of course.here.values()) {
    for (const said of course.said) {
      if (!said.readers.includes(seat) || course.restarted.has(said.by.number)) continue
      if (said.sealed && !seat.came.has(said)) continue
      expect(seat.member.said, `to ${seat.number}`).toContain(said.text)
      expected++
    }
  }
  return expected
}

/** Somebody new, whom all see, is given everything that the room ever carried. */
async function expectNothingForNewcomers(course: Course): Promise<void> {
  const late = await Member.of(fixedSuite('late'), 50)
  for (const seat of course.here.values()) {
    await late.sees(seat.member.id)
    await seat.member.sees(idOf(50))
    for (const { from, bytes } of course.frames) if (from === seat.member.id) await late.hears(from, bytes)
    await late.waits(3_000)
    for (const { bytes } of late.service.splice(0)) await seat.member.reads(late.id, bytes)
    for (const { to, bytes } of seat.member.service.splice(0))
      if (to === late.id) await late.reads(seat.member.id, bytes)
    for (const { from, bytes } of course.frames) if (from === seat.member.id) await late.hears(from, bytes)
  }
  expect(late.said).toEqual([])
}

describe('whatever happens in a room', () => {
  it('nobody delivers what was not for it, and all that came is delivered, once, in order', async () => {
    let delivered = 0
    await fc.assert(
      fc.asyncProperty(timeless, fc.boolean(), fc.boolean(), async (steps, crowded, linksFirst) => {
        const course = new Course()
        if (crowded) await course.fill()
        await course.run(steps)
        await course.arrive(linksFirst)
        expectSafe(course)
        await course.wait(5_000) // What is lost is waited for no longer.
        expectSafe(course)
        delivered += expectComplete(course)
        await expectNothingForNewcomers(course)
      }),
      { numRuns: 80 },
    )
    expect(delivered).toBeGreaterThan(1_000)
  })

  it('and though time passes, and keys with it, nobody delivers what was not for it, nor twice, nor out of order', async () => {
    let heard = 0
    await fc.assert(
      fc.asyncProperty(timely, fc.boolean(), async (steps, linksFirst) => {
        const course = new Course()
        await course.fill()
        await course.run(steps)
        await course.arrive(linksFirst)
        await course.wait(60_000)
        expectSafe(course)
        for (const { member } of course.seats) heard += member.heard.length
        await expectNothingForNewcomers(course)
      }),
      { numRuns: 80 },
    )
    expect(heard).toBeGreaterThan(1_000)
  })
})
