// Rooms from behind: their objects, and rooms whose deployment is set otherwise than wrangler.toml says.

import { env } from 'cloudflare:workers'
import { roomObjectName } from '../../workers/placement.ts'
import type { GivenSettings } from '../../workers/settings/table.ts'

interface TestEnv {
  readonly ROOMS: DurableObjectNamespace
}
const bindings = env as unknown as TestEnv & Record<string, unknown>

export function roomObject(room: string, network = 'default'): DurableObjectStub {
  return bindings.ROOMS.getByName(roomObjectName(network, room))
}

/**
 * While `run` runs, the deployment has these settings. Objects read them when they are made, and the Worker with each
 * request; so a test that uses this meets in rooms of its own.
 */
export async function deployedWith<T>(settings: GivenSettings, run: () => Promise<T>): Promise<T> {
  const before = Object.fromEntries(Object.keys(settings).map((name) => [name, bindings[name]]))
  Object.assign(bindings, settings)
  try {
    return await run()
  } finally {
    Object.assign(bindings, before)
  }
}

/** Limits so wide that no conversation of a test reaches them. */
export const UNLIMITED = { ROOM_TOKENS_PER_SECOND: 1_000_000, ROOM_BYTES_PER_SECOND: 2 ** 30 }
