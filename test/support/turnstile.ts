// Of some files one at a time, whatever else runs meanwhile: each waits in its own process until it is let through, and the next is
// when that process lets go or ends. Waiting costs nothing; so pure computation, which gives way (gives-way.ts), has the core that
// browsers leave idle.

import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where to wait for one's turn. */
    turnstile: number
  }
}

/** Vitest calls this once, in its own process. */
export default async function setup(project: TestProject): Promise<() => void> {
  const waiting: Socket[] = []
  let inside: Socket | undefined
  const admit = () => {
    inside ??= waiting.shift()
    inside?.write('!')
  }
  const server = createServer((socket) => {
    waiting.push(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      if (inside === socket) inside = undefined
      else waiting.splice(waiting.indexOf(socket), 1)
      if (inside === undefined) admit()
    })
    if (inside === undefined) admit()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  project.provide('turnstile', (server.address() as AddressInfo).port)
  return () => void server.close()
}
