// What a server made for nothing else takes for the same: Redis, told to have each write on the disk before it answers.
// Only where there is a redis-server to run.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Put } from './mail-load.ts'

export function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export class Redis {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #connections: Socket[] = []

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.#folder = folder
    this.pid = child.pid as number
  }

  static async start(connections: number): Promise<Redis> {
    const folder = mkdtempSync(join(tmpdir(), 'waypost-redis-'))
    const path = join(folder, 'socket')
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
    const child = spawn('redis-server', ['--port', '0', '--unixsocket', path, '--dir', folder, ...durable], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    process.once('exit', () => child.kill('SIGKILL'))
    const redis = new Redis(child, folder)
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
      child.stdout?.on('data', (said: Buffer) => {
        if (said.includes('ready to accept connections')) resolve()
      })
    })
    for (let i = 0; i < connections; i++) redis.#connections.push(await connected(path))
    return redis
  }

  /** To be put so many at a time as there are connections: each waits for its answer. */
  puts(envelopes: readonly Uint8Array[]): Put[] {
    const idle = [...this.#connections]
    return envelopes.map((envelope) => {
      const head = Buffer.from(`*3\r\n$5\r\nRPUSH\r\n$7\r\nmailbox\r\n$${envelope.length}\r\n`)
      const command = Buffer.concat([head, envelope, Buffer.from('\r\n')])
      return async () => {
        const connection = idle.pop()
        if (connection === undefined) throw new RangeError('more puts at a time than connections')
        const answer = await asked(connection, command)
        if (!answer.startsWith(':')) throw new Error(`Redis said ${answer}`)
        idle.push(connection)
      }
    })
  }

  async empty(): Promise<void> {
    await asked(this.#connections[0]!, Buffer.from('*2\r\n$3\r\nDEL\r\n$7\r\nmailbox\r\n'))
  }

  stop(): void {
    this.#child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket)).once('error', reject)
  })
}

/** Its answers are shorter than what comes at once. */
function asked(socket: Socket, command: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (answer: Buffer) => resolve(answer.toString()))
    socket.write(command)
  })
}
