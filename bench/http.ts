// Requests over connections that stay open, as a browser's would.

import { Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface Answer {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export class Http {
  // One for each server would do; one for each mailbox costs nothing and closes with it.
  readonly #agent = new Agent({ keepAlive: true })
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  /** Rejects for an answer that is no success. */
  ask(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array = new Uint8Array(),
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request({
        agent: this.#agent,
        host: '127.0.0.1',
        port: this.#port,
        method,
        path,
        headers: { ...headers, 'Content-Length': String(body.length) },
      })
      asked.once('error', reject)
      asked.once('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('error', reject)
        response.once('end', () => {
          const answer = { headers: response.headers, body: Buffer.concat(chunks) }
          const { statusCode: status = 0 } = response
          if (status >= 200 && status < 300) resolve(answer)
          else reject(new Error(`${method} ${path}: ${status} ${answer.body.toString()}`))
        })
      })
      asked.end(body)
    })
  }
}
