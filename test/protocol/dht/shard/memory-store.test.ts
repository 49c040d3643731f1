// The store in memory, held to what every store must do.

import { MemoryShardStore, ShardTables } from '../../../../protocol/dht/shard/memory-store.ts'
import { shardStoreCompliance } from './store-compliance.ts'

shardStoreCompliance('memory', (test) => {
  const tables = new ShardTables()
  test({ store: new MemoryShardStore(tables), again: () => new MemoryShardStore(tables) })
})
