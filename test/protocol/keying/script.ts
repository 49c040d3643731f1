// A keying machine alone: what its tasks come to is said by the test, and what it asks for is in words that fit a line.

import type { MessageType } from '../../../protocol/crypto/handshake/layout.ts'
import type { Role } from '../../../protocol/crypto/handshake/session.ts'
import type { KeyingEffect, KeyingInput, TaskResult } from '../../../protocol/keying/contract.ts'
import { KeyingMachine } from '../../../protocol/keying/machine.ts'
import type { PathName } from '../../../protocol/path.ts'

const LIFE = 7

export class Script {
  readonly machine: KeyingMachine
  nowMs = 1_000_000
  tickets = 0
  readonly #begun: Extract<KeyingEffect, { kind: 'begin' }>[] = []

  constructor(ours = true) {
    this.machine = new KeyingMachine({ ours, hasTicket: () => this.tickets > 0 })
  }

  give(input: KeyingInput): string[] {
    const effects = this.machine.receive(input, this.nowMs)
    for (const effect of effects) {
      if (effect.kind !== 'begin') continue
      this.#begun.push(effect)
      if (effect.as === 'resume') this.tickets--
    }
    return effects.map(inWords)
  }

  /** The task that was begun last, of this kind if one is named. */
  task(as?: string): number {
    const found = this.#begun.findLast((begun) => as === undefined || begun.as === as)
    if (found === undefined) throw new Error(`no ${as ?? 'task'} was begun`)
    return found.task
  }

  up(way: number, path: PathName = 'relay', life = LIFE): string[] {
    return this.give({ kind: 'wayUp', way, path, life })
  }

  down(way: number): string[] {
    return this.give({ kind: 'wayDown', way })
  }

  wants(): string[] {
    return this.give({ kind: 'wanted' })
  }

  hears(way: number, type: MessageType, text: string = type): string[] {
    return this.give({ kind: 'message', way, type, bytes: new TextEncoder().encode(text) })
  }

  result(task: number, result: TaskResult): string[] {
    return this.give({ kind: 'result', task, result })
  }

  says(task: number, text: string): string[] {
    return this.result(task, { kind: 'says', bytes: new TextEncoder().encode(text) })
  }

  drops(task: number, reason: Extract<TaskResult, { kind: 'drop' }>['reason'] = 'mac'): string[] {
    return this.result(task, { kind: 'drop', reason })
  }

  established(task: number, role: Role, reply?: string, authenticatedAtMs = this.nowMs): string[] {
    const bytes = reply === undefined ? undefined : new TextEncoder().encode(reply)
    return this.result(task, { kind: 'established', role, authenticatedAtMs, reply: bytes })
  }

  joined(task: number, path: number, reply?: string): string[] {
    const bytes = reply === undefined ? undefined : new TextEncoder().encode(reply)
    return this.result(task, { kind: 'joined', path, reply: bytes })
  }

  /** Lets time pass, waking whenever that is asked for; what is asked for meanwhile, with the seconds since. */
  after(ms: number): string[] {
    const sinceMs = this.nowMs
    const untilMs = sinceMs + ms
    const said: string[] = []
    for (let wakes = 0; ; wakes++) {
      const atMs = this.machine.wakeAtMs
      if (atMs === undefined || atMs > untilMs) break
      if (wakes > 1_000) throw new Error('it wakes in circles')
      this.nowMs = Math.max(this.nowMs, atMs)
      const seconds = (this.nowMs - sinceMs) / 1_000
      for (const effect of this.give({ kind: 'wake' })) said.push(`${seconds}: ${effect}`)
    }
    this.nowMs = untilMs
    return said
  }

  /** A session in which we have this role, over way 1. */
  static with(role: Role, ours = true): Script {
    const script = new Script(ours)
    script.up(1)
    if (role === 'initiator') {
      script.wants()
      script.says(script.task('dial'), 'm1')
      script.hears(1, 'm2')
      script.established(script.task('dial'), 'initiator', 'm3')
    } else {
      script.hears(1, 'm1')
      script.says(script.task('answer'), 'm2')
      script.hears(1, 'm3')
      script.established(script.task('answer'), 'responder')
    }
    script.give({ kind: 'heard', session: script.task(), way: 1 })
    return script
  }
}

function inWords(effect: KeyingEffect): string {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  switch (effect.kind) {
    case 'begin':
      return `${effect.as} ${effect.task} on ${effect.way}`
    case 'feed':
      return `feed ${effect.task} ${text(effect.bytes)}`
    case 'transmit':
      return `say ${text(effect.bytes)} on ${effect.way}`
    case 'end':
      return `end ${effect.task}`
    case 'adopt':
      return `adopt ${effect.session} of life ${effect.life}`
    case 'retire':
      return `retire ${effect.session}`
    case 'hold':
      return `hold ${effect.session} on ${effect.way}`
    case 'attach':
      return `attach ${effect.way} as path ${effect.path} of ${effect.session}`
    case 'open':
      return `open ${effect.way}${effect.first ? ' first' : ''}`
    case 'detach':
    case 'giveUp':
      return `${effect.kind} ${effect.way}`
    case 'drop':
      return `drop ${effect.reason}`
  }
}
