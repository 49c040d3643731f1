// An edge that is set wrongly says so of every request, names the setting, and never says a secret.

import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../../workers/settings/table.ts'
import { deployedWith } from './rooms.ts'
import { RoomSocket, refusedFor } from './socket.ts'

async function ask(
  path: string,
  init?: RequestInit,
): Promise<{ status: number; code: string; message: string }> {
  const response = await exports.default.fetch(`https://edge.example${path}`, init as never)
  const { error } = (await response.json()) as { error?: { code: string; message: string } }
  return { status: response.status, code: error?.code ?? '', message: error?.message ?? '' }
}

const WRONG: Readonly<Partial<Record<keyof typeof SETTINGS, string>>> = {
  DHT_REGIONS: 'mars',
  EDGES: '[{"url":"edge.example"}]',
  ORIGINS: 'app.example',
  COUNTRIES: 'DE,!FR',
  ASNS: 'AS1',
  NETWORK_VIEW: 'everybody',
  RATE_LOCAL: 'yes',
  ICE_SERVERS: '{}',
  TURN_KEY_ID: 'my\nkey',
}
const WRONG_SECRETS = ['PASS_SECRET', 'PASS_SECRET_PREVIOUS', 'ADMIN_TOKEN'] as const

describe('an edge that is set wrongly', () => {
  it.each(
    Object.entries(SETTINGS)
      .filter(([, { isSecret }]) => !isSecret)
      .map(([name]) => name),
  )('in %s names it in answer to whatever it is asked', async (name) => {
    const value = WRONG[name as keyof typeof WRONG] ?? 'much'
    await deployedWith({ [name]: value }, async () => {
      for (const path of ['/health', '/v1/bootstrap', '/nothing', '/network/queue/stats']) {
        const { status, code, message } = await ask(path)
        expect([status, code]).toEqual([500, 'misconfigured'])
        expect(message).toMatch(new RegExp(`^${name} (must|is|names) `))
      }
    })
  })

  it.each(WRONG_SECRETS)('in the secret %s says so, and not what it is', async (name) => {
    await deployedWith({ [name]: 'hunter2-is-too-short' }, async () => {
      const { status, code, message } = await ask('/health')
      expect([status, code]).toEqual([500, 'misconfigured'])
      expect(message).toContain(name)
      expect(message).not.toContain('hunter2')
    })
  })

  it('tells sockets too', async () => {
    await deployedWith({ NETWORK_VIEW: 'everybody' }, async () => {
      const { code } = await refusedFor(await RoomSocket.join('a room of a wrong edge'))
      expect(code).toBe('misconfigured')
    })
  })

  it('and set right again serves', async () => {
    await deployedWith({ ROOM_PEERS_MAX: 'many' }, async () =>
      expect((await ask('/health')).status).toBe(500),
    )
    expect((await ask('/health')).status).toBe(200)
  })
})
