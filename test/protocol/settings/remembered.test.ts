// Settings that are read once.

import { expect, it } from 'vitest'
import { remembered } from '../../../protocol/settings/remembered.ts'

interface Given {
  readonly many?: string
  readonly few?: string
}

it('what was set is read once, and again when something of it is another', () => {
  let reads = 0
  const read = ({ many = '5', few = '1' }: Given) => [Number(many), Number(few), ++reads]
  const rules = remembered<Given, number[]>(['many', 'few'], read)
  expect([{}, {}, { many: '7' }, { many: '7' }, { many: '7', few: '2' }, {}].map(rules)).toEqual([
    [5, 1, 1],
    [5, 1, 1],
    [7, 1, 2],
    [7, 1, 2],
    [7, 2, 3],
    [5, 1, 4],
  ])
})

it('what cannot be used is refused each time, and what was known before is not given in its place', () => {
  const rules = remembered<Given, number>(['many'], ({ many = '5' }) => {
    if (Number.isNaN(Number(many))) throw new RangeError('many must be a number')
    return Number(many)
  })
  expect(rules({})).toBe(5)
  for (let n = 0; n < 2; n++) expect(() => rules({ many: 'x' })).toThrow('many must be')
  expect(rules({})).toBe(5)
})
