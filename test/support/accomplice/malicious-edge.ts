// A malicious edge as tests see it: started like any other, told what lies to tell, and joined by an accomplice.

import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { TestBrowser } from '../browser.ts'
import { bundled } from '../bundles.ts'
import { LocalEdge } from '../local-edge.ts'
import type * as Mallory from './mallory.ts'
import { ACCOMPLICE_PATH, ORDERS_PATH, type Order } from './orders.ts'

declare global {
  /** In the accomplice's page. */
  var mallory: typeof Mallory
}

const FOLDER = join('test', 'support')

export function startMaliciousEdge(): Promise<LocalEdge> {
  return LocalEdge.start({ entry: join(FOLDER, 'malicious-edge', 'worker.ts') })
}

/** From now on, in this room. */
export async function order(edge: LocalEdge, room: string, order: Order): Promise<void> {
  const query = new URLSearchParams({ room, order: JSON.stringify(order) })
  const { status } = await fetch(`${edge.url}${ORDERS_PATH}?${query}`, { method: 'POST' })
  if (status !== 204) throw new Error(`the order was answered with ${status}`)
}

/** Whoever conspires with the edge in this room. The one place where it gets in. */
export async function openAccomplice(browser: TestBrowser, edge: LocalEdge, room: string): Promise<Page> {
  const page = await browser.page()
  const files = await bundled({
    entryPoints: [join(FOLDER, 'accomplice', 'mallory.ts')],
    bundle: true,
    format: 'iife',
    globalName: 'mallory',
    target: 'es2022',
  })
  const [content = ''] = files.values()
  await page.addScriptTag({ content })
  const door = `${edge.url.replace(/^http/, 'ws')}${ACCOMPLICE_PATH}?${new URLSearchParams({ room })}`
  await page.evaluate((door) => mallory.conspire(door), door)
  return page
}
