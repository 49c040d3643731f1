// How raw senders and owners of mailboxes reach an edge, so that the same ones write and read in Node, over the network, and
// within workerd, where objects can be put to sleep.

import { framesOf } from '../../../protocol/wire/batch.ts'
import { decode } from '../../../protocol/wire/codec.ts'
import type { Frame } from '../../../protocol/wire/frames.ts'
import { decodeMail, type MailFrame } from '../../../protocol/wire/mail-frames.ts'
import { FRAME } from '../../../protocol/wire/registry.ts'

export interface Asked {
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface Told {
  readonly status: number
  /** Of JSON; undefined when there was none. */
  readonly body: unknown
}

export interface Hearing {
  message(bytes: Uint8Array): void
  closed(): void
}

export interface Wire {
  send(bytes: Uint8Array): void
  close(): void
}

export interface Way {
  /** Rejects when there is no answer. */
  ask(path: string, what: Asked): Promise<Told>
  /** Rejects when it does not open. Whoever hears is not called before it resolves, nor after `closed`. */
  open(path: string, protocols: readonly string[], hearing: Hearing): Promise<Wire>
}

export type Heard = MailFrame | Frame

export function heardIn(message: Uint8Array): Heard[] {
  return framesOf(message).map((bytes) =>
    bytes[0] === FRAME.refusal || bytes[0] === FRAME.pass ? decode(bytes) : decodeMail(bytes),
  )
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** The settings of an edge for limits that one computer full of senders would meet, and nobody else. */
export const CROWDED = {
  MAILBOX_CONTACTS_PER_SECOND: 1_000_000,
  MAILBOX_CONTACTS_BYTES_PER_SECOND: 2 ** 30,
  MAILBOX_STRANGERS_PER_SECOND: 1_000_000,
  MAILBOX_STRANGERS_BYTES_PER_SECOND: 2 ** 30,
  MAILBOX_SOCKET_TOKENS_PER_SECOND: 1_000_000,
}

/** An edge that is silent for so long has died without a word. */
const SILENT_MS = 10_000

/** Over the network, as Node does it. */
export function overNetwork(url: string): Way {
  return {
    async ask(path, { method, headers = {}, body }) {
      const response = await fetch(url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
        signal: AbortSignal.timeout(SILENT_MS),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
    },
    open: (path, protocols, hearing) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url.replace(/^http/, 'ws') + path, [...protocols])
        socket.binaryType = 'arraybuffer'
        let open = false
        socket.addEventListener('open', () => {
          open = true
          resolve({
            send: (bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>),
            close: () => socket.close(),
          })
        })
        socket.addEventListener('message', ({ data }) => {
          if (data instanceof ArrayBuffer) hearing.message(new Uint8Array(data))
        })
        socket.addEventListener('close', () => {
          if (open) hearing.closed()
          else reject(new Error('it did not open'))
        })
      }),
  }
}
