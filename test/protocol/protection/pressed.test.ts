// An isolate that is pressed: when it is, for how long, and what is left to an address and to a peer. And how much harder a stamp is
// for whom much comes from.

import { expect, it } from 'vitest'
import { PRESSED_ADDRESS_BURST, PRESSED_FOR_MS, PRESSED_PEER_BURST } from '../../../protocol/limits/rates.ts'
import { Pressed } from '../../../protocol/protection/pressed.ts'
import { pressureBits } from '../../../protocol/protection/pressure.ts'

const AT = 1_000_000

it('is pressed by more in one second than it bears, and for some seconds after', () => {
  const pressed = new Pressed()
  const asked = (nowMs: number) => pressed.ask(3, nowMs)
  expect([AT, AT, AT + 999, AT + 1_000, AT + 1_001, AT + 1_999].map(asked)).toEqual(Array(6).fill(false))
  expect(asked(AT + 1_999)).toBe(true)
  expect(asked(AT + 1_999 + PRESSED_FOR_MS - 1)).toBe(true)
  expect(asked(AT + 1_999 + PRESSED_FOR_MS)).toBe(false)
})

it('stays so for as long as the flood goes on', () => {
  const pressed = new Pressed()
  for (let ms = 0; ms < 60_000; ms += 100) pressed.ask(5, AT + ms)
  expect(pressed.ask(5, AT + 60_000 + PRESSED_FOR_MS - 1_000)).toBe(true)
})

it('is never pressed where nothing is too much', () => {
  const pressed = new Pressed()
  for (let n = 0; n < 1_000; n++) expect(pressed.ask(0, AT)).toBe(false)
})

it('leaves an address what a page needs, whatever others ask, and the next in its time', () => {
  const pressed = new Pressed()
  const waits = () => Array.from({ length: PRESSED_ADDRESS_BURST }, () => pressed.addressWaitMs('one', AT))
  expect(waits()).toEqual(Array(PRESSED_ADDRESS_BURST).fill(0))
  const waitMs = pressed.addressWaitMs('one', AT)
  expect(waitMs).toBeGreaterThan(0)
  expect(pressed.addressWaitMs('other', AT)).toBe(0)
  expect(pressed.addressWaitMs('one', AT + waitMs - 1)).toBeGreaterThan(0)
  expect(pressed.addressWaitMs('one', AT + waitMs)).toBe(0)
})

it('knows a peer by itself, and not for ever', () => {
  const pressed = new Pressed()
  for (let n = 0; n < PRESSED_PEER_BURST; n++) expect(pressed.peerWaitMs('peer', AT)).toBe(0)
  expect(pressed.peerWaitMs('peer', AT)).toBeGreaterThan(0)
  expect(pressed.peerWaitMs('peer 2', AT)).toBe(0)
})

it('asks for a bit more of work for each eighth that is spent after the first quarter, up to four', () => {
  const shares = [0, 0.25, 0.26, 0.375, 0.38, 0.625, 0.75, 1]
  expect(shares.map(pressureBits)).toEqual([0, 0, 1, 1, 2, 3, 4, 4])
})
