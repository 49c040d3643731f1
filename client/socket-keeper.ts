// What the hosts of machines that keep a socket do alike: get them passes, open their sockets, and say what they say.

import { WaypostError } from '../protocol/errors.ts'
import type { KeptEffect, KeptInput } from '../protocol/kept-socket.ts'
import type { PassDesk } from './pass.ts'
import { type EdgeSocket, openSocket } from './websocket.ts'

export type SocketInput =
  | KeptInput
  | { readonly kind: 'socketMessage'; readonly socket: number; readonly bytes: Uint8Array }

export type SocketEffect =
  | KeptEffect
  | { readonly kind: 'sendMessage'; readonly socket: number; readonly message: Uint8Array }

export interface SocketKeeper {
  /** What was wrong when a pass was last asked for, if anything was. */
  cause: unknown
  open(socket: number, url: string, offered: string[]): void
  perform(effect: SocketEffect): void
  /** Nobody waits for a pass any more. */
  stop(): void
}

export function keepSocket(passes: PassDesk, give: (input: SocketInput) => void): SocketKeeper {
  const over = new AbortController()
  let current: EdgeSocket | undefined

  const keeper: SocketKeeper = {
    cause: undefined,
    open(socket, url, offered) {
      current = openSocket(url, offered, {
        message: (bytes) => give({ kind: 'socketMessage', socket, bytes }),
        text: (text) => give({ kind: 'socketText', socket, text }),
        closed: (code) => give({ kind: 'socketClosed', socket, code }),
      })
    },
    perform(effect) {
      switch (effect.kind) {
        case 'obtainPass':
          passes.get({ signal: over.signal }).then(
            (pass) => {
              keeper.cause = undefined
              give({ kind: 'pass', pass, renewAtMs: passes.renewAtMs })
            },
            (error) => {
              keeper.cause = error
              give({
                kind: 'noPass',
                forGood: error instanceof WaypostError && error.code === 'edge-refused',
              })
            },
          )
          return
        case 'passRefused':
          return passes.forget(effect.pass)
        case 'closeSocket':
          return current?.close()
        case 'sendText':
          return current?.send(effect.text)
        case 'sendMessage':
          return current?.send(effect.message)
      }
    },
    stop: () => over.abort(),
  }
  return keeper
}
