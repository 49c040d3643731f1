// A socket to the edge: the browser's WebSocket, reduced to what a machine wants to know.

import { traced } from './trace.ts'

export interface SocketEvents {
  message(bytes: Uint8Array): void
  text(text: string): void
  /** Once, however it ended or failed to begin. */
  closed(code: number): void
}

export interface EdgeSocket {
  send(message: Uint8Array | string): void
  close(): void
}

const ABNORMAL = 1006

/** `offered`: its subprotocols, which is where hello and pass are. */
export function openSocket(url: string, offered: string[], events: SocketEvents): EdgeSocket {
  let over = false
  const end = (code: number) => {
    if (over) return
    over = true
    events.closed(code)
  }
  let socket: WebSocket
  try {
    socket = new WebSocket(traced(url), offered)
  } catch {
    // A page's own rules forbid it (a content policy, ws: from https:): as good as an edge that does not answer.
    queueMicrotask(() => end(ABNORMAL))
    return { send: () => {}, close: () => end(ABNORMAL) }
  }
  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (over) return
    if (typeof data === 'string') events.text(data)
    else if (data instanceof ArrayBuffer) events.message(new Uint8Array(data))
  }
  socket.onclose = ({ code }) => end(code)
  socket.onerror = () => {
    // Says nothing that the close event does not say after it.
  }
  return {
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(message as Uint8Array<ArrayBuffer> | string)
    },
    close() {
      end(ABNORMAL)
      socket.close()
    },
  }
}
