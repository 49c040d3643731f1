// A mailbox's migrations, and what applies them.

/// <reference path="../sql.d.ts" />
import { bringUpToDate } from '../migrate.ts'
import mailbox from './migrations/0000_mailbox.sql'

export { hasTables } from '../migrate.ts'

export function migrate(storage: DurableObjectStorage): void {
  bringUpToDate(storage, [mailbox])
}
