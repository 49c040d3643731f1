// docs/cost.md says what its counters make of its prices, and the counters are those of the code. Rows and bytes are held
// against real objects elsewhere (test/edge/mailbox-rows.test.ts).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SWEEP_MS } from '../../protocol/limits/room.ts'
import { onDuty } from '../../protocol/membership/duty.ts'
import { dollarsBeyond, marginalDollars, monthlyDollars, overFree, sumOf } from '../../scripts/cost/bill.ts'
import { APPLICATIONS, monthOf } from '../../scripts/cost/examples.ts'
import { costPage, count, dollars } from '../../scripts/cost/page.ts'
import { AS_OF, METERS, PLAN_DOLLARS, PRICES } from '../../scripts/cost/prices.ts'
import { MAILBOXES, roomHour, type Usage, usageOf } from '../../scripts/cost/usage.ts'
import { root } from '../../scripts/paths.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const nothing = usageOf({})
const million = (usage: Usage) => marginalDollars(sumOf([[1e6, usage]]))

describe('docs/cost.md', () => {
  it('is what `npm run cost` makes', () => {
    expect(read('docs/cost.md')).toBe(costPage())
  })

  it('says of which day its prices are, and is found from where people look', () => {
    expect(AS_OF).toMatch(/^20\d\d-\d\d-\d\d$/)
    expect(read('docs/cost.md')).toContain(`prices of ${AS_OF}`)
    expect(read('README.md')).toContain('(docs/cost.md)')
    expect(read('bench/README.md')).toContain('(../docs/cost.md)')
  })

  it('has no figure that none of its sources gave', () => {
    expect(count(1_234_567)).toBe('1,234,567')
    expect(count(0.3701)).toBe('0.37')
    expect([0, 0.0151, 2.5136, 1_234.5].map(dollars)).toEqual(['$0', '$0.015', '$2.51', '$1,234.50'])
  })
})

describe('a bill', () => {
  it('is for what is beyond the plan, and not a unit less', () => {
    expect(monthlyDollars(nothing)).toBe(PLAN_DOLLARS)
    for (const meter of METERS) {
      const { included, perMillion } = PRICES[meter]
      expect(dollarsBeyond({ ...nothing, [meter]: included }, meter)).toBe(0)
      expect(dollarsBeyond({ ...nothing, [meter]: included + 1e6 }, meter)).toBeCloseTo(perMillion)
    }
  })

  it('by hand: a letter put by a request and taken in a message of its own', () => {
    const requests = 0.3 + 2 * 0.02 // the Worker's, and 2 ms of its processor
    const objects = (1 + 1 / 20) * 0.15
    const running = 2 * 0.005 * 0.128 * 12.5 // two events of 5 ms with 128 MB
    const rows = 2 * 1
    expect(
      million(
        sumOf([
          [1, MAILBOXES.putByRequest],
          [1, MAILBOXES.takenAlone],
        ]),
      ),
    ).toBeCloseTo(requests + objects + running + rows)
  })

  it('by hand: the rows of the chat of 1,000', () => {
    const [chat] = APPLICATIONS
    const letters = 1_000 * 30 * 20 * 2
    const [alarms, opening] = [1_000 * 30, 1_000 * (14 + 65)]
    expect(monthOf(chat!).rowsWritten).toBe(letters + alarms + opening)
  })

  it('says what the Free plan would stop', () => {
    expect(overFree(nothing)).toEqual([])
    expect(overFree({ ...nothing, rowsWritten: 3_000_000 })).toEqual([])
    expect(overFree({ ...nothing, rowsWritten: 3_000_030, storedGbMonths: 6 })).toEqual([
      'rowsWritten',
      'storedGbMonths',
    ])
  })
})

describe('counters', () => {
  it.each([1, 2, 5, 8, 10, 33])(
    'an hour of a room of %i is swept as often as its members decide',
    (members) => {
      const windows = 3_600_000 / SWEEP_MS
      let sweeps = 0
      for (let window = 0; window < windows; window++)
        for (let rank = 0; rank < members; rank++) if (onDuty(rank, members, window)) sweeps++
      expect(roomHour(members).objectRequests).toBeCloseTo(sweeps / 20)
    },
  )
})
