// A database of IndexedDB as any script of its origin sees it, and could change it: for tests, in their pages.

function asked<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

type Plain = { readonly key: unknown; readonly value: unknown }

/** Bytes as text; keys of cryptography as what they are for. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value].join(' ')
  if (value instanceof CryptoKey) return value.algorithm.name
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
}

export async function rawContents(
  name: string,
): Promise<{ version: number; stores: Record<string, readonly Plain[]> }> {
  const database = await asked(indexedDB.open(name))
  const stores: Record<string, readonly Plain[]> = {}
  for (const store of database.objectStoreNames) {
    const objects = database.transaction(store).objectStore(store)
    const [keys, values] = await Promise.all([asked(objects.getAllKeys()), asked(objects.getAll())])
    stores[store] = keys.map((key, i) => ({ key, value: plain(values[i]) }))
  }
  const { version } = database
  database.close()
  return { version, stores }
}

/** `change`, as the text of a function, has the values of a vault by slot, and the slots; a size is put for each that is new. */
export async function changeRaw(name: string, change: string): Promise<void> {
  const act = new Function(`return (${change})`)() as (values: Map<string, unknown>, slots: string[]) => void
  const database = await asked(indexedDB.open(name))
  const transaction = database.transaction(['sizes', 'values'], 'readwrite')
  const [sizes, objects] = [transaction.objectStore('sizes'), transaction.objectStore('values')]
  const [keys, all] = await Promise.all([asked(objects.getAllKeys()), asked(objects.getAll())])
  const slots = keys.map(String)
  const values = new Map<string, unknown>(slots.map((slot, i) => [slot, all[i]]))
  act(values, slots)
  for (const slot of slots) if (!values.has(slot)) objects.delete(slot)
  for (const [slot, value] of values) {
    objects.put(value, slot)
    if (!slots.includes(slot)) sizes.put('no size', slot)
  }
  await new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
  database.close()
}
