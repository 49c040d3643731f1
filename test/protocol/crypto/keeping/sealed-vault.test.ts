// What a vault's slots and values are: made here a second time by other code, opened by nobody else, and of any name.

import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sealedVault } from '../../../../protocol/crypto/keeping/sealed-vault.ts'
import type { Subtle } from '../../../../protocol/crypto/subtle.ts'
import { VAULT_NAME_BYTES_MAX } from '../../../../protocol/limits/identities.ts'
import { fixedSuite } from '../golden.ts'

const keeping = { subtle: crypto.subtle as unknown as Subtle, suite: fixedSuite('vault') }
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i)
const OTHER_KEY = new Uint8Array(32).fill(1)
const utf8 = (text: string) => new TextEncoder().encode(text)

/** Node's HKDF always extracts first; expanding alone is one HMAC for so few bytes. */
const expanded = (label: string) => createHmac('sha256', KEY).update(label).update(Uint8Array.of(1)).digest()

describe('a slot', () => {
  it('is what its layout says, computed elsewhere', async () => {
    const padded = Buffer.concat([Uint8Array.of(12), utf8('outbox/carol'), new Uint8Array(19)])
    const iv = createHmac('sha256', expanded('waypost/1 vault addresses'))
      .update(padded)
      .digest()
      .subarray(0, 12)
    const cipher = createCipheriv('aes-256-gcm', expanded('waypost/1 vault names'), iv)
    const sealed = Buffer.concat([iv, cipher.update(padded), cipher.final(), cipher.getAuthTag()])
    const vault = await sealedVault(keeping, KEY)
    expect(await vault.slotOf('outbox/carol')).toBe(sealed.toString('base64url'))
  })

  it('is always the same for a name, gives the name back, and is another for another name or key', async () => {
    const [vault, again, other] = await Promise.all(
      [KEY, KEY, OTHER_KEY].map((key) => sealedVault(keeping, key)),
    )
    if (vault === undefined || again === undefined || other === undefined) throw new Error('never')
    const name = fc
      .string({ unit: 'grapheme', maxLength: 60 })
      .filter((text) => utf8(text).length <= VAULT_NAME_BYTES_MAX)
    await fc.assert(
      fc.asyncProperty(name, name, async (one, two) => {
        const slot = await vault.slotOf(one)
        expect(await again.slotOf(one)).toBe(slot)
        expect(await vault.nameOf(slot)).toBe(one)
        expect((await vault.slotOf(two)) === slot).toBe(one === two)
        expect(await other.slotOf(one)).not.toBe(slot)
        expect(await other.nameOf(slot)).toBeUndefined()
      }),
      { numRuns: 50 },
    )
  })

  it('says of the length of a name only how many times 32 bytes it has', async () => {
    const vault = await sealedVault(keeping, KEY)
    const lengths = async (least: number, most: number) => {
      const slots: number[] = []
      for (let length = least; length <= most; length++)
        slots.push((await vault.slotOf('x'.repeat(length))).length)
      return [...new Set(slots)]
    }
    expect(await lengths(0, 31)).toEqual([80])
    expect(await lengths(32, 63)).toEqual([123])
    expect(await vault.nameOf(await vault.slotOf('x'.repeat(255)))).toBe('x'.repeat(255))
    await expect(vault.slotOf('x'.repeat(256))).rejects.toThrow(RangeError)
  })

  it('that was changed or made up is of no name', async () => {
    const vault = await sealedVault(keeping, KEY)
    const slot = await vault.slotOf('a')
    for (let at = 0; at < slot.length; at++) {
      const changed = `${slot.slice(0, at)}${slot[at] === 'A' ? 'B' : 'A'}${slot.slice(at + 1)}`
      expect(await vault.nameOf(changed), `character ${at}`).toBeUndefined()
    }
    for (const made of ['', 'A', 'damaged-17', slot.slice(4), `${slot}AAAA`, '…', 'A'.repeat(400)])
      expect(await vault.nameOf(made), made).toBeUndefined()
  })
})

describe('a value', () => {
  it('is what its layout says, read elsewhere', async () => {
    const vault = await sealedVault(keeping, KEY)
    const slot = await vault.slotOf('a')
    const sealed = await vault.seal(slot, utf8('value'))
    const cipher = createDecipheriv('aes-256-gcm', expanded('waypost/1 vault values'), sealed.subarray(0, 12))
    cipher.setAAD(utf8(slot)).setAuthTag(sealed.subarray(-16))
    expect(Buffer.concat([cipher.update(sealed.subarray(12, -16)), cipher.final()]).toString()).toBe('value')
  })

  it('opens under its slot alone, with its key alone, and with no bit of it changed', async () => {
    const [vault, other] = [await sealedVault(keeping, KEY), await sealedVault(keeping, OTHER_KEY)]
    const [one, two] = [await vault.slotOf('one'), await vault.slotOf('two')]
    const sealed = await vault.seal(one, utf8('value'))
    expect(await vault.open(one, sealed)).toEqual(utf8('value'))
    expect(await vault.open(two, sealed)).toBeUndefined()
    expect(await other.open(one, sealed)).toBeUndefined()
    expect(await vault.seal(one, utf8('value'))).not.toEqual(sealed)
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.map((byte, i) => (i === at ? byte ^ 1 : byte))
      expect(await vault.open(one, changed)).toBeUndefined()
      expect(await vault.open(one, sealed.subarray(0, at))).toBeUndefined()
    }
  })
})
