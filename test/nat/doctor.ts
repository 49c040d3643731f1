// The doctor's page behind every kind of NAT: does it name what is there? Prints a table; fails where it says otherwise.

import { edge, type Lab } from './lab.ts'
import { TYPES } from './pairs.ts'

type Type = (typeof TYPES)[number]

/** A page cannot tell a cone from no NAT at all, nor one cone from another. */
const EXPECTED: Readonly<Record<Type, readonly [udp: string, nat: RegExp]>> = {
  public: ['ok', /one door for all|None/],
  'full-cone': ['ok', /one door for all/],
  restricted: ['ok', /one door for all/],
  'port-restricted': ['ok', /one door for all/],
  symmetric: ['ok', /symmetric/],
  'udp-blocked': ['bad', /Cannot be told/],
}

/** Two STUN servers, as it takes to tell one kind from another. */
export const TWO_STUN_SERVERS = {
  ICE_SERVERS: JSON.stringify([{ urls: ['stun:198.51.100.20:3478', 'stun:198.51.100.21:3478'] }]),
}

export async function diagnoses(lab: Lab, print: (line: string) => void): Promise<string[]> {
  const problems: string[] = []
  print('| NAT | UDP | NAT, as the doctor says | TURN |')
  print('| --- | --- | --- | --- |')
  for (const type of TYPES) {
    const page = await lab.page(`${type}-a`)
    await page.goto(`${edge}/#doctor`)
    await page.locator('#findings[aria-busy="false"]').waitFor({ timeout: 60_000 })
    const row = (id: string) => page.locator(`.finding[data-id="${id}"]`)
    const [udp, nat, turn] = await Promise.all([
      row('udp').getAttribute('data-state'),
      row('nat').locator('.what').textContent(),
      row('turn').locator('.what').textContent(),
    ])
    print(`| ${type} | ${udp} | ${nat} | ${turn} |`)
    const [state, words] = EXPECTED[type]
    if (udp !== state || !words.test(nat ?? '')) problems.push(`the doctor took ${type} for something else`)
    if (!/carried a message/.test(turn ?? '')) problems.push(`behind ${type} nothing came through TURN`)
    await page.context().close()
  }
  return problems
}
