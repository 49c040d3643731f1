// The yardstick of the DHT: a Durable Object that keeps bytes under keys. A request is an insert or a look-up of one row. It
// checks nothing, and nothing in it ends.

import { DurableObject } from 'cloudflare:workers'

const KEY_BYTES = 32

export class BareTable extends DurableObject {
  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env)
    ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS records (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID',
    )
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const key = pathname.slice(pathname.lastIndexOf('/') + 1)
    switch (request.method) {
      case 'PUT':
        this.put(bytesOf(key), await request.arrayBuffer())
        return new Response(null, { status: 201 })
      case 'POST':
        return this.putAll(await request.arrayBuffer(), Number(request.headers.get('value-bytes')))
      default:
        return this.get(bytesOf(key))
    }
  }

  put(key: ArrayBuffer, value: ArrayBuffer): void {
    this.ctx.storage.sql.exec('INSERT OR REPLACE INTO records (key, value) VALUES (?, ?)', key, value)
  }

  get(key: ArrayBuffer): Response {
    const query = 'SELECT value FROM records WHERE key = ?'
    const [row] = this.ctx.storage.sql.exec<{ value: ArrayBuffer }>(query, key).toArray()
    return new Response(row?.value ?? null, { status: row === undefined ? 404 : 200 })
  }

  /** Keys and values one after the other, in one transaction. */
  putAll(all: ArrayBuffer, valueBytes: number): Response {
    this.ctx.storage.transactionSync(() => {
      for (let at = 0; at < all.byteLength; at += KEY_BYTES + valueBytes)
        this.put(all.slice(at, at + KEY_BYTES), all.slice(at + KEY_BYTES, at + KEY_BYTES + valueBytes))
    })
    return new Response(null, { status: 201 })
  }
}

function bytesOf(hex: string): ArrayBuffer {
  const bytes = new Uint8Array(KEY_BYTES)
  for (let at = 0; at < KEY_BYTES; at++) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16)
  return bytes.buffer
}
