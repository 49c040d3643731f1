// What an object asks a shard when it asks much: over a socket, which is there as long as that lasts, and which nothing that
// happens to it or to the shard keeps from being answered.

import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { Asking, type ShardNamespace } from '../../durable-objects/dht/asking.ts'
import type { Key, ShardRequest } from '../../protocol/dht/contract.ts'
import { rootOf } from '../../protocol/dht/place.ts'
import { ONE_SITE } from '../../protocol/dht/regions.ts'
import { SHARD_SOCKET_CALLS } from '../../protocol/limits/shard.ts'
import { keyOf, peerOf, valueRecord } from '../support/dht.ts'
import { shardObject } from './shards.ts'

const shards = (env as unknown as { readonly SHARDS: ShardNamespace }).SHARDS
const ROOT = '0110'
const get = (key: Key): ShardRequest => ({ kind: 'get', key, of: 'value' })

let networks = 0

/** Somebody who asks, what came of it, and how. */
class Asker {
  readonly network = `lines-${networks++}`
  readonly counts = { calls: 0, sockets: 0 }
  /** Sockets that are heard and never answered, where they are to be so. */
  silent: WebSocket[] | undefined
  readonly #asking = new Asking(
    {
      getByName: (name, options) => {
        const shard = shards.getByName(name, options)
        return {
          ask: (requests) => {
            this.counts.calls++
            return shard.ask(requests)
          },
          fetch: (url, init) => {
            this.counts.sockets++
            return this.silent === undefined ? shard.fetch(url, init) : Promise.resolve(this.#silence())
          },
        }
      },
    },
    this.network,
  )

  #silence(): Response {
    const { 0: client, 1: server } = new WebSocketPair()
    server.accept()
    this.silent?.push(server)
    return new Response(null, { status: 101, webSocket: client })
  }

  async ask(...requests: readonly ShardRequest[]) {
    return this.#asking.all(ONE_SITE, '', requests)
  }

  /** Values in one shard. */
  async keep(count: number) {
    const records = Array.from({ length: count }, (_, i) => valueRecord(keyOf(`${this.network} ${i}`, ROOT)))
    await this.ask(...records.map((record) => ({ kind: 'put', record, owner: peerOf(1) }) as const))
    return records
  }

  /** Asks, one after the other, until there is a socket. */
  async warm(key: Key): Promise<void> {
    for (let i = 0; i <= SHARD_SOCKET_CALLS; i++) await this.ask(get(key))
    await expect.poll(() => this.sockets()).toBe(1)
    // Answered over it: whoever asked before it was open still asked by a call.
    await expect
      .poll(async () => {
        const { calls } = this.counts
        await this.ask(get(key))
        return this.counts.calls - calls
      })
      .toBe(0)
  }

  sockets(): Promise<number> {
    return runInDurableObject(shardObject(this.network, ROOT), (_, state) => state.getWebSockets().length)
  }
}

const found = (record: { readonly bytes: Uint8Array }) => ({ kind: 'record', bytes: record.bytes })

describe('who asks a shard again and again', () => {
  it('is answered over a socket, what is there and what is not, in the order asked', async () => {
    const asker = new Asker()
    const records = await asker.keep(20)
    await asker.warm(keyOf('none', ROOT))
    const { calls } = asker.counts
    const all = records.map(({ key }) => get(key))
    expect(await asker.ask(...all, get(keyOf('none', ROOT)))).toMatchObject([
      ...records.map(found),
      { kind: 'nothing' },
    ])
    const one = await Promise.all(records.map(({ key }) => asker.ask(get(key))))
    expect(one.flat()).toMatchObject(records.map(found))
    expect(asker.counts).toEqual({ calls, sockets: 1 })
    // What is not a get goes by a call, and is there for the next get.
    const more = await asker.keep(30)
    expect(await asker.ask(get((more.at(-1) as { key: Key }).key))).toMatchObject([{ kind: 'record' }])
  })

  it('is told of a split as others are', async () => {
    const asker = new Asker()
    const [record] = await asker.keep(1)
    if (record === undefined) throw new Error('nothing was kept')
    await asker.warm(record.key)
    const { calls } = asker.counts
    await shardObject(asker.network, ROOT).childSplit([ROOT])
    expect(await asker.ask(get(record.key))).toMatchObject([found(record)])
    expect(asker.counts.calls).toBeGreaterThan(calls)
    expect(rootOf(record.key)).toBe(ROOT)
  })

  it('is answered when the socket breaks, and while the shard sleeps', async () => {
    const asker = new Asker()
    const [record] = await asker.keep(1)
    if (record === undefined) throw new Error('nothing was kept')
    await asker.warm(record.key)
    await evictDurableObject(shardObject(asker.network, ROOT))
    expect(await asker.ask(get(record.key))).toMatchObject([found(record)])
    await runInDurableObject(shardObject(asker.network, ROOT), (_, state) => {
      for (const socket of state.getWebSockets()) socket.close(1011, 'broken')
    })
    const asked = Array.from({ length: 5 }, () => asker.ask(get(record.key)))
    expect((await Promise.all(asked)).flat()).toMatchObject(asked.map(() => found(record)))
  })

  it('asks anew by a call what a socket leaves open that breaks', async () => {
    const asker = new Asker()
    const [record] = await asker.keep(1)
    if (record === undefined) throw new Error('nothing was kept')
    asker.silent = []
    for (let i = 0; i < SHARD_SOCKET_CALLS; i++) await asker.ask(get(record.key))
    await expect.poll(() => asker.silent?.length).toBe(1)
    const [socket] = asker.silent
    if (socket === undefined) throw new Error('no socket was opened')
    const heard = new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }))
    const asked = [asker.ask(get(record.key)), asker.ask(get(keyOf('none', ROOT)))]
    await heard
    socket.close(1011, 'broken')
    expect((await Promise.all(asked)).flat()).toMatchObject([found(record), { kind: 'nothing' }])
  })

  it('has no socket any more when nothing was asked for a while', async () => {
    const asker = new Asker()
    await asker.warm(keyOf('none', ROOT))
    await expect.poll(() => asker.sockets(), { timeout: 10_000 }).toBe(0)
    expect(await asker.ask(get(keyOf('none', ROOT)))).toEqual([{ kind: 'nothing' }])
  })
})

it('who asks now and then opens none', async () => {
  const asker = new Asker()
  for (let i = 1; i < SHARD_SOCKET_CALLS; i++) await asker.ask(get(keyOf('none', ROOT)))
  expect(asker.counts).toEqual({ calls: SHARD_SOCKET_CALLS - 1, sockets: 0 })
})
