// Who goes where there are more links than there should be: never one of the nearest, those who came before those who were chosen.

import { expect, it } from 'vitest'
import { type Linked, leastMissed } from '../../../protocol/dht/meeting/least-missed.ts'
import { at } from './mesh-net.ts'

const SELF = at('')
const chosen = (bits: string): Linked<string> => ({ peer: bits, node: at(bits), cameToUs: false })
const came = (bits: string): Linked<string> => ({ peer: bits, node: at(bits), cameToUs: true })

it('is who was there longest of the fullest bucket, of those who came', () => {
  const linked = [chosen('1'), came('01'), came('11'), came('101'), came('011'), chosen('111')]
  expect(leastMissed(SELF, linked, 0)).toBe('11')
  expect(leastMissed(SELF, linked, 0, (peer) => peer !== '11')).toBe('101')
})

it('is whom we chose only where nobody came', () => {
  expect(leastMissed(SELF, [chosen('1'), chosen('11'), came('01')], 0)).toBe('01')
  expect(leastMissed(SELF, [chosen('01'), chosen('1'), chosen('11')], 0)).toBe('1')
})

it('is none of the nearest, and nobody where there are no others', () => {
  const linked = [came('0001'), came('001'), chosen('1')]
  expect(leastMissed(SELF, linked, 2)).toBe('1')
  expect(leastMissed(SELF, linked, 3)).toBeUndefined()
  expect(leastMissed(SELF, [], 0)).toBeUndefined()
})
