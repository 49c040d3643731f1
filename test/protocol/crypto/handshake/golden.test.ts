// The messages as bytes, with fixed randomness: what changes here changed the protocol.

import { beforeAll, describe, expect, it } from 'vitest'
import { encodeBinding } from '../../../../protocol/crypto/handshake/binding.ts'
import { Joins } from '../../../../protocol/crypto/handshake/join.ts'
import { ResumeResponder, Resumer } from '../../../../protocol/crypto/handshake/resume.ts'
import type { Session } from '../../../../protocol/crypto/handshake/session.ts'
import { RecordLayer } from '../../../../protocol/crypto/records/layer.ts'
import { Rekeying } from '../../../../protocol/crypto/records/rekey.ts'
import { utf8 } from '../../../../protocol/wire/bytes.ts'
import { digest, fixedSuite, hex } from '../golden.ts'
import { type Cast, cast, DTLS, dial, listen, type Met, meet, NOW, RELAY } from './meeting.ts'

const suite = fixedSuite('golden handshake')
let peers: Cast
let met: Met
beforeAll(async () => {
  peers = await cast(suite)
  met = await meet(
    await dial(suite, peers.alice, peers.bob, { ext: utf8('hello') }),
    await listen(suite, peers.bob),
  )
})

const secrets = ({ send, receive, root, paths, link, tickets: { ours, theirs } }: Session) =>
  [send, receive, root, paths, link, ours.id, ours.secret, theirs.id, theirs.secret].map(hex)

describe('golden bytes', () => {
  it('of who the two are', () => {
    expect([peers.alice.id, peers.bob.id].map(hex)).toMatchInlineSnapshot(`
      [
        "48dbea384a3d2999c105a51443f5ea627c1d148ddaa8e7125ab8915bef498f4a",
        "668847a794c8144b69e09095c7de6f47c20b8dc8cfb7ceaef4caa6784d756a97",
      ]
    `)
  })

  it('of channel bindings', async () => {
    expect(
      [await encodeBinding(suite.hash, RELAY), await encodeBinding(suite.hash, DTLS)].map(hex),
    ).toMatchInlineSnapshot(`
      [
        "0120f53b08814664d73e6c6cb7f93bb066b7db0213ba6d98a09f460e9e67fc07123b",
        "024011111111111111111111111111111111111111111111111111111111111111112222222222222222222222222222222222222222222222222222222222222222",
      ]
    `)
  })

  it('of a handshake', () => {
    expect([met.m1, met.m2, met.m3].map(digest)).toMatchInlineSnapshot(`
      [
        "1280 5aaf4fe22dd68c1f09c94027061eb7de2c456f3d90ef5a194c8cefc6750e0c06 575048310100cacadada0001fafa08e4..93c0443d2d3c0000",
        "6696 6fc869a9b62df0818322498570a79e282a81d9fca2010ca7dfc333c1f20eebe0 57504831020000013835db701813f323..8421aeeac7fc2cba",
        "5542 41590019f5b84ed86d64e62964a25d9753758c95e8a206b29728c5199fc09b0e 575048310300a7a5b87e0b7cc961a22c..2a0620eca47e41a3",
      ]
    `)
  })

  it('of what it ends in', () => {
    expect(secrets(met.alices)).toMatchInlineSnapshot(`
      [
        "579a536c6b0234620e03145f461da23495a71a16df46656f0c9c98cf38edac9b",
        "175ee9998459dfd141f7b2b3ecc1bf840faa8dc42f86434144d64b84bcf590b8",
        "8a4e73c5f535095bd6c7f3d1040a6236eed0f8905a427de373d08269e2944ae0",
        "cc33d54d5704e7b5406a35aa497f8d80c573575e481a605f6df3eac7493fa450",
        "07a2066f09cfc458419ec7c866c8918c",
        "ffccc3cb8ae65c06cc7ab19222656699",
        "411b25dc2d65450844722c76b4a4392aa9cf1257d312958171b750399f8163a0",
        "1d75f9dd2c357e7115be1a32b681a672",
        "e6245a12bfad00b7946b68b5b638b99c5e55db674f33921fbdce7380af579257",
      ]
    `)
  })

  it('of a resumption', async () => {
    const resumer = await Resumer.start(suite, { ticket: met.alices.tickets.ours, binding: DTLS }, NOW)
    const tickets = { find: () => met.bobs.tickets.theirs, take: () => true }
    const resuming = await ResumeResponder.listen(suite, { binding: DTLS, tickets })
    const answer = await resuming.receive(resumer?.r1 as Uint8Array, NOW)
    if (answer.kind !== 'established') throw new Error('not resumed')
    expect([resumer?.r1 as Uint8Array, answer.r2].map(digest)).toMatchInlineSnapshot(`
      [
        "1304 caf29581e60663cf6198c1e1c2aeda974d0c161095235198b4ce7103418a3c18 575048310400000174460f09d913457f..3ed782c512a1a5ef",
        "1192 e4c3f2a4a1ad048706b4362cb62e76dbaac68a20225937d1be12289817bd70fa 5750483105000001640708fe34af7981..b9bb1448a9df1130",
      ]
    `)
    expect(secrets(answer.session)).toMatchInlineSnapshot(`
      [
        "817b8810a5a85d9084e0b71b2ce05b8ada521b6178d3b2974bd6305c6e2bcd23",
        "7e06e85aa46637dceaa32b37ca9997bc8dfa05eacfc2b95bfe014ccd2e74db8d",
        "03761a346190c1d59ec808642e7eaf1d83848367574ead5ce02afffc5cecc36d",
        "e97e7e5c545ca323862759fa1f1e38b7292d2fe5dffbeda47ef66e4eb2af9fb5",
        "89943f50e649f3b58e423f01b7781549",
        "8e4e8cb0c2c1a5ffdff194a9cbe893dc",
        "fdb430b8d738dd18b8f18b2d07da19a861754fac0ef101dcc7a26387fe85d703",
        "070695ee954e05e1925184155578ba54",
        "314e3ebfa55032c2225d6a53e49ed0d3d6134d03a9f4cb2e4cb952fa0e62552d",
      ]
    `)
  })

  it('of a path joined by the dialler, and one by the dialled', async () => {
    const [alices, bobs] = [new Joins(suite, met.alices), new Joins(suite, met.bobs)]
    const messages: Uint8Array[] = []
    for (const [joiner, joined] of [
      [alices, bobs],
      [bobs, alices],
    ] as const) {
      const join = await joiner.start(DTLS)
      const answer = await joined.receive(join?.message as Uint8Array, DTLS)
      if (answer.kind !== 'accepted') throw new Error('not accepted')
      messages.push(join?.message as Uint8Array, answer.accept)
    }
    expect(messages.map(hex)).toMatchInlineSnapshot(`
      [
        "575048310600000207a2066f09cfc458419ec7c866c8918cb90d37d700a995a13166c7e8597af12e223a61205ba4b4031027faf6cda818c0aa00f542203fa9976ca9e9ee8bb57c5de9a92cd2d9e5c932cd07bbbb7fe8e88a",
        "575048310700000207a2066f09cfc458419ec7c866c8918cd5f9d5a6d2ce1efc288c6b7432f6970e156e35b91f6d2c6ed53876c4ebbd4a2aee9460b4eedcbbeff007c55a9741628c6cf0f7001076bfbd891dd4216ed00db3",
        "575048310600000107a2066f09cfc458419ec7c866c8918cdd16c589574d730f10567962c1b36243290cfc68f8d1781a221deaced3c6dd6cb33fd9c7316e12968c7dba82e4c5055e0627c1b36d29e35d416b9ed7c4ab598b",
        "575048310700000107a2066f09cfc458419ec7c866c8918ca5ad66cdad1ae33eaf16c908de909b9836b59e21d57a1d60875ad9741d3cb1b87a0eab85144c9d2fa8f2f26a756cdebda98fe999b9472bfc1e96079663c5cbc5",
      ]
    `)
  })

  it('of records, before and after a step and a rekeying', async () => {
    const [alices, bobs] = [new RecordLayer(suite, met.alices), new RecordLayer(suite, met.bobs)]
    const [rekeying, theirs] = [
      new Rekeying(suite, alices, met.alices, NOW),
      new Rekeying(suite, bobs, met.bobs, NOW),
    ]
    const [control, gossip] = [
      { path: 0, lane: 0, ordered: true },
      { path: 3, lane: 2, ordered: false },
    ]
    const records: Uint8Array[] = []
    for (const [channel, atMs] of [
      [control, 0],
      [control, 1],
      [gossip, 2],
      [control, 60_000],
    ] as const)
      records.push(await alices.seal(channel, 'data', utf8('frame'), NOW + atMs))
    records.push(await bobs.seal(control, 'data', utf8('frame'), NOW))
    const offer = await rekeying.offer()
    const answer = await theirs.receive('rekeyOffer', offer as Uint8Array, NOW)
    if (answer.kind !== 'send') throw new Error('no answer')
    const done = await rekeying.receive('rekeyAnswer', answer.body, NOW)
    records.push(await alices.seal(control, 'rekeyDone', new Uint8Array(), NOW))
    expect(done).toEqual({ kind: 'send', type: 'rekeyDone', body: new Uint8Array() })
    expect([offer as Uint8Array, answer.body].map(digest)).toMatchInlineSnapshot(`
      [
        "1220 0546e81979180c93db5854aff2024cd20ba81139a3a3b0114ed8df77f18c84a1 000000011aa086d592a3823106da54ba..4539be5b47ed0c6c",
        "1124 3f20d55f84b0cb8dfb31139e6bae0c26190e3130b52f40f25ca7624529a9f3e4 000000019a53499acfbe4bb9f8a49b69..d6d45cf87afbae6f",
      ]
    `)
    expect(records.map(hex)).toMatchInlineSnapshot(`
      [
        "0100000000000000c6df4cd8e98e830260023a9a637e266b4548813090",
        "01000000000000019b3a59c87db1bbd7b3e047a3d4beab3f1107cdf07f",
        "010000000000000036d3547d04ad4085b4068937b83bf4cf960d94beef",
        "0101000000000002f5d6bc10cd041a0144ab8e0d8a5519391ae48ae109",
        "0100000000000000cd5a4241151e9a43fce67f41302616f7a3649d352a",
        "0410000000000003ce378d4869ba9117115ca99f60da2fcf",
      ]
    `)
  })
})
