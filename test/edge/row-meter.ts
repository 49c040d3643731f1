// Rows that an object writes, counted where the platform counts for the bill: at each statement's cursor, and an alarm that
// is set is a row.

import { runInDurableObject } from 'cloudflare:test'
import { ALARM_ROWS } from '../../scripts/cost/usage.ts'

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>
type Counted = Readonly<Record<'statements' | 'alarms', number>>

/** Counts for one object from now on, and says what it has counted since it was last asked. */
export async function meterOf(stub: DurableObjectStub): Promise<() => Promise<Counted>> {
  const cursors: Cursor[] = []
  let alarms = 0
  await runInDurableObject(stub, (_, { storage }) => {
    const { sql } = storage
    const exec = sql.exec.bind(sql) as (query: string, ...bindings: SqlStorageValue[]) => Cursor
    const setAlarm = storage.setAlarm.bind(storage)
    const counted = (query: string, ...bindings: SqlStorageValue[]) => {
      const cursor = exec(query, ...bindings)
      cursors.push(cursor)
      return cursor
    }
    Object.defineProperty(sql, 'exec', { value: counted, configurable: true })
    const countedAlarm = (atMs: number) => {
      alarms++
      return setAlarm(atMs)
    }
    Object.defineProperty(storage, 'setAlarm', { value: countedAlarm, configurable: true })
  })
  return () =>
    runInDurableObject(stub, () => {
      const statements = cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0)
      const rows = { statements, alarms: alarms * ALARM_ROWS }
      cursors.length = 0
      alarms = 0
      return rows
    })
}
