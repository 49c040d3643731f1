// The network that fails in our tests fails as networks do: what arrives of a stream is a beginning of it, however full the
// other end is when the connection breaks, and never a stream with a hole.

import { connect, createServer, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { MIB } from '../../protocol/limits/units.ts'
import { FlakyProxy } from '../support/flaky-proxy.ts'

it('a connection that breaks midway carries nothing behind the break', async () => {
  const accepted = Promise.withResolvers<Socket>()
  const server = createServer({ pauseOnConnect: true }, accepted.resolve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const proxy = await FlakyProxy.before(port)
  try {
    const near = connect(Number(new URL(proxy.url).port), '127.0.0.1')
    near.on('error', () => {})
    const far = await accepted.promise
    // Nobody reads at the other end: all that may be under way is, and more waits in the proxy.
    const sent = Buffer.alloc(32 * MIB)
    for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at)
    const half = sent.length / 2
    await new Promise((resolve) => near.write(sent.subarray(0, half), resolve))
    proxy.cutMidway()
    near.write(sent.subarray(half))
    const got: Buffer[] = []
    far.on('data', (chunk: Buffer) => got.push(chunk))
    far.on('error', () => {})
    const closed = new Promise((resolve) => far.once('close', resolve))
    await new Promise<void>((resolve) => setImmediate(resolve))
    far.resume()
    await closed
    const arrived = Buffer.concat(got)
    expect(arrived.length).toBeGreaterThan(MIB)
    expect(arrived.length).toBeLessThan(sent.length)
    expect(Buffer.compare(arrived, sent.subarray(0, arrived.length))).toBe(0)
  } finally {
    await proxy.close()
    server.close()
  }
})
