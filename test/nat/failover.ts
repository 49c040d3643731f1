// Paths that break under traffic: for how long does the other side hear nothing, and does everything arrive, once and in
// order? Prints a table; fails when a silence is longer than promised, or a message is missing, doubled or out of place.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { type Lab, natlab } from './lab.ts'
import { enter } from './pairs.ts'

interface Scenario {
  readonly event: string
  /** Commands of the lab, and numbers of seconds to wait. */
  readonly steps: readonly (string | number)[]
  /** The longest silence that is allowed, beside the time the line was dead. */
  readonly silenceMs: number
}

const SCENARIOS: readonly Scenario[] = [
  { event: 'path between the peers cut', steps: ['cut a b'], silenceMs: 1_000 },
  { event: "one side's UDP blocked", steps: ['cut a udp'], silenceMs: 1_000 },
  { event: 'NAT forgets its mappings', steps: ['flush a'], silenceMs: 1_000 },
  { event: 'path cut for 15 s, then back', steps: ['cut a b', 15, 'restore', 12], silenceMs: 1_000 },
  { event: 'edge out of reach for 15 s', steps: ['cut a web', 15, 'restore'], silenceMs: 1_000 },
  { event: 'client moves to another NAT', steps: ['move alice elsewhere'], silenceMs: 3_000 },
  { event: 'line dead for 3 s', steps: ['cut a', 3, 'restore'], silenceMs: 6_000 },
]
const BEAT_MS = 50

/** Alice speaks all the time; gives when bob heard what, and the way he then is reached. */
async function speak(alice: Page, bob: Page, to: string, during: () => Promise<void>) {
  await alice.evaluate(
    ([to, beatMs]) => {
      let count = 0
      const timer = setInterval(() => {
        void here.waypost.send(to, String(count++)).catch(() => {})
      }, beatMs)
      const stop = () => {
        clearInterval(timer)
        return count
      }
      Object.assign(here, { stop })
    },
    [to, BEAT_MS] as const,
  )
  await sleep(1_000)
  await bob.evaluate(() => {
    Object.assign(here, { fromMs: performance.now() })
  })
  await during()
  await sleep(5_000)
  const said = await alice.evaluate(() => (here as unknown as { stop(): number }).stop())
  await bob.waitForFunction((said) => here.heard.length >= said, said, { timeout: 60_000 }).catch(() => {})
  return bob.evaluate((said) => {
    const { heard, fromMs } = here as typeof here & { fromMs: number }
    let silenceMs = 0
    for (let i = 1; i < heard.length; i++) {
      const gap = (heard[i]?.at ?? 0) - Math.max(fromMs, heard[i - 1]?.at ?? 0)
      silenceMs = Math.max(silenceMs, gap)
    }
    const right = heard.length === said && heard.every(({ text }, i) => text === String(i))
    return { said, heard: heard.length, right, silenceMs: Math.round(silenceMs), via: heard.at(-1)?.via }
  }, said)
}

export async function failover(lab: Lab, print: (line: string) => void): Promise<string[]> {
  const problems: string[] = []
  await natlab('nat', 'elsewhere', 'full-cone')
  print('| event | longest silence | messages heard of those said | way at the end |')
  print('| --- | --- | --- | --- |')
  for (const { event, steps, silenceMs } of SCENARIOS) {
    for (const [nat, client] of [
      ['a', 'alice'],
      ['b', 'bob'],
    ] as const) {
      await natlab('nat', nat, 'port-restricted')
      await natlab('client', client, nat)
    }
    const [alice, bob] = [await lab.page('alice'), await lab.page('bob')]
    try {
      await enter(alice, event)
      const to = await enter(bob, event)
      await alice.waitForFunction(
        (id) => here.waypost.status().links.some((link) => link.peer === id && link.via === 'direct'),
        to,
        { timeout: 30_000 },
      )
      const result = await speak(alice, bob, to, async () => {
        for (const step of steps) {
          if (typeof step === 'number') await sleep(step * 1_000)
          else await natlab(...step.split(' '))
        }
      })
      print(`| ${event} | ${result.silenceMs} ms | ${result.heard} of ${result.said} | ${result.via} |`)
      if (!result.right) problems.push(`${event}: not everything arrived once and in order`)
      if (result.silenceMs > silenceMs) problems.push(`${event}: silent for ${result.silenceMs} ms`)
    } catch (error) {
      print(`| ${event} | — | — | — |`)
      problems.push(`${event}: ${String(error).split('\n')[0]}`)
    } finally {
      await Promise.all([alice, bob].map((page) => page.context().close()))
      await natlab('restore')
      for (const name of ['alice', 'bob', 'a', 'b']) await natlab('remove', name)
    }
  }
  return problems
}
