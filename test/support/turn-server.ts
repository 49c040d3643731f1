// A real coturn for tests, on this machine alone: credentials of a shared secret, as the edge makes them. coturn itself lets those
// who are in go on after their credentials expired; `endExpired` ends them, as stricter servers do.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from './local-edge.ts'

/** Undefined where there is none. */
export function findTurnServer(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
  return folders.map((folder) => join(folder, 'turnserver')).find((path) => existsSync(path))
}

export const TURN_SECRET = 'of-no-deployment'
const PASSWORD = 'on-this-machine'

export interface TurnSession {
  readonly id: string
  readonly user: string
}

export class TurnServer {
  readonly port: number
  readonly #commandPort: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'waypost-turn-'))
  readonly #child: ChildProcess
  #log = ''

  private constructor(path: string, port: number, commandPort: number) {
    this.port = port
    this.#commandPort = commandPort
    const options = {
      'listening-ip': '127.0.0.1',
      'relay-ip': '127.0.0.1',
      'listening-port': port,
      'cli-ip': '127.0.0.1',
      'cli-port': commandPort,
      'cli-password': PASSWORD,
      'static-auth-secret': TURN_SECRET,
      realm: 'waypost.test',
      userdb: join(this.#folder, 'users'),
      pidfile: join(this.#folder, 'pid'),
      'log-file': 'stdout',
    }
    const flags = ['use-auth-secret', 'allow-loopback-peers', 'no-tls', 'no-dtls', 'simple-log', 'verbose']
    const args = [
      '-n',
      ...flags.map((flag) => `--${flag}`),
      ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    ]
    this.#child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.#folder })
    const keep = (chunk: Buffer) => {
      this.#log += chunk.toString()
    }
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  static async start(): Promise<TurnServer> {
    const path = findTurnServer()
    if (path === undefined) throw new Error('no turnserver here')
    const server = new TurnServer(path, await freePort(), await freePort())
    const untilMs = Date.now() + 20_000
    while (
      !(await server.#commands().then(
        () => true,
        () => false,
      ))
    ) {
      if (Date.now() > untilMs) throw new Error(`coturn does not start:\n${server.log}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return server
  }

  get url(): string {
    return `turn:127.0.0.1:${this.port}?transport=udp`
  }

  get log(): string {
    return this.#log
  }

  /** Who is in now. */
  async sessions(): Promise<TurnSession[]> {
    const said = await this.#commands('ps')
    return [...said.matchAll(/id=(\d+), user <([^>]*)>/g)].map(([, id = '', user = '']) => ({ id, user }))
  }

  /** Ends the sessions of those whose credentials are over; gives whose. */
  async endExpired(): Promise<string[]> {
    const sessions = await this.sessions()
    const over = sessions.filter(({ user }) => Number.parseInt(user, 10) * 1_000 <= Date.now())
    if (over.length > 0) await this.#commands(...over.map(({ id }) => `cs ${id}`))
    return over.map(({ user }) => user)
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    if (this.#child.exitCode === null && this.#child.signalCode === null) await gone
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** What it answers on its own command line. */
  #commands(...commands: string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      let said = ''
      const socket = connect(this.#commandPort, '127.0.0.1')
      const lines = [PASSWORD, ...commands]
      socket.on('data', (chunk) => {
        said += chunk.toString('latin1')
        if (!/(password: \r\n|> )$/.test(said)) return
        const line = lines.shift()
        said += '\n'
        if (line === undefined) socket.end()
        else socket.write(`${line}\r\n`)
      })
      socket.once('error', (error) => (lines.length > 0 ? reject(error) : resolve(said)))
      socket.once('close', () => resolve(said))
      socket.setTimeout(5_000, () => socket.destroy(new Error(`coturn says no more than: ${said}`)))
    })
  }
}
