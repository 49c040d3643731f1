// A shard's migrations, and what applies them.

/// <reference path="../sql.d.ts" />
import { bringUpToDate } from '../migrate.ts'
import shard from './migrations/0000_shard.sql'

export { hasTables } from '../migrate.ts'

export function migrate(storage: DurableObjectStorage): void {
  bringUpToDate(storage, [shard])
}
