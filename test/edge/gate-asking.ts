// Asking the edge as somebody at some address, over HTTP and for a room's socket.

import { exports } from 'cloudflare:workers'
import { WIRE_VERSION } from '../../protocol/wire/registry.ts'
import { offerOf } from '../support/passes.ts'
import { newPeer, RoomSocket } from './socket.ts'

interface Asking extends Omit<RequestInit, 'cf'> {
  readonly from?: string
  readonly cf?: object
}

export async function ask(path: string, { from, headers, ...init }: Asking = {}) {
  const all = { ...(from === undefined ? {} : { 'CF-Connecting-IP': from }), ...headers }
  const response = await exports.default.fetch(`https://edge.example${path}`, {
    ...init,
    headers: all,
  } as never)
  const text = await response.text()
  const error = text.startsWith('{"error"') ? JSON.parse(text).error : undefined
  return { status: response.status, headers: response.headers, code: error?.code, error, text }
}

/** Of somebody new. */
export const newJoin = () =>
  ({
    kind: 'join',
    version: WIRE_VERSION,
    peer: newPeer(),
    session: new Uint8Array(8),
    metadata: new Uint8Array(),
  }) as const

export async function enters(
  room: string,
  headers: Record<string, string>,
  network = 'default',
): Promise<RoomSocket> {
  const join = newJoin()
  const offered = (await offerOf(join, { network })).join(', ')
  const init = { headers: { Upgrade: 'websocket', 'Sec-WebSocket-Protocol': offered, ...headers } }
  const path = `https://edge.example/v1/rooms/${room}?network=${network}`
  return RoomSocket.of(await exports.default.fetch(path, init), join)
}

let addresses = 0
export const newAddress = () => `203.0.113.${++addresses}`
export const codes = async (asked: () => Promise<{ code?: string }>, times: number) => {
  const all: (string | undefined)[] = []
  for (let n = 0; n < times; n++) all.push((await asked()).code)
  return all
}
