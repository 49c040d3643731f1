// Addresses: a slot that is found without a search, and a tag that keeps the slot's next owner from being mistaken.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addressOf, SLOT_MAX, slotOf } from '../../../protocol/wire/address.ts'

it('an address gives its slot back, whatever the session', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: SLOT_MAX }),
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      (slot, session) => {
        const address = addressOf(slot, session)
        expect(slotOf(address)).toBe(slot)
        expect(address).toBe(slot * 0x1_0000 + session[0]! * 0x100 + session[1]!)
      },
    ),
  )
})
