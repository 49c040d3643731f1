// What two peers compute to meet, to come back and to talk, in stages that can be timed side by side: all of one kind
// together, a batch at a time. Runs in Node and in a page alike.

import type { Initiator } from '../../protocol/crypto/handshake/initiator.ts'
import type { Responder } from '../../protocol/crypto/handshake/responder.ts'
import { ResumeResponder, Resumer } from '../../protocol/crypto/handshake/resume.ts'
import type { Session } from '../../protocol/crypto/handshake/session.ts'
import type { TicketStore } from '../../protocol/crypto/handshake/ticket.ts'
import type { Identity } from '../../protocol/crypto/identity.ts'
import { RecordLayer } from '../../protocol/crypto/records/layer.ts'
import type { Suite } from '../../protocol/crypto/suite.ts'
import { dial, identityNo, listen, NOW, RELAY } from '../../test/protocol/crypto/handshake/meeting.ts'

/** Each is a line of the result: what one side does, from beginning to end. */
export const OPERATIONS = [
  'initiator',
  'responder',
  'resuming',
  'resumed',
  'seal-1k',
  'open-1k',
  'seal-32k',
  'open-32k',
] as const
export type Operation = (typeof OPERATIONS)[number]

/** What is done many times a link, and so costs less each. */
export const isOfRecords = (operation: Operation) => /^(?:seal|open)-/.test(operation)

/** In the order in which they can be done, and what each is a part of. */
export const STAGES = {
  dial: 'initiator',
  answer: 'responder',
  confirm: 'initiator',
  accept: 'responder',
  return: 'resuming',
  receive: 'resumed',
  settle: 'resuming',
  seal1: 'seal-1k',
  open1: 'open-1k',
  seal32: 'seal-32k',
  open32: 'open-32k',
} as const satisfies Record<string, Operation>
export type Stage = keyof typeof STAGES

export const STAGE_NAMES = Object.keys(STAGES) as Stage[]

/** What is left of one meeting between its stages. */
interface Meeting {
  initiator?: Initiator
  responder?: Responder
  m2?: Uint8Array
  m3?: Uint8Array
  alices?: Session
  bobs?: Session
  resumer?: Resumer
  r2?: Uint8Array
}

/** Whoever dials, or seals; and the other. */
export interface Sides {
  readonly initiator: Suite
  readonly responder: Suite
}

const CONTROL = { path: 0, lane: 0, ordered: true } as const
const KIB = 1_024

export class Work {
  readonly #sides: Sides
  readonly #alice: Identity
  readonly #bob: Identity
  #meetings: Meeting[] = []
  #layers: { readonly alice: RecordLayer; readonly bob: RecordLayer } | undefined
  #records: Uint8Array[] = []

  private constructor(sides: Sides, alice: Identity, bob: Identity) {
    this.#sides = sides
    this.#alice = alice
    this.#bob = bob
  }

  static async begin(sides: Sides): Promise<Work> {
    return new Work(sides, await identityNo(sides.initiator, 1), await identityNo(sides.responder, 2))
  }

  async run(stage: Stage, times: number): Promise<void> {
    if (stage === 'dial') this.#meetings = Array.from({ length: times }, () => ({}))
    if (stage === 'seal1') return this.#seal(times, KIB)
    if (stage === 'seal32') return this.#seal(times, 32 * KIB)
    if (stage === 'open1' || stage === 'open32') return this.#open()
    for (const meeting of this.#meetings) await this.#meet(stage, meeting)
  }

  async #meet(stage: Stage, meeting: Meeting): Promise<void> {
    const { initiator: ours, responder: theirs } = this.#sides
    if (stage === 'dial') meeting.initiator = await dial(ours, this.#alice, this.#bob)
    if (stage === 'answer') {
      meeting.responder = await listen(theirs, this.#bob)
      meeting.m2 = done(await meeting.responder.receive(meeting.initiator!.m1, NOW), 'answer').m2
    }
    if (stage === 'confirm') {
      const { m3, session } = done(await meeting.initiator!.receive(meeting.m2!, NOW), 'established')
      meeting.m3 = m3
      meeting.alices = session
    }
    if (stage === 'accept')
      meeting.bobs = done(await meeting.responder!.receive(meeting.m3!, NOW), 'established').session
    if (stage === 'return') {
      const ticket = meeting.alices!.tickets.ours
      meeting.resumer = (await Resumer.start(ours, { ticket, binding: RELAY }, NOW))!
    }
    if (stage === 'receive') {
      const tickets = remembered(meeting.bobs!)
      const responder = await ResumeResponder.listen(theirs, { binding: RELAY, tickets })
      const { r2, session } = done(await responder.receive(meeting.resumer!.r1, NOW), 'established')
      meeting.r2 = r2
      meeting.bobs = session
    }
    if (stage === 'settle')
      meeting.alices = done(await meeting.resumer!.receive(meeting.r2!), 'established').session
  }

  async #seal(times: number, bytes: number): Promise<void> {
    const [{ alices, bobs }] = this.#meetings as [Meeting]
    this.#layers ??= {
      alice: new RecordLayer(this.#sides.initiator, alices!),
      bob: new RecordLayer(this.#sides.responder, bobs!),
    }
    const { alice } = this.#layers
    const body = new Uint8Array(bytes).fill(7)
    this.#records = []
    for (let i = 0; i < times; i++) this.#records.push(await alice.seal(CONTROL, 'data', body, NOW))
  }

  async #open(): Promise<void> {
    for (const record of this.#records) done(await this.#layers!.bob.open(CONTROL, record, NOW), 'opened')
  }
}

/** The answer when all goes well. What is timed must have happened. */
function done<Answer extends { readonly kind: string }, Kind extends Answer['kind']>(
  answer: Answer,
  kind: Kind,
): Extract<Answer, { readonly kind: Kind }> {
  if (answer.kind !== kind) throw new Error(`not ${kind} but ${answer.kind}`)
  return answer as Extract<Answer, { readonly kind: Kind }>
}

function remembered({ tickets: { theirs } }: Session): TicketStore {
  return { find: () => theirs, take: () => true }
}
