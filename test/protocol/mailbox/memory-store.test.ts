// The stores in memory, held to what every store is held to.

import { MemoryLetterStore, MemoryOwnerStore } from '../../../protocol/mailbox/memory-store.ts'
import { type Stores, storeCompliance } from './store-compliance.ts'

storeCompliance('in memory', (test) => {
  const stores: Stores = {
    letters: new MemoryLetterStore(),
    owner: new MemoryOwnerStore(),
    again: () => stores,
  }
  test(stores)
})
