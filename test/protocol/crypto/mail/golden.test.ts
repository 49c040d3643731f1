// The messages as bytes, with fixed randomness: what changes here changed the protocol. And the schedule of keys by another's
// hands, so that it is not only the same as yesterday but what the page says.

import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { contentMax } from '../../../../protocol/crypto/mail/envelope.ts'
import { packCorrespondence, packPrekeys } from '../../../../protocol/crypto/mail/packing.ts'
import type { Listening, Speaking } from '../../../../protocol/crypto/mail/session.ts'
import { MAIL_ENVELOPE_CLASSES } from '../../../../protocol/limits/mail.ts'
import { digest, fixedSuite, hex } from '../golden.ts'
import { Correspondent } from './correspondents.ts'

const suite = fixedSuite('golden mail')
let alice: Correspondent
let bob: Correspondent
const envelopes: Uint8Array[] = []
beforeAll(async () => {
  alice = await Correspondent.no(suite, 1, 1)
  bob = await Correspondent.no(suite, 2, 2)
  envelopes.push(await alice.writes(bob, 'hello'))
  await bob.reads(envelopes[0]!)
  envelopes.push(await bob.writes(alice, 'hello to you'))
  await alice.reads(envelopes[1]!)
  envelopes.push(await alice.writes(bob, 'x'.repeat(3_000)))
  envelopes.push(await bob.writes(await Correspondent.no(suite, 3, 0), 'hello'))
})

describe('golden bytes', () => {
  it('of a publication', () => {
    expect([bob.publication, bob.head].map(digest)).toMatchInlineSnapshot(`
      [
        "9356 c4d889ef3659b5d8c8127c2c5befc7303c77ef97692a137db876e08cbcf73384 57505031020007a1200007a3f01c7328..bb651d45810c5a1f",
        "6522 828c4f88cbb12129d66ee371e1c9299d6a45bf75dbdb82eccdceda79c1468860 57505031020007a1200007a3f01c7328..000006090d131b1f",
      ]
    `)
  })

  it('of a first message, an answer, a larger one, and a first one without a one-time prekey', () => {
    expect(envelopes.map(digest)).toMatchInlineSnapshot(`
      [
        "16384 c8cf2c19e2f6cfd8b812073655ba3c384f5e841437a7b5758d3da37ce39b17fb 01a2b9b6a32e7b8497051e0d68bb08a7..24e812b3176c4b2b",
        "4096 faa75cb369a61ce7d63d57c551d859af47e6456754042632a6c98dcd182660a7 01af44618ae2ec8e534be4be31be6a24..c5f0c9a753dc431c",
        "16384 18ade4c7f315c1061add00571addf04061067080c152f46c9dbe91c0339531d0 01f1bd8d33d0433007a392ccba9e977a..47682a69e8e072e7",
        "16384 1c4b8ea87b41fbef513ecf4448faee91ab37d39e4c943cfdcd63652e97a57ffd 01bc364fae57a500f08a09f5806a12bb..191d2727bba8c011",
      ]
    `)
  })

  it('of the sessions they made', () => {
    expect([...alice.book, ...bob.book].map(({ sessions }) => hex(sessions[0]!.id))).toMatchInlineSnapshot(`
      [
        "c2d036d0a95d3005444aa46b1366adf0",
        "0d65a24f31369c4835654a173a27d945",
        "c2d036d0a95d3005444aa46b1366adf0",
      ]
    `)
  })

  it('of what is put away', () => {
    const kept = [packPrekeys(bob.prekeys), ...[...alice.book, ...bob.book].map(packCorrespondence)]
    expect(kept.map(digest)).toMatchInlineSnapshot(`
      [
        "95 19d79887d5977c3ab54b715c56a1425fc408251b028be744eb3740da5a334b1a 010001416ce19a3007ca9a873ffa5191..ab430007a7680000",
        "2750 3e21ad93bc2801c4a5336ddbd090829f931cce223d2e3bd4182d0ac9534f1d2b 01668847a794c8144b69e09095c7de6f..d8df000000010000",
        "11511 3a688c97f645f03d076d8c50ed8a6fa13bf53f2da4ac1e8c9c3e3f148bb7e1e5 014907afbe80f2b472cf4bf26f6222f7..840b587c0dba0000",
        "2718 39f01f206b684603a4021e2b2bedeb1c752379da381b0841f363e2423eb05ba9 0148dbea384a3d2999c105a51443f5ea..99bb000000010000",
      ]
    `)
  })
})

describe('how much an envelope holds', () => {
  it('is what is left of its class', () => {
    const all = MAIL_ENVELOPE_CLASSES.map((size) => [contentMax('first', size), contentMax('later', size)])
    expect(all).toEqual([
      [undefined, 1_677],
      [7_480, 12_845],
      [56_632, 61_997],
      [253_240, 258_605],
    ])
  })

  it('is held, and not one byte more', async () => {
    for (const [i, size] of MAIL_ENVELOPE_CLASSES.entries()) {
      const most = contentMax('later', size)!
      expect((await bob.writes(alice, new Uint8Array(most))).length).toBe(size)
      const next = bob.writes(alice, new Uint8Array(most + 1))
      if (i === 3) await expect(next).rejects.toThrow(RangeError)
      else expect((await next).length).toBe(MAIL_ENVELOPE_CLASSES[i + 1])
    }
    const carol = await Correspondent.no(suite, 4, 0)
    await expect(bob.writes(carol, new Uint8Array(253_241))).rejects.toThrow(RangeError)
    const largest = await bob.writes(carol, new Uint8Array(253_240).fill(7))
    expect([largest.length, (await carol.reads(largest)).length]).toEqual([256 * 1_024, 253_240])
  })
})

// ---- by another's hands -----------------------------------------------------------------------------------------

const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]) =>
  createHmac('sha256', key).update(Buffer.concat(parts)).digest()

/** HKDF-Expand. */
function expand(key: Uint8Array, label: string, context: readonly Uint8Array[], length = 32): Buffer {
  const info = Buffer.concat([Buffer.from(`waypost/1 mail ${label}`), ...context])
  const one = hmac(key, info, Uint8Array.of(1))
  return Buffer.concat([one, hmac(key, one, info, Uint8Array.of(2))]).subarray(0, length)
}

function unseal(key: Uint8Array, label: string, salt: Uint8Array, aad: Uint8Array, box: Uint8Array): Buffer {
  const both = expand(key, label, [salt], 44)
  const cipher = createDecipheriv('chacha20-poly1305', both.subarray(0, 32), both.subarray(32), {
    authTagLength: 16,
  })
  cipher.setAAD(aad, { plaintextLength: box.length - 16 }).setAuthTag(box.subarray(-16))
  return Buffer.concat([cipher.update(box.subarray(0, -16)), cipher.final()])
}

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

describe('a later message', () => {
  it('opens by what the page says, from the root before and the other’s ratchet key', async () => {
    const [one, other] = [await Correspondent.no(suite, 5, 1), await Correspondent.no(suite, 6, 1)]
    await other.reads(await one.writes(other, 'hello'))
    const [before] = other.with(one)!.sessions
    const [pending] = one.with(other)!.sessions
    expect((before!.phase as Listening).kind).toBe('listening')
    const envelope = await other.writes(one, 'an answer')
    const [salt, tag] = [envelope.subarray(1, 17), envelope.subarray(17, 33)]
    const [tags, headers] = ['tags', 'headers'].map((label) => expand(before!.root, label, [u32(1)]))
    expect(hex(hmac(tags!, salt).subarray(0, 16))).toBe(hex(tag))
    const header = unseal(headers!, 'header', salt, envelope.subarray(0, 33), envelope.subarray(33, 2_399))
    const [ciphertext, ratchetKey] = [header.subarray(0, 1_120), header.subarray(1_120, 2_336)]
    expect(header.readUIntBE(2_336, 6)).toBe(other.with(one)!.life)
    expect([header.readUInt32BE(2_342), header.readUInt32BE(2_346)]).toEqual([0, 0])
    const pair = await suite.kem.keyPair((pending!.phase as Speaking).seed)
    const prk = hmac(before!.root, (await pair.decapsulate(ciphertext))!)
    const carried = createHash('sha256').update(ciphertext).update(ratchetKey).digest()
    const about = [before!.id, u32(1), carried]
    expect(hex(expand(prk, 'turn root', about))).toBe(hex(other.with(one)!.sessions[0]!.root))
    const messageKey = expand(expand(prk, 'turn chain', about), 'message', [])
    const body = unseal(messageKey, 'body', salt, envelope.subarray(0, 2_399), envelope.subarray(2_399))
    expect(body.subarray(0, 13).toString('latin1')).toBe('\0\0\0\x09an answer')
    expect(body.subarray(13).every((byte) => byte === 0)).toBe(true)
  })
})
