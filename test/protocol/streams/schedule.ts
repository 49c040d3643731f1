// One random schedule of a seed: two pages with streams between them, while paths lose, repeat and reorder, break and
// switch, pages are loaded again and links give up. The world throws when a byte is lost, doubled or out of order; what is
// checked here is that in the end every stream is whole at both sides, or over at both.

import { seeded } from '../link/world.ts'
import { type Half, type Streamer, StreamsWorld } from './world.ts'

const STEPS = 60
const STREAMS_AT_ONCE = 12
/** Long enough for what resends after 8 s to make good every loss. */
const SETTLING_MS = 600_000

export function runSchedule(seed: number): void {
  const random = seeded(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]): T | undefined => list[below(list.length)]
  const streams = new StreamsWorld(random)
  const { world, a, b } = streams
  const loss = pick([0, 0.05, 0.3]) ?? 0
  const weather = { delayMs: below(300), jitterMs: below(200), loss, repeat: pick([0, 0.2]) ?? 0 }
  world.weather = { relay: weather, webrtc: weather }
  world.opens('relay')
  for (let step = 0; step < STEPS; step++) act(streams, pick([a, b]) ?? a, below, pick)
  for (const path of ['relay', 'webrtc'] as const) world.breaks(path)
  world.weather = { relay: { ...weather, loss: 0 }, webrtc: { ...weather, loss: 0 } }
  world.opens('relay')
  for (const each of [a, b]) {
    each.reading = true
    for (const id of each.known.keys()) each.reads(id)
  }
  world.after(SETTLING_MS)
  for (const [key, { halves }] of streams.ledger) {
    for (const [at, half] of halves.entries()) check(`seed ${seed}: ${key} ${at}`, half, at === 0)
  }
  const open = [a, b].map((each) => [...each.known.keys()].filter((id) => each.machine.isOpen(id)).sort())
  if (`${open[0]}` !== `${open[1]}`) throw new Error(`seed ${seed}: open are ${open.join(' and ')}`)
}

function act(
  streams: StreamsWorld,
  who: Streamer,
  below: (limit: number) => number,
  pick: <T>(list: readonly T[]) => T | undefined,
): void {
  const { world } = streams
  const id = pick([...who.known.keys()]) ?? -1
  const path = below(2) === 0 ? 'relay' : 'webrtc'
  const dice = below(100)
  if (dice < 12) {
    if (who.machine.openStreams < STREAMS_AT_ONCE) who.opens(`stream ${below(1_000)}`)
  } else if (dice < 40) who.writes(id, below(10) === 0 ? below(100_000) : below(3_000))
  else if (dice < 46) who.ends(id)
  else if (dice < 48) who.resets(id, below(100))
  else if (dice < 50) who.stops(id, below(100))
  else if (dice < 54) {
    who.reading = !who.reading
    for (const each of who.known.keys()) who.reads(each, below(20_000))
  } else if (dice < 62) world.opens(path)
  else if (dice < 68) world.breaks(path)
  else if (dice < 97) world.after(pick([1, 20, 100, 700, 4_000]) ?? 0)
  else if (dice < 98) streams.reloads(who)
  else if (dice < 99) streams.forgets(who)
  else streams.abandons(who)
}

/** Whole, or over at both sides: at that of its opener at least, where the other never heard of it. */
function check(key: string, half: Half, opener: boolean): void {
  const [writer, reader] = half.failed
  const fail = (what: string) => {
    throw new Error(`${key}: ${what}: ${JSON.stringify(half)}`)
  }
  if (writer === undefined && reader === undefined) {
    if (half.received !== half.written) fail('bytes are missing')
    if (half.ended && !half.sawEnd) fail('an end was not seen')
    if (half.ended && !half.acknowledged) fail('an end was not acknowledged')
  }
  if (writer !== undefined && reader === undefined && !half.sawEnd && (half.known || !opener))
    fail('the reader waits for ever')
  if (reader !== undefined && writer === undefined && !half.acknowledged && (half.known || opener))
    fail('the writer writes for ever')
}
