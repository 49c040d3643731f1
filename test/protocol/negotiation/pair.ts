// Two negotiation machines back to back, each with a browser that is only as much of one as matters here: it makes
// descriptions, knows which it may take when, and connects when both ends took each other's and the network lets them.

import type { NegotiationEffect, NegotiationInput } from '../../../protocol/negotiation/contract.ts'
import { NegotiationMachine } from '../../../protocol/negotiation/machine.ts'
import type { SignalFrame } from '../../../protocol/wire/frames.ts'
import type { DeclineReason } from '../../../protocol/wire/registry.ts'

export const START_MS = 1_700_000_000_000

/** One RTCPeerConnection. */
interface Browser {
  readonly id: number
  /** Set while an offer of ours waits for its answer. */
  pending: string | undefined
  /** Both descriptions of the last exchange, sorted: alike at both ends if they were of the same one. */
  agreed: string | undefined
  candidates: number
  connected: string | undefined
  opened: boolean
  over: boolean
  busyUntilMs: number
}

export class Party {
  readonly machine: NegotiationMachine
  readonly name: string
  browser: Browser | undefined
  unwilling: DeclineReason | undefined
  readonly told: string[] = []
  readonly inputs: NegotiationInput[] = []
  readonly signals: SignalFrame[] = []
  createdAtMs = 0

  constructor(name: string, polite: boolean, random: () => number) {
    this.name = name
    this.machine = new NegotiationMachine({ polite, random, unwilling: () => this.unwilling })
  }
}

interface Event {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class Pair {
  nowMs = START_MS
  readonly polite: Party
  readonly other: Party
  /** Whether ICE finds a way. */
  network = true
  loss = 0
  repeat = 0
  delayMs = 20
  jitterMs = 0
  readonly #random: () => number
  #events: Event[] = []
  #order = 0
  #descriptions = 0

  constructor(random: () => number = () => 0.5) {
    this.#random = random
    this.polite = new Party('polite', true, random)
    this.other = new Party('other', false, random)
  }

  get parties(): readonly [Party, Party] {
    return [this.polite, this.other]
  }

  get bothOpen(): boolean {
    const [a, b] = this.parties
    const open = a.machine.state.kind === 'open' && b.machine.state.kind === 'open'
    return open && a.browser?.id === b.browser?.id && a.browser?.connected !== undefined
  }

  connects(party: Party): void {
    this.give(party, { kind: 'connect' })
  }

  /** Its addresses are others: what was connected is cut, and only a new exchange connects it again. */
  changesNetwork(party: Party, notices = true): void {
    this.#cut()
    if (notices) this.give(party, { kind: 'networkChanged' })
  }

  /** ICE finds no way any more, and what was connected is cut. */
  breaks(): void {
    this.network = false
    this.#cut()
  }

  after(ms: number): void {
    const untilMs = this.nowMs + ms
    for (let wakes = 0; ; ) {
      this.#events.sort((x, y) => x.atMs - y.atMs || x.order - y.order)
      const wakeAtMs = Math.min(
        ...this.parties.map(({ machine }) => machine.wakeAtMs ?? Number.POSITIVE_INFINITY),
      )
      const nextMs = Math.min(wakeAtMs, this.#events[0]?.atMs ?? Number.POSITIVE_INFINITY)
      if (nextMs > untilMs) break
      wakes = nextMs > this.nowMs ? 0 : wakes + 1
      if (wakes > 100) throw new Error('a spin')
      this.nowMs = Math.max(this.nowMs, nextMs)
      if ((this.#events[0]?.atMs ?? Number.POSITIVE_INFINITY) <= this.nowMs) this.#events.shift()?.run()
      else this.#wake()
    }
    this.nowMs = untilMs
  }

  give(party: Party, input: NegotiationInput): void {
    party.inputs.push(input)
    if (party.inputs.length > 1) return
    for (let next = party.inputs[0]; next !== undefined; next = party.inputs[0]) {
      for (const effect of party.machine.receive(next, this.nowMs)) this.#perform(party, effect)
      party.inputs.shift()
    }
  }

  #wake(): void {
    for (const party of this.parties) {
      const { wakeAtMs } = party.machine
      if (wakeAtMs === undefined || wakeAtMs > this.nowMs) continue
      this.give(party, { kind: 'wake' })
      const after = party.machine.wakeAtMs
      if (after !== undefined && after <= this.nowMs) throw new Error('woken in vain')
    }
  }

  #perform(party: Party, effect: NegotiationEffect): void {
    switch (effect.kind) {
      case 'create':
        party.createdAtMs = this.nowMs
        party.browser = {
          id: effect.connection,
          pending: undefined,
          agreed: undefined,
          candidates: 0,
          connected: undefined,
          opened: false,
          over: false,
          busyUntilMs: 0,
        }
        return
      case 'makeOffer':
        return this.#work(party, (browser) => {
          const sdp = `${party.name} ${++this.#descriptions}`
          browser.pending = sdp
          browser.candidates = 0
          this.#describes(party, 'offer', effect.round, sdp)
        })
      case 'acceptOffer':
        return this.#work(party, (browser) => {
          browser.pending = undefined // rolled back, if there was one
          browser.candidates = 0
          const sdp = `${party.name} ${++this.#descriptions} to ${effect.sdp}`
          browser.agreed = `${effect.sdp} | ${sdp}`
          this.#describes(party, 'answer', effect.round, sdp)
        })
      case 'acceptAnswer':
        return this.#work(party, (browser) => {
          if (browser.pending === undefined || !effect.sdp.endsWith(` to ${browser.pending}`)) {
            return this.give(party, { kind: 'broken', connection: browser.id })
          }
          browser.agreed = `${browser.pending} | ${effect.sdp}`
          browser.pending = undefined
        })
      case 'addCandidates':
        return this.#work(party, (browser) => {
          if (browser.agreed !== undefined) browser.candidates += effect.candidates.length
        })
      case 'destroy':
        return this.#destroy(party)
      case 'signal':
        return this.#carry(party, effect.frame)
      case 'opened':
      case 'lost':
        party.told.push(effect.kind)
        return
      case 'failed':
        party.told.push(`failed ${effect.reason}`)
        return
      case 'drop':
        party.told.push(`drop ${effect.reason}`)
        return
    }
  }

  /** Browser calls take a moment, and run one after another. */
  #work(party: Party, step: (browser: Browser) => void): void {
    const { browser } = party
    if (browser === undefined) throw new Error('an effect without a connection')
    browser.busyUntilMs = Math.max(browser.busyUntilMs, this.nowMs) + 1 + this.#random() * 5
    this.#at(browser.busyUntilMs, () => {
      if (browser.over) return
      step(browser)
      this.#look()
    })
  }

  #describes(party: Party, as: 'offer' | 'answer', round: number, sdp: string): void {
    const connection = party.browser?.id ?? 0
    this.give(party, { kind: 'described', connection, as, round, sdp })
    for (const each of [1, 30]) {
      this.#at(this.nowMs + each, () => {
        this.give(party, { kind: 'candidate', connection, candidate: `${party.name} ${each}` })
      })
    }
  }

  /** Whether the two ends have what it takes, now. */
  #look(): void {
    const [a, b] = this.parties.map(({ browser }) => browser)
    if (!this.network || a === undefined || b === undefined || a.id !== b.id || a.over || b.over) return
    if (a.agreed === undefined || a.agreed !== b.agreed || a.candidates === 0 || b.candidates === 0) return
    const { agreed } = a
    if (a.connected === agreed) return
    this.#at(this.nowMs + 100, () => {
      if (!this.network || a.over || b.over || a.agreed !== agreed || b.agreed !== agreed) return
      for (const party of this.parties) this.#connect(party, agreed)
    })
  }

  #connect(party: Party, agreed: string): void {
    const { browser } = party
    if (browser === undefined || browser.connected === agreed) return
    browser.connected = agreed
    const connection = browser.id
    this.give(party, { kind: 'iceState', connection, state: 'connected' })
    if (!browser.opened) this.give(party, { kind: 'channelsOpen', connection })
    else this.give(party, { kind: 'heard' })
    browser.opened = true
  }

  #cut(): void {
    for (const party of this.parties) {
      const { browser } = party
      if (browser?.connected === undefined) continue
      browser.connected = undefined
      const agreed = browser.agreed
      // A candidate of the old addresses helps nobody.
      browser.candidates = 0
      this.give(party, { kind: 'silent' })
      for (const [ms, state] of [
        [5_000, 'disconnected'],
        [15_000, 'failed'],
      ] as const) {
        this.#at(this.nowMs + ms, () => {
          if (browser.over || browser.connected !== undefined || browser.agreed !== agreed) return
          this.give(party, { kind: 'iceState', connection: browser.id, state })
        })
      }
    }
  }

  #destroy(party: Party): void {
    const { browser } = party
    if (browser === undefined) return
    browser.over = true
    party.browser = undefined
    const peer = this.parties.find((each) => each !== party)
    const theirs = peer?.browser
    if (peer === undefined || theirs?.id !== browser.id || theirs.connected === undefined) return
    theirs.connected = undefined
    this.#at(this.nowMs + this.delayMs, () => {
      if (!theirs.over) this.give(peer, { kind: 'channelsClosed', connection: theirs.id })
    })
  }

  #carry(from: Party, frame: SignalFrame): void {
    from.signals.push(frame)
    const to = from === this.polite ? this.other : this.polite
    for (const chance of [1, this.repeat]) {
      if (this.#random() >= chance || this.#random() < this.loss) continue
      this.#at(this.nowMs + this.delayMs + this.#random() * this.jitterMs, () => {
        this.give(to, { kind: 'signal', frame })
      })
    }
  }

  #at(atMs: number, run: () => void): void {
    this.#events.push({ atMs, order: this.#order++, run })
  }
}
