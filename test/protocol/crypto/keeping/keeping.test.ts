// What a device keeps and what a backup holds: opens for who should open it, and for nobody else; every byte of it counts.

import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { makeBackup, openBackup } from '../../../../protocol/crypto/keeping/backup.ts'
import {
  type About,
  newSecrets,
  openSecrets,
  sealedBytes,
  sealSecrets,
} from '../../../../protocol/crypto/keeping/kept.ts'
import { type Keeping, lockBox, unlockBox } from '../../../../protocol/crypto/keeping/locked-box.ts'
import { passphraseKey } from '../../../../protocol/crypto/keeping/passphrase.ts'
import { sealedValues } from '../../../../protocol/crypto/keeping/sealed-values.ts'
import type { Subtle } from '../../../../protocol/crypto/subtle.ts'
import { PASSPHRASE_ROUNDS, PASSPHRASE_ROUNDS_MAX } from '../../../../protocol/limits/identities.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'
import { fixedSuite } from '../golden.ts'

const subtle = crypto.subtle as unknown as Subtle
const keepingOf = (name: string): Keeping => ({ subtle, suite: fixedSuite(name) })
const ROOT = Uint8Array.from({ length: 32 }, (_, i) => i)

const deviceKey = () =>
  subtle.importKey('raw', new Uint8Array(32).fill(7), { name: 'AES-GCM' }, false, ['encrypt', 'decrypt'])

/** The same with one bit another. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] as number) ^ 1
  return copy
}

describe('a passphrase', () => {
  it('gives the key that PBKDF2 gives elsewhere', async () => {
    const salt = new Uint8Array(16).fill(1)
    const elsewhere = pbkdf2Sync('correct horse', salt, 1_000, 32, 'sha256')
    expect(await passphraseKey(subtle, 'correct horse', salt, 1_000)).toEqual(new Uint8Array(elsewhere))
  })

  it('is the same however a keyboard spells it', async () => {
    const salt = new Uint8Array(16)
    const key = await passphraseKey(subtle, 'caf\u00e9', salt, 10)
    expect(await passphraseKey(subtle, 'cafe\u0301', salt, 10)).toEqual(key)
    expect(await passphraseKey(subtle, 'cafe', salt, 10)).not.toEqual(key)
  })
})

describe('a locked box', () => {
  const keeping = keepingOf('box')
  const about = utf8('about')
  const secret = utf8('secret')

  it('opens with its passphrase, and for what it is about', async () => {
    const box = await lockBox(keeping, 'open', about, secret, 10)
    expect(await unlockBox(keeping, 'open', about, box)).toEqual(secret)
    expect(await unlockBox(keeping, 'opem', about, box)).toBeUndefined()
    expect(await unlockBox(keeping, 'open', utf8('others'), box)).toBeUndefined()
  })

  it('opens with no bit of it changed, and not in part', async () => {
    const box = await lockBox(keeping, 'open', about, secret, 10)
    // From the second byte of the rounds on: with the first another, millions of rounds would be computed for nothing.
    for (let at = 2; at < box.length; at++) {
      expect(await unlockBox(keeping, 'open', about, flipped(box, at)), `byte ${at}`).toBeUndefined()
    }
    for (let length = 0; length < box.length; length++) {
      expect(await unlockBox(keeping, 'open', about, box.subarray(0, length))).toBeUndefined()
    }
  })

  it('asks for no more rounds than anybody has time for, nor for none', async () => {
    const box = await lockBox(keeping, 'open', about, secret, 10)
    const view = new DataView(box.buffer, box.byteOffset)
    for (const rounds of [0, PASSPHRASE_ROUNDS_MAX + 1, 0xffff_ffff]) {
      view.setUint32(0, rounds)
      const beganMs = performance.now()
      expect(await unlockBox(keeping, 'open', about, box)).toBeUndefined()
      expect(performance.now() - beganMs).toBeLessThan(500)
    }
  })
})

const GOLDEN =
  'waypost-backup-1-AAknwEe-vWflXR7pA1elziKycDHlWFVk7WkCpphpFbAQo20qfZgxP-A5PrxbIzqX_Y1aErPjpnCrg-JVJRvBMv4-Tndx28bV'

describe('a backup', () => {
  const keeping = keepingOf('backup')

  it('is this text, for this seed, passphrase and salt', async () => {
    expect(await makeBackup(keepingOf('golden'), ROOT, 'correct horse')).toBe(GOLDEN)
  })

  it('is what others can open by what is written about it', () => {
    const bytes = Buffer.from(GOLDEN.slice('waypost-backup-1-'.length), 'base64url')
    const label = Buffer.from('waypost/1 identity backup')
    const box = bytes.subarray(0, 68)
    expect(bytes.subarray(68)).toEqual(createHash('sha256').update(label).update(box).digest().subarray(0, 4))
    const key = pbkdf2Sync('correct horse', box.subarray(4, 20), box.readUInt32BE(0), 32, 'sha256')
    const opening = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 })
    opening.setAAD(label, { plaintextLength: 32 })
    opening.setAuthTag(box.subarray(52))
    expect(new Uint8Array(Buffer.concat([opening.update(box.subarray(20, 52)), opening.final()]))).toEqual(
      ROOT,
    )
  })

  it('says how many rounds its passphrase costs', async () => {
    const text = await makeBackup(keeping, ROOT, 'p')
    const bytes = Buffer.from(text.replace('waypost-backup-1-', ''), 'base64url')
    expect(bytes.readUInt32BE(0)).toBe(PASSPHRASE_ROUNDS)
  })

  it('gives the seed back, also when a mail wrapped its lines', async () => {
    const text = await makeBackup(keeping, ROOT, 'correct horse')
    expect(await openBackup(keeping, text, 'correct horse')).toEqual(ROOT)
    const wrapped = ` ${text.match(/.{1,40}/g)?.join('\r\n')}\n`
    expect(await openBackup(keeping, wrapped, 'correct horse')).toEqual(ROOT)
  })

  it('tells a wrong passphrase from a text that is damaged, and from one of a later version', async () => {
    const text = await makeBackup(keeping, ROOT, 'correct horse')
    expect(await openBackup(keeping, text, 'Correct horse')).toBe('wrong-passphrase')
    expect(await openBackup(keeping, text.replace('-1-', '-2-'), 'correct horse')).toBe('newer')
    const damaged = [
      '',
      'hello',
      'waypost-backup-1-',
      text.slice(1),
      text.slice(0, -1),
      `${text}A`,
      text.toUpperCase(),
      text.slice(0, 30) + text.slice(31),
    ]
    for (const each of damaged) expect(await openBackup(keeping, each, 'correct horse'), each).toBe('damaged')
    for (let at = 17; at < text.length; at++) {
      const other = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
      expect(await openBackup(keeping, other, 'correct horse'), other).toBe('damaged')
    }
  })

  it('of the same seed is never the same text', async () => {
    expect(await makeBackup(keeping, ROOT, 'p')).not.toBe(await makeBackup(keeping, ROOT, 'p'))
  })
})

describe('what a device keeps', () => {
  const keeping = keepingOf('kept')
  const about: About = { name: 'alice', id: new Uint8Array(32).fill(3), locked: false }
  const locked: About = { ...about, locked: true }

  it('opens with the key of the device', async () => {
    const secrets = newSecrets(keeping.suite.random, ROOT)
    const key = await deviceKey()
    const sealed = await sealSecrets(keeping, key, about, secrets, undefined)
    expect(sealed.length).toBe(sealedBytes(false))
    expect(await openSecrets(keeping, key, about, sealed, undefined)).toEqual({ ...secrets, root: ROOT })
    const other = await subtle.importKey('raw', ROOT, { name: 'AES-GCM' }, false, ['decrypt'])
    expect(await openSecrets(keeping, other, about, sealed, undefined)).toBe('damaged')
  })

  it('locked, needs the passphrase too', async () => {
    const secrets = newSecrets(keeping.suite.random)
    const key = await deviceKey()
    const sealed = await sealSecrets(keeping, key, locked, secrets, 'open')
    expect(sealed.length).toBe(sealedBytes(true))
    expect(await openSecrets(keeping, key, locked, sealed, undefined)).toBe('locked')
    expect(await openSecrets(keeping, key, locked, sealed, 'opem')).toBe('wrong-passphrase')
    expect(await openSecrets(keeping, key, locked, sealed, 'open')).toEqual(secrets)
  })

  it('without a lock does not pretend to have one', async () => {
    const key = await deviceKey()
    const sealed = await sealSecrets(keeping, key, about, newSecrets(keeping.suite.random), undefined)
    expect(await openSecrets(keeping, key, about, sealed, 'open')).toBe('wrong-passphrase')
  })

  it('opens under no other name or id, and with no bit of it changed', async () => {
    const key = await deviceKey()
    const sealed = await sealSecrets(keeping, key, about, newSecrets(keeping.suite.random), undefined)
    const others: readonly About[] = [
      { ...about, name: 'bob' },
      { ...about, id: new Uint8Array(32) },
      { ...about, locked: true },
    ]
    for (const other of others) {
      expect(await openSecrets(keeping, key, other, sealed, undefined)).toBe('damaged')
    }
    for (let at = 0; at < sealed.length; at++) {
      expect(await openSecrets(keeping, key, about, flipped(sealed, at), undefined)).toBe('damaged')
    }
    expect(await openSecrets(keeping, key, about, sealed.subarray(1), undefined)).toBe('damaged')
  })
})

describe('values of a store', () => {
  const keeping = keepingOf('values')

  it('open under the name they were sealed for, with the key of their store', async () => {
    const values = await sealedValues(keeping, new Uint8Array(32).fill(1))
    const others = await sealedValues(keeping, new Uint8Array(32).fill(2))
    const sealed = await values.seal('ticket', utf8('value'))
    expect(await values.open('ticket', sealed)).toEqual(utf8('value'))
    expect(await values.open('other', sealed)).toBeUndefined()
    expect(await others.open('ticket', sealed)).toBeUndefined()
    for (let at = 0; at < sealed.length; at++) {
      expect(await values.open('ticket', flipped(sealed, at))).toBeUndefined()
    }
    for (const length of [0, 5, 12, 27]) {
      expect(await values.open('ticket', sealed.subarray(0, length))).toBeUndefined()
    }
  })

  it('lie where their names cannot be read', async () => {
    const values = await sealedValues(keeping, new Uint8Array(32).fill(1))
    const others = await sealedValues(keeping, new Uint8Array(32).fill(2))
    const entry = await values.entryOf('ticket')
    expect(entry).toMatch(/^[\w-]{43}$/)
    expect(await values.entryOf('ticket')).toBe(entry)
    expect(await others.entryOf('ticket')).not.toBe(entry)
  })
})
