// Pairs that no NAT lets through to each other, with the emulator's TURN server: connected by it, and still so after the
// credentials of their first minute are over. Prints a table; fails when a pair is not, or a message is missing.

import type { Page } from 'playwright-core'
import type { Lab } from './lab.ts'
import { enter } from './pairs.ts'

const LIFETIME_MS = 10_000
const SERVER = '198.51.100.20'

/** Settings of the edge: the secret is the emulator's own. Over UDP and, for who has none, over TCP. */
export const LAB_TURN = {
  TURN_URLS: `turn:${SERVER}:3478?transport=udp,turn:${SERVER}:443?transport=tcp`,
  TURN_SECRET: 'natlab',
  TURN_LIFETIME_MS: String(LIFETIME_MS),
}

const PAIRS = [
  ['symmetric', 'symmetric'],
  ['symmetric', 'port-restricted'],
  ['udp-blocked', 'symmetric'],
] as const

export const UNREACHABLE = PAIRS.flatMap(([a, b], at) => [`a${at}=${a}`, `b${at}=${b}`])

/** From one to the other all the time, for longer than two lives of the credentials. */
async function talk(a: Page, b: Page, room: string) {
  const idA = await enter(a, room)
  const startedAtMs = Date.now()
  const idB = await enter(b, room)
  await b.waitForFunction(
    (id) => here.waypost.status().links.some((link) => link.peer === id && link.via === 'direct'),
    idA,
    { timeout: 20_000 },
  )
  const directAfterMs = Date.now() - startedAtMs
  const said = await a.evaluate(
    async ([to, forMs]) => {
      const untilMs = performance.now() + forMs
      const sends: Promise<unknown>[] = []
      for (; performance.now() < untilMs; await new Promise((resolve) => setTimeout(resolve, 50)))
        sends.push(here.waypost.send(to, String(sends.length)))
      await Promise.all(sends)
      return sends.length
    },
    [idB, 2.5 * LIFETIME_MS] as const,
  )
  const { heard, ways, silenceMs } = await b.evaluate(() => {
    const gaps = here.heard.slice(1).map(({ at }, i) => at - (here.heard[i]?.at ?? 0))
    const ways = [...new Set(here.heard.map(({ via }) => via))]
    return { heard: here.heard.map(({ text }) => text), ways, silenceMs: Math.round(Math.max(...gaps)) }
  })
  const given = await a.evaluate(() => here.waypost.status().turn?.given ?? 0)
  for (const page of [a, b]) await page.evaluate(() => here.waypost.close())
  const right = heard.length === said && heard.every((text, i) => text === String(i))
  return { directAfterMs, said, heard: heard.length, right, ways, silenceMs, given }
}

export async function throughTurn(lab: Lab, print: (line: string) => void): Promise<string[]> {
  const problems: string[] = []
  print('| pair | direct after | messages heard of those said | ways | longest silence | credentials given |')
  print('| --- | --- | --- | --- | --- | --- |')
  for (const [at, names] of PAIRS.entries()) {
    const name = names.join(' with ')
    const pages = await Promise.all([lab.page(`a${at}`), lab.page(`b${at}`)])
    try {
      const { directAfterMs, said, heard, right, ways, silenceMs, given } = await talk(...pages, name)
      const way = ways.join(', ')
      print(`| ${name} | ${directAfterMs} ms | ${heard} of ${said} | ${way} | ${silenceMs} ms | ${given} |`)
      if (!right) problems.push(`${name}: messages are missing, doubled or out of place`)
      if (given < 3) problems.push(`${name}: credentials were given ${given} times`)
    } catch (error) {
      problems.push(`${name} did not connect: ${String(error).split('\n')[0]}`)
    }
  }
  return problems
}
