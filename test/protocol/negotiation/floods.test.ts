// A peer that offers without end: it shall not use up what a browser has for all.

import { expect, it } from 'vitest'
import { OFFERS_BURST, OFFERS_PER_SECOND } from '../../../protocol/limits/direct.ts'
import { NegotiationMachine } from '../../../protocol/negotiation/machine.ts'

it.each([true, false])('has few of its offers taken up, and later ones again (polite: %s)', (polite) => {
  const machine = new NegotiationMachine({ polite, unwilling: () => undefined, random: () => 0.5 })
  const offer = (connection: number, nowMs: number) =>
    machine
      .receive({ kind: 'signal', frame: { kind: 'offer', connection, round: 1, sdp: 'v=0' } }, nowMs)
      .filter(({ kind }) => kind === 'create' || kind === 'drop')
  const flood = Array.from({ length: 500 }, (_, n) => offer(n + 1, 1_000)).flat()
  expect(flood.filter(({ kind }) => kind === 'create').length).toBe(OFFERS_BURST)
  expect(flood).toContainEqual({ kind: 'drop', reason: 'rate-limited' })
  expect(machine.state).toEqual({ kind: 'attempting' })
  // What was refused is no connection that is over: offered again, it is taken.
  const laterMs = 1_000 + 1_000 / OFFERS_PER_SECOND
  expect(offer(500, laterMs)).toContainEqual({ kind: 'create', connection: 500 })
})
