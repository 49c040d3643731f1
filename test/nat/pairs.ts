// Every pair of NAT types: do they talk, how soon, and directly where ICE can make it so? Without TURN: our relay carries what
// ICE cannot. Prints a table; fails when a pair does not talk, or is not direct where it should be.

import type { Page } from 'playwright-core'
import type { Waypost } from '../../client/index.ts'
import { edge, type Lab } from './lab.ts'

export const TYPES = [
  'public',
  'full-cone',
  'restricted',
  'port-restricted',
  'symmetric',
  'udp-blocked',
] as const
type Type = (typeof TYPES)[number]

declare global {
  var here: { readonly waypost: Waypost; readonly heard: { at: number; text: string; via: string }[] }
}

/** So long a path may take to be found and to prove itself. */
const DIRECT_WITHIN_MS = 20_000

/** What STUN alone can do: not where UDP is blocked, nor where the port one of them sees is none the other sends from. */
export function canBeDirect(a: Type, b: Type): boolean {
  if (a === 'udp-blocked' || b === 'udp-blocked') return false
  const hard = (x: Type, y: Type) => x === 'symmetric' && (y === 'symmetric' || y === 'port-restricted')
  return !hard(a, b) && !hard(b, a)
}

export interface Outcome {
  readonly talksAfterMs: number
  readonly directAfterMs: number | undefined
}

export async function enter(page: Page, room: string, relayOnly = false): Promise<string> {
  return page.evaluate(
    async ([edge, room, relayOnly]) => {
      const waypost = await sdk.connect(edge, { relayOnly })
      const heard: { at: number; text: string; via: string }[] = []
      waypost.on('message', ({ data, via }) => heard.push({ at: performance.now(), text: String(data), via }))
      globalThis.here = { waypost, heard }
      await waypost.join(room)
      return waypost.id as string
    },
    [edge, room, relayOnly] as const,
  )
}

async function pair(a: Page, b: Page, room: string, hopeful: boolean): Promise<Outcome> {
  const idA = await enter(a, room)
  const startedAtMs = Date.now()
  await enter(b, room)
  await b.evaluate((to) => here.waypost.send(to, 'hello'), idA)
  const talksAfterMs = Date.now() - startedAtMs
  const direct = b.waitForFunction(
    (id) => here.waypost.status().links.some((link) => link.peer === id && link.via === 'direct'),
    idA,
    { timeout: hopeful ? DIRECT_WITHIN_MS : 6_000 },
  )
  const directAfterMs = await direct.then(
    () => Date.now() - startedAtMs,
    () => undefined,
  )
  for (const page of [a, b]) await page.evaluate(() => here.waypost.close())
  return { talksAfterMs, directAfterMs }
}

export async function pairs(lab: Lab, print: (line: string) => void): Promise<string[]> {
  const problems: string[] = []
  const pages = new Map<string, Page>()
  for (const type of TYPES)
    for (const end of ['a', 'b']) pages.set(`${type}-${end}`, await lab.page(`${type}-${end}`))
  print(`| joins second ↓ was there → | ${TYPES.join(' | ')} |`)
  print(`|${' --- |'.repeat(TYPES.length + 1)}`)
  for (const typeB of TYPES) {
    const cells: string[] = []
    for (const typeA of TYPES) {
      const [a, b] = [pages.get(`${typeA}-a`) as Page, pages.get(`${typeB}-b`) as Page]
      const hopeful = canBeDirect(typeA, typeB)
      try {
        const { talksAfterMs, directAfterMs } = await pair(a, b, `${typeA}-${typeB}`, hopeful)
        cells.push(
          `${talksAfterMs} ms; ${directAfterMs === undefined ? 'relay' : `direct ${directAfterMs} ms`}`,
        )
        if (hopeful && directAfterMs === undefined)
          problems.push(`${typeA} with ${typeB} stayed on the relay`)
      } catch (error) {
        cells.push('**nothing**')
        problems.push(`${typeA} with ${typeB} did not talk: ${String(error).split('\n')[0]}`)
      }
    }
    print(`| **${typeB}** | ${cells.join(' | ')} |`)
  }
  return problems
}
