// What numbers and states are called on the page.

import type { DirectStatus, Via } from '../index.ts'

const number = new Intl.NumberFormat('en')

/** Never more digits than mean something: clocks here and at the edge are coarse. */
export function milliseconds(ms: number): string {
  return ms < 0.5 ? '<1' : number.format(Math.round(ms))
}

export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`
}

export function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'] as const
  let size = count
  let unit = 0
  while (size >= 1023.5 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${number.format(Math.round(size * 10) / 10)} ${units[unit]}`
}

export const count = (value: number): string => number.format(value)

export function clock(at: Date): string {
  return at.toLocaleTimeString('en-GB')
}

/** A time that may be days away. */
export function moment(ms: number): string {
  return new Date(ms).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
}

/** All ids begin alike, since they say which hash they are; their ends differ. */
export const shortId = (id: string): string => `…${id.slice(-6)}`

const FAILED = {
  'no-answer': 'the peer did not answer',
  'no-path': 'no pair of addresses worked in time',
  'ice-failed': 'the browser found no way through',
  'not-supported': 'the browsers do not understand each other',
} as const

const DECLINED = {
  'relay-only': 'it wants relay only',
  'no-webrtc': 'it has no WebRTC',
  'too-many': 'it has all the connections it may have',
} as const

const OFF = {
  'relay-only': 'you chose relay only',
  'no-webrtc': 'this browser has no WebRTC',
  'too-many': 'this page has all the connections it may have',
} as const

export function directWords(status: DirectStatus | undefined, via: Via | undefined): string {
  switch (status?.state) {
    case undefined:
    case 'idle':
      return 'No direct connection'
    case 'attempting':
      return 'Making a direct connection…'
    case 'open':
      return via === 'direct' ? 'Direct connection open' : 'Direct connection open, silent at the moment'
    case 'failed': {
      const seconds = Math.ceil(status.retryInMs / 1_000)
      return `No direct connection: ${FAILED[status.reason]}. Tries again in ${seconds} s`
    }
    case 'declined':
      return `No direct connection: ${DECLINED[status.reason]}`
    case 'off':
      return `No direct connection: ${OFF[status.reason]}`
  }
}
