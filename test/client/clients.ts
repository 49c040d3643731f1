// Clients of a test, closed when it is over; and waiting for what shall happen, without guessing how long it takes.

import { afterEach } from 'vitest'
import {
  type ConnectOptions,
  connect,
  type ErrorCode,
  type Waypost,
  WaypostError,
} from '../../client/index.ts'

const open: Waypost[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((waypost) => waypost.close()))
})

export async function client(
  url: string | readonly string[],
  options: ConnectOptions = {},
): Promise<Waypost> {
  const waypost = await connect(url, options)
  open.push(waypost)
  return waypost
}

/** The code of the WaypostError that it rejects with; anything else is no such failure. */
export async function codeOf(failing: Promise<unknown>): Promise<ErrorCode | 'none'> {
  try {
    await failing
    return 'none'
  } catch (error) {
    if (error instanceof WaypostError) return error.code
    throw error
  }
}

let rooms = 0

/** A room that no other test is in. */
export function newRoom(): string {
  return `room ${process.pid} ${++rooms}`
}
