// A watched network as the edge tests make one: members that report, and what is then said of it.

import { env } from 'cloudflare:workers'
import { REGISTRIES, registryObjectName } from '../../protocol/mailbox/report.ts'
import { type ClientReport, encodeReport } from '../../protocol/network/report.ts'
import { type RoomSummary, registryOfRoom } from '../../protocol/network/summary.ts'
import type { GivenSettings } from '../../workers/settings/table.ts'
import { ask } from './mail-http.ts'
import { deployedWith } from './rooms.ts'
import type { RoomSocket } from './socket.ts'

const registries = (env as unknown as { readonly REGISTRIES: DurableObjectNamespace }).REGISTRIES

export const EVERY_MS = 1_000
export const ADMIN_TOKEN = 'A'.repeat(43)
export const asAdmin = { headers: { Authorization: `Bearer ${ADMIN_TOKEN}` } }

/** Told every second, and shown to administrators only. */
export function watched<T>(run: () => Promise<T>, settings: GivenSettings = {}): Promise<T> {
  return deployedWith({ REPORT_EVERY_MS: EVERY_MS, NETWORK_VIEW: 'admin', ADMIN_TOKEN, ...settings }, run)
}

export function registryOf(room: string, network: string): DurableObjectStub {
  return registries.getByName(registryObjectName(network, registryOfRoom(room)))
}

export function allRegistries(network: string): readonly DurableObjectStub[] {
  return Array.from({ length: REGISTRIES }, (_, at) => registries.getByName(registryObjectName(network, at)))
}

type Heard = { heard(summary: RoomSummary): Promise<void> }

/** As a room would. */
export function tell(network: string, summary: RoomSummary): Promise<void> {
  return (registryOf(summary.room, network) as unknown as Heard).heard(summary)
}

const SILENT: ClientReport = { native: true, delivered: 0, failed: 0, links: [] }

export function report(member: RoomSocket, said: Partial<ClientReport> = {}): void {
  member.sendBytes(encodeReport({ ...SILENT, ...said }))
}

export const linkTo = (address: number, direct: boolean, roundTripMs?: number) => ({
  address,
  direct,
  roundTripMs,
})

// What a test expects of them is the test's business.
type Body = Record<string, unknown>

export async function health(network: string): Promise<Body> {
  return (await ask(`/network/health?network=${network}`)).body as unknown as Body
}

export interface ShownTopology {
  readonly peers: readonly {
    id: string
    region: string
    rooms: number[]
    sinceMs: number
    native?: boolean
  }[]
  readonly rooms: readonly { id: number; name: string | null; members: number; region: string }[]
  readonly links: readonly {
    a: number
    b: number
    path: string
    rttMs: number | null
    oneSided?: boolean
  }[]
  readonly truncated: boolean
}

export async function topology(network: string, query = '', init: RequestInit = {}): Promise<ShownTopology> {
  return (await ask(`/network/topology?network=${network}${query}`, init)).body as unknown as ShownTopology
}
