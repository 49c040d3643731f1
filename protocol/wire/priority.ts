// A priority as a byte, in the frames of mailboxes and in what a client keeps of mail: its place in the list.

import { PRIORITIES, type Priority } from '../priority.ts'
import { type Reader, WireError, type Writer } from './bytes.ts'

export function writePriority(to: Writer, priority: Priority): Writer {
  return to.u8(PRIORITIES.indexOf(priority))
}

export function readPriority(from: Reader): Priority {
  const priority = PRIORITIES[from.u8()]
  if (priority === undefined) throw new WireError('bad-value', 'no such priority')
  return priority
}
