// A directory for the identities of one test, an edge that says just enough for connect(), and processes of their own
// that use them. What is no room needs no more of an edge.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type Identities, identities } from '../../client/index.ts'
import { WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { root } from '../../scripts/paths.ts'

let server: Server
export let url = ''
export let directory = ''
const children: ChildProcess[] = []

beforeAll(async () => {
  const bootstrap = { version: { software: '1', wire: WIRE_VERSION }, network: 'default', iceServers: [] }
  server = createServer((request, response) => {
    const refused = request.url?.includes('network=refused')
    response.writeHead(refused ? 403 : 200).end(JSON.stringify(refused ? {} : bootstrap))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waypost-identities-'))
})
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child)
  rmSync(directory, { recursive: true, force: true })
})

export const here = (): Identities => identities.at(directory)
export const as = (name: string, passphrase?: string) => ({
  identity: { name, directory, ...(passphrase === undefined ? {} : { passphrase }) },
})

export async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await gone
}

/** A process of its own that runs this with an identity of this directory, and says things. */
export function program(source: string): { child: ChildProcess; says: () => string[] } {
  const head = `import { connect } from './client/index.ts'
    const [url, directory] = process.argv.slice(1)
    const identity = { name: 'alice', directory }
    const say = (text) => console.log(text)
  `
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module']
  const child = spawn(process.execPath, [...flags, '-e', head + source, url, directory], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return { child, says: () => text.split('\n').slice(0, -1) }
}
