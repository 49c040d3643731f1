// The messages as bytes, with fixed randomness: what changes here changed the protocol.

import { createDecipheriv, createHash, createHmac } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { associatedData, roomTag } from '../../../../protocol/crypto/broadcast/layout.ts'
import { SendingChain } from '../../../../protocol/crypto/broadcast/sending-chain.ts'
import { BROADCAST_ASK_MS } from '../../../../protocol/limits/broadcast.ts'
import { digest, fixedSuite, hex } from '../golden.ts'
import { company, idBytes, type Member, PLACE } from './company.ts'

const suite = fixedSuite('golden broadcast')
let alice: Member
let bob: Member
beforeAll(async () => {
  const members = await company(suite, 6)
  ;[alice, bob] = members as [Member, Member]
  await alice.says('hello')
  await alice.says('hello')
  for (const frame of alice.frames) await bob.hears(alice.id, frame)
  await bob.waits(BROADCAST_ASK_MS)
  await alice.misses((members[5] as Member).id)
  await alice.says('to each')
})

/** HKDF-Expand, by another's hands. */
function expand(key: Uint8Array, label: string, length: number): Buffer {
  const one = createHmac('sha256', key).update(label).update(Uint8Array.of(1)).digest()
  const two = createHmac('sha256', key).update(one).update(label).update(Uint8Array.of(2)).digest()
  return Buffer.concat([one, two]).subarray(0, length)
}

describe('golden bytes', () => {
  it('of a room’s tag, and of what is authenticated with a frame', async () => {
    const tag = await roomTag(suite.hash, PLACE.network, PLACE.room)
    expect(hex(tag)).toMatchInlineSnapshot(
      `"ba1ccf80d3ff28ef5a3394c88f77406f69b92100081d7b4f3170be8b7b363a0d"`,
    )
    expect(
      hex(associatedData(tag, idBytes(1), { id: idBytes(2).subarray(0, 8), counter: 3 })),
    ).toMatchInlineSnapshot(
      `"b1ba1ccf80d3ff28ef5a3394c88f77406f69b92100081d7b4f3170be8b7b363a0d0101010101010101010101010101010101010101010101010101010101010101020202020202020200000003"`,
    )
  })

  it('of a chain, step by step', async () => {
    const chain = new SendingChain(fixedSuite('golden chain'), 0)
    const keys: string[] = []
    for (let step = 0; step < 3; step++) {
      keys.push(hex(chain.key))
      await chain.seal(new Uint8Array(), new Uint8Array(64))
    }
    expect(keys).toMatchInlineSnapshot(`
      [
        "60cfb3e1e0d0a85297029508a597b3bac9a6c22def33124301861ad2d9a522a3",
        "d5eb58b704b3fd660ab037660255c231f15452168de1a25addbe1bb5f5e2045c",
        "ea2f92b168e8b92f85325adfe3d73f08eee0eb18bbaf227605877f7e8da25e7b",
      ]
    `)
  })

  it('of frames', () => {
    expect(alice.frames.map(hex)).toMatchInlineSnapshot(`
      [
        "b109015cf4d055572900000000f147042a22756bf371bc6e90758cedf3bdc02700592904dd23bc6282b625338d6045e8240f52ba42e795892d4c333d011ab84bcdd4ac432fd3c95476f3cb18ed2fccb837a68df7aa66ec1650f78fdbc8",
        "b109015cf4d0555729000000018c74977058d0e836cedb147b584707a21aa8394314f43a8874a1383e6053981cffc731b2501af2cdd34d8206ba4b3aa35e6145b38ebbca104439edde532590e1b55b8e22f43e86203d21882dd3dcda76",
      ]
    `)
  })

  it('of a position that is given, of what is said to each, and of what is asked for', () => {
    const [key] = alice.service
    expect(
      [key, alice.service.at(-1), bob.service[0]].map((sent) => hex(sent?.bytes ?? new Uint8Array())),
    ).toMatchInlineSnapshot(`
      [
        "b3ba1ccf80d3ff28ef5a3394c88f77406f69b92100081d7b4f3170be8b7b363a0d09015cf4d0555729000000000020d74125bce52cb3c3d743278dfa2884c6e399fb8084aa961e7dc132a81ec9bd1b000000000000000000000000000000000000000000000000000000000000",
        "b2ba1ccf80d3ff28ef5a3394c88f77406f69b92100081d7b4f3170be8b7b363a0d09015cf4d0555729000000020007746f206561636800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        "b4ba1ccf80d3ff28ef5a3394c88f77406f69b92100081d7b4f3170be8b7b363a0d09015cf4d05557290000000100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
      ]
    `)
    expect(alice.service.map(({ bytes }) => digest(bytes))).toMatchInlineSnapshot(`
      [
        "109 b65774a1f76fc838fbbe9da7e999ff9ee5de52d07f65c21402899c8e0b8b6e4e b3ba1ccf80d3ff28ef5a3394c88f7740..0000000000000000",
        "109 b65774a1f76fc838fbbe9da7e999ff9ee5de52d07f65c21402899c8e0b8b6e4e b3ba1ccf80d3ff28ef5a3394c88f7740..0000000000000000",
        "109 b65774a1f76fc838fbbe9da7e999ff9ee5de52d07f65c21402899c8e0b8b6e4e b3ba1ccf80d3ff28ef5a3394c88f7740..0000000000000000",
        "109 b65774a1f76fc838fbbe9da7e999ff9ee5de52d07f65c21402899c8e0b8b6e4e b3ba1ccf80d3ff28ef5a3394c88f7740..0000000000000000",
        "109 b65774a1f76fc838fbbe9da7e999ff9ee5de52d07f65c21402899c8e0b8b6e4e b3ba1ccf80d3ff28ef5a3394c88f7740..0000000000000000",
        "109 6052981d355c5d7e75c6df2fd37b8de42fe913b8c2eea8ae08e421af17047430 b2ba1ccf80d3ff28ef5a3394c88f7740..0000000000000000",
        "109 6052981d355c5d7e75c6df2fd37b8de42fe913b8c2eea8ae08e421af17047430 b2ba1ccf80d3ff28ef5a3394c88f7740..0000000000000000",
        "109 6052981d355c5d7e75c6df2fd37b8de42fe913b8c2eea8ae08e421af17047430 b2ba1ccf80d3ff28ef5a3394c88f7740..0000000000000000",
        "109 6052981d355c5d7e75c6df2fd37b8de42fe913b8c2eea8ae08e421af17047430 b2ba1ccf80d3ff28ef5a3394c88f7740..0000000000000000",
      ]
    `)
  })

  it('are those of the page: a frame opens by hand, with another implementation', () => {
    const given = alice.service[0]?.bytes as Uint8Array
    const frame = alice.frames[1] as Uint8Array
    const tag = createHash('sha256')
      .update('waypost/1 broadcast room')
      .update(Uint8Array.of(0, 4))
      .update('demolobby')
    const length = Uint8Array.of(0, 32)
    expect([...given.subarray(45, 47)]).toEqual([...length])
    const chain = expand(given.subarray(47, 79), 'waypost/1 broadcast step', 32)
    const key = expand(chain, 'waypost/1 broadcast message', 44)
    const options = { authTagLength: 16 }
    const decipher = createDecipheriv('chacha20-poly1305', key.subarray(0, 32), key.subarray(32), options)
    const position = frame.subarray(1, 13)
    const aad = Buffer.concat([Uint8Array.of(0xb1), tag.digest(), idBytes(1), position])
    decipher.setAAD(aad, { plaintextLength: 64 })
    decipher.setAuthTag(frame.subarray(-16))
    const padded = Buffer.concat([decipher.update(frame.subarray(13, -16)), decipher.final()])
    expect(padded.toString('latin1')).toBe(`\0\x05hello${'\0'.repeat(57)}`)
    expect(frame.subarray(1, 9)).toEqual(given.subarray(33, 41))
    expect([...frame.subarray(9, 13)]).toEqual([0, 0, 0, 1])
  })
})
