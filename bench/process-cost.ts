// What a process has used: processor seconds (all its threads, user and kernel) and resident memory. Time on the wall
// says more about the machine's other tenants than about the server.

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

// The unit of /proc's times: 100 a second on every Linux that Node runs on (USER_HZ is part of its interface).
const TICKS_PER_SECOND = 100

export function cpuSeconds(pid: number): number {
  const path = `/proc/${pid}/stat`
  if (existsSync(path)) {
    // The second field is the command in brackets and may hold anything; what follows it is fixed.
    const fields = readFileSync(path, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  }
  const time = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  return time.split(/[-:]/).reduce((sum, part) => sum * 60 + Number(part), 0)
}

/**
 * To the microsecond where Linux says so: for work too short for ticks, in a process whose threads stay. Another process
 * must be waiting by then, since what a thread uses is counted when it stops; of our own the system knows at once.
 */
export function cpuMilliseconds(pid: number): number {
  if (pid === process.pid) {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  }
  const threads = `/proc/${pid}/task`
  if (!existsSync(`/proc/${pid}/schedstat`)) return cpuSeconds(pid) * 1_000
  let nanoseconds = 0
  for (const thread of readdirSync(threads)) {
    try {
      nanoseconds += Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      // It has ended since it was listed.
    }
  }
  return nanoseconds / 1e6
}

export function residentKilobytes(pid: number): number {
  const path = `/proc/${pid}/status`
  if (existsSync(path)) return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(path, 'utf8'))?.[1])
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim())
}
