// A process that commits to a vault is killed, at any moment, again and again: what it said was kept is there, all of it, and
// of what it was about to say there is all or nothing. The file system outlives the process; a power cut is no part of this.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openKept } from '../../client/identities/keeper.ts'
import { VAULT_LOG_LEAST_BYTES } from '../../protocol/limits/identities.ts'
import { directory, here, kill, program } from '../client/identity-place.ts'
import { bytesOf } from '../support/vault-suite.ts'

describe('a process that is killed while it commits', () => {
  const source = `const { openKept } = await import('./client/identities/keeper.ts')
    const { bytesOf } = await import('./test/support/vault-suite.ts')
    const vault = await (await openKept(identity)).vault()
    const known = await vault.get('number')
    for (let number = known === undefined ? 1 : Number(new TextDecoder().decode(known)) + 1; ; number++) {
      const changes = new Map([['number', new TextEncoder().encode(String(number))]])
      for (let i = 0; i < 10; i++) changes.set('value ' + i, bytesOf(number + i, (number * 977 + i * 4_111) % 9_000))
      changes.set('batch ' + number, bytesOf(number, 100))
      changes.set('batch ' + (number - 20), undefined)
      await vault.commit(changes)
      say(number)
    }`

  /** Everything is of one commit; gives its number. */
  async function check(): Promise<number> {
    const held = await openKept({ name: 'alice', directory })
    const vault = await held.vault()
    const found = Object.fromEntries(await vault.entries(''))
    expect(vault.damaged).toBe(0)
    await held.release()
    if (Object.keys(found).length === 0) return 0
    const number = Number(new TextDecoder().decode(found.number))
    const expected: Record<string, Uint8Array> = { number: new TextEncoder().encode(String(number)) }
    for (let i = 0; i < 10; i++)
      expected[`value ${i}`] = bytesOf(number + i, (number * 977 + i * 4_111) % 9_000)
    for (let batch = Math.max(1, number - 19); batch <= number; batch++)
      expected[`batch ${batch}`] = bytesOf(batch, 100)
    expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort())
    for (const [name, value] of Object.entries(expected))
      expect(Buffer.compare(found[name] as Uint8Array, value), `${name} of commit ${number}`).toBe(0)
    return number
  }

  /** A process takes a second to begin; on a machine that has much else to do, many times as long. */
  const soon = { interval: 5, timeout: 120_000 }

  it('has every commit it said was made, and of the one under way all or nothing', async () => {
    await here().create('alice')
    let last = 0
    // As many as it takes for its log to be written anew on the way, and more than once.
    const wasMuch = () => last * 40_000 > 5 * VAULT_LOG_LEAST_BYTES
    for (let round = 0; round < 20 || (!wasMuch() && round < 100); round++) {
      const { child, says } = program(source)
      const ended = new Promise((resolve) => child.stdout?.once('end', resolve))
      // Now and then while it opens what the one before left; mostly while it commits, or writes its log anew.
      if (round % 8 !== 7) await expect.poll(() => says().length, soon).toBeGreaterThan(0)
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 250))
      await kill(child)
      await ended
      const said = Number(says().at(-1) ?? last)
      const found = await check()
      expect(found, `round ${round}: it said ${said}`).toBeGreaterThanOrEqual(said)
      expect(found).toBeLessThanOrEqual(said + 1)
      last = found
    }
    expect(wasMuch()).toBe(true)
    expect(statSync(join(directory, 'vault-alice')).size).toBeLessThan(2 * VAULT_LOG_LEAST_BYTES)
  }, 600_000)
})
