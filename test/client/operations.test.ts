// The commands of docs/operations.md that somebody runs in a hurry are run here, against a real edge, as they stand there.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { peerIdText } from '../../protocol/peer-id.ts'
import { root } from '../../scripts/paths.ts'
import { LocalEdge } from '../support/local-edge.ts'

const ADMIN_TOKEN = 'an-administrator-of-no-deployment-0123456789'
const PEER = peerIdText(crypto.getRandomValues(new Uint8Array(32)))
let edge: LocalEdge

beforeAll(async () => {
  edge = await LocalEdge.start({ vars: { ADMIN_TOKEN } })
})
afterAll(() => edge.stop())

/** Each `sh` block of the section, and each command in it. */
function commandsIn(section: string): readonly string[] {
  const page = readFileSync(join(root, 'docs', 'operations.md'), 'utf8')
  const text = page.split(`### ${section}\n`)[1]?.split(/^##/m)[0] ?? ''
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? '')
  return blocks.flatMap((block) => block.split(/(?<!\\)\n/).filter((line) => line.trim() !== ''))
}

function run(command: string): string {
  const env = { ...process.env, EDGE: edge.url, ADMIN_TOKEN, PEER }
  return execFileSync('bash', ['-c', command], { env, encoding: 'utf8' })
}

it('list a peer, show it, take it off and say so, as the page has them', () => {
  const commands = commandsIn('Somebody must go')
  expect(commands).toHaveLength(4)
  const [listing, list, nothing, audit] = commands.map(run) as [string, string, string, string]
  const entry = { id: PEER, reason: 'admin', source: 'admin', untilMs: null, note: 'posts what nobody wants' }
  expect(JSON.parse(listing)).toMatchObject(entry)
  expect(JSON.parse(list)).toMatchObject({ network: 'demo', entries: [entry] })
  expect(nothing).toBe('')
  expect(JSON.parse(audit)).toMatchObject({
    entries: [
      { act: 'unlist', id: PEER },
      { act: 'list', id: PEER },
    ],
  })
  expect(JSON.parse(run(commands[1] as string)).entries).toEqual([])
})
