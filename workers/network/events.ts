// What changed in a network from one look to the next, as events of a stream (server-sent events). The stream is the Worker's own: it
// looks every few seconds while somebody reads, so no object is kept awake by a watcher, and none knows that it is watched.

import { WATCH_FOR_MS, WATCH_PEERS_MAX } from '../../protocol/limits/network.ts'
import { addCounts } from '../../protocol/network/counts.ts'
import { regionName } from '../../protocol/network/summary.ts'
import { mergeTopologies } from '../../protocol/network/topology.ts'
import type { Listing } from '../../protocol/protection/contract.ts'
import type { Env } from '../env.ts'
import { type HealthBody, healthBody } from './health.ts'
import { lookAt, watchEveryMs } from './looks.ts'
import { type NameOf, namesOf } from './names.ts'

const RETRY_MS = 3_000

export interface WatchedNetwork {
  readonly env: Env
  readonly network: string
  readonly nameOf: NameOf
  /** Who is on the blacklist, too, and by their names. */
  readonly maySee: boolean
}

interface Look {
  readonly health: HealthBody
  /** Region by name. */
  readonly peers: ReadonlyMap<string, string>
  readonly listed: ReadonlyMap<string, Listing>
  /** Some of it is missing: who is not in it need not have left. */
  readonly partial: boolean
}

/** Nothing is asked while nobody reads: looking begins with a read, and ends when the reader goes. */
export function watch(watched: WatchedNetwork): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const everyMs = watchEveryMs(watched.env)
  const endAtMs = Date.now() + WATCH_FOR_MS
  let events = 0
  let before: Look | undefined
  let gone: (() => void) | undefined
  let ended = false
  const say = (event: string, data: unknown) =>
    `id: ${++events}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const first = before === undefined
        if (!first)
          await pause(everyMs, (stop) => {
            gone = stop
          })
        if (ended) return
        if (Date.now() >= endAtMs) return controller.close()
        const now = await look(watched)
        if (ended) return
        const told = changes(before, now).map(([event, data]) => say(event, data))
        before = now
        // A comment, where there is nothing to say: writing is how it is noticed that nobody reads any more.
        const text = told.length === 0 ? ': nothing new\n\n' : told.join('')
        controller.enqueue(encoder.encode(first ? `retry: ${RETRY_MS}\n\n${text}` : text))
      },
      cancel() {
        ended = true
        gone?.()
      },
    },
    { highWaterMark: 0 },
  )
}

async function look({ env, network, nameOf, maySee }: WatchedNetwork): Promise<Look> {
  const looks = await lookAt(env, network)
  const heard = looks.filter((each) => each !== undefined)
  const topology = mergeTopologies(
    heard.map((each) => each.topology),
    WATCH_PEERS_MAX,
  )
  const names = await namesOf(topology.ids, topology.peerRooms.length, nameOf)
  const listings = maySee ? heard.flatMap((each) => each.listings) : []
  return {
    health: healthBody(
      env,
      network,
      heard.map(({ view }) => view),
    ),
    peers: new Map(names.map((name, at) => [name, regionName(topology.regions[at] ?? 0)])),
    listed: new Map(listings.map((listing) => [listing.id as string, listing])),
    partial: heard.length < looks.length,
  }
}

type Change = readonly [event: string, data: unknown]

export function changes(before: Look | undefined, now: Look): readonly Change[] {
  const said: Change[] = []
  const { history: _, atMs, ...health } = now.health
  if (before === undefined || differs(before.health, now.health)) said.push(['health', { atMs, ...health }])
  if (before === undefined) return said
  // Who is missing from what is partial need not have left, nor have come when it is there again.
  if (!before.partial && !now.partial) said.push(...comings(before, now))
  const more = moreRefusals(before.health.refusals, now.health.refusals)
  if (Object.keys(more).length > 0) said.push(['refusals', more])
  return said
}

function comings(before: Look, now: Look): readonly Change[] {
  const said: Change[] = []
  for (const [id, region] of now.peers) if (!before.peers.has(id)) said.push(['peer-joined', { id, region }])
  for (const [id, region] of before.peers) if (!now.peers.has(id)) said.push(['peer-left', { id, region }])
  for (const [id, listing] of now.listed) if (!before.listed.has(id)) said.push(['blacklisted', listing])
  for (const id of before.listed.keys()) if (!now.listed.has(id)) said.push(['unblacklisted', { id }])
  return said
}

function differs(a: HealthBody, b: HealthBody): boolean {
  const plain = ({ atMs: _, history: __, ...rest }: HealthBody) => JSON.stringify(rest)
  return plain(a) !== plain(b)
}

/** Both are of a window that moves: only what grew is news. */
function moreRefusals(before: HealthBody['refusals'], now: HealthBody['refusals']): Record<string, number> {
  const minus = Object.fromEntries(Object.entries(before).map(([code, count]) => [code, -count]))
  return Object.fromEntries(Object.entries(addCounts(now, minus)).filter(([, count]) => count > 0))
}

/** Shorter, if what it hands over is called. */
function pause(ms: number, stoppable: (stop: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    stoppable(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
