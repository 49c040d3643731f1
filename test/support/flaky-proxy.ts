// A TCP proxy in front of the edge, for networks that fail: it can cut connections, or go silent on them without a word,
// as a cable pulled out or a phone in a tunnel does.

import { connect, createServer, type Server, type Socket } from 'node:net'

export class FlakyProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Ends to be passed on once the network speaks again. */
  readonly #hungUp: (() => void)[] = []
  #silent = false
  /** The next that is carried is carried half. */
  #cutsNext = false

  private constructor(server: Server) {
    this.#server = server
  }

  static async before(port: number): Promise<FlakyProxy> {
    const server = createServer()
    const proxy = new FlakyProxy(server)
    server.on('connection', (near) => proxy.#join(near, connect(port, '127.0.0.1')))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the proxy is closed')
    return `http://127.0.0.1:${address.port}`
  }

  /**
   * Every connection stays open and carries nothing any more, nor do new ones: a tunnel, a cable pulled out. What was sent
   * meanwhile arrives when it speaks again, as TCP sends again what was not acknowledged; what hung up is gone then.
   */
  goSilent(): void {
    this.#silent = true
    for (const socket of this.#sockets) socket.pause()
  }

  speak(): void {
    this.#silent = false
    for (const socket of this.#sockets) socket.resume()
    for (const hangUp of this.#hungUp.splice(0)) hangUp()
  }

  /** Every connection breaks; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** The same, in the middle of what is carried next: of it, the other end gets one half. */
  cutMidway(): void {
    this.#cutsNext = true
  }

  async close(): Promise<void> {
    this.#silent = false
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      if (this.#silent) from.pause()
      // Until the half has left, more may come behind it: a stream has an end there, and never a hole.
      let broken = false
      from.on('data', (chunk) => {
        if (broken) return
        broken = this.#cutsNext && chunk.length >= 2
        if (!broken) return void to.write(chunk)
        this.#cutsNext = false
        to.write(chunk.subarray(0, chunk.length >> 1), () => this.cut())
      })
      from.on('error', () => {})
      from.on('close', () => {
        this.#sockets.delete(from)
        // A silent network does not pass on that somebody hung up either.
        if (this.#silent) this.#hungUp.push(() => to.destroy())
        else to.destroy()
      })
    }
  }
}
