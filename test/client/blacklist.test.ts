// A client that is on the blacklist is told so, and until when, by the error it is given anyway.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect } from '../../client/index.ts'
import { LocalEdge } from '../support/local-edge.ts'

const ADMIN_TOKEN = 'an-administrator-of-no-deployment-0123456789'
let edge: LocalEdge

beforeAll(async () => {
  edge = await LocalEdge.start({ vars: { ADMIN_TOKEN } })
})
afterAll(() => edge.stop())

async function lists(id: string, untilMs: number): Promise<void> {
  const { status } = await fetch(`${edge.url}/network/blacklist`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ network: 'demo', id, reason: 'admin', untilMs }),
  })
  expect(status).toBe(201)
}

it('a listed client is refused, with the time until when, whether it has a pass or not', async () => {
  await using alice = await connect(edge.url, { network: 'demo' })
  await (await alice.join('lobby')).close()
  await using mallory = await connect(edge.url, { network: 'demo' })
  const untilMs = Math.floor(Date.now() / 1_000) * 1_000 + 3_600_000
  for (const client of [mallory, alice]) {
    await lists(client.id, untilMs)
    await expect(client.join('lobby')).rejects.toMatchObject({
      code: 'edge-refused',
      message: expect.stringContaining(new Date(untilMs).toISOString()),
    })
  }
  await using bob = await connect(edge.url, { network: 'demo' })
  expect((await bob.join('lobby')).state).toBe('joined')
})
