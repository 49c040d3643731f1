// A file that one browser provides in the DHT and others fetch: what tests of several files say of it.

import type { BrowserPeer } from './browser-peer.ts'

export const FILE_BYTES = 20_000_000

declare global {
  var stopping: AbortController
}

/** Puts a file of which no two blocks are alike; gives its CID and its digest. */
export async function puts(
  { page }: BrowserPeer,
  bytes = FILE_BYTES,
): Promise<{ cid: string; digest: string }> {
  return page.evaluate(async (length) => {
    const bytes = new Uint8Array(length)
    let state = length
    for (let i = 0; i < length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      bytes[i] = state >>> 24
    }
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    return { cid: await kept.waypost.dht.put(bytes), digest: [...digest].join() }
  }, bytes)
}

/** What was fetched, as its digest; or the code of what it failed with. `kept.events` has its progress. */
export function gets({ page }: BrowserPeer, cid: string, provide = false): Promise<string> {
  return page.evaluate(
    async ([cid, provide]) => {
      globalThis.stopping = new AbortController()
      const onProgress = ({ bytes, total }: { bytes: number; total: number | undefined }) =>
        kept.events.push(`${bytes} of ${total}`)
      try {
        const bytes = await kept.waypost.dht.get(cid, { onProgress, provide, signal: stopping.signal })
        return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].join()
      } catch (error) {
        return (error as { code?: string }).code ?? String(error)
      }
    },
    [cid, provide] as const,
  )
}

/** Waits until about this share of the file has come. */
export async function hasGot({ page }: BrowserPeer, share: number): Promise<void> {
  await page.waitForFunction(
    (bytes) => Number(kept.events.at(-1)?.split(' ')[0] ?? 0) >= bytes,
    FILE_BYTES * share,
    { timeout: 60_000, polling: 5 },
  )
}
