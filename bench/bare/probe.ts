// What benchmarks look behind the servers with, and fill them through, on a socket of its own, so that the Worker under test has
// no route for it: an object asked for its probe, or a shard of the DHT given values that nobody verifies.

import type { ShardAnswer, ShardRequest, StoredRecord, Verified } from '../../protocol/dht/contract.ts'
import { KEY_BYTES } from '../../protocol/dht/place.ts'

interface Probed {
  getByName(name: string): {
    probe(): Promise<unknown>
    ask(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]>
  }
}

/** Whose they are does not matter: quotas do not bite in a benchmark. */
const OWNER = new Uint8Array(KEY_BYTES)

export default {
  async fetch(request: Request, env: Readonly<Record<string, Probed>>): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const object = env[searchParams.get('of') ?? '']?.getByName(searchParams.get('name') ?? '')
    if (object === undefined) return new Response(null, { status: 404 })
    if (request.method !== 'POST') return Response.json(await object.probe())
    const answers = await object.ask(putsOf(await request.arrayBuffer(), Number(searchParams.get('bytes'))))
    const refused = answers.find(({ kind }) => kind !== 'stored')
    return Response.json(refused ?? null, { status: refused === undefined ? 200 : 500 })
  },
}

/** Keys and values' records one after the other, each as long as the others. */
function putsOf(all: ArrayBuffer, bytes: number): ShardRequest[] {
  const puts: ShardRequest[] = []
  for (let at = 0; at < all.byteLength; at += KEY_BYTES + bytes) {
    const [key, end] = [new Uint8Array(all.slice(at, at + KEY_BYTES)), at + KEY_BYTES + bytes]
    const ttlSeconds = new DataView(all).getUint32(at + KEY_BYTES + 2)
    const record = { kind: 'value', key, ttlSeconds, bytes: new Uint8Array(all.slice(at + KEY_BYTES, end)) }
    puts.push({ kind: 'put', record: record as Verified<StoredRecord>, owner: OWNER })
  }
  return puts
}
