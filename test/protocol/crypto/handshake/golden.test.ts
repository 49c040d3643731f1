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
        "0120a9dde2511566944e698dc9aa5792b0455f6f62df3d26ddf1879811f97049d313",
        "024011111111111111111111111111111111111111111111111111111111111111112222222222222222222222222222222222222222222222222222222222222222",
      ]
    `)
  })

  it('of a handshake', () => {
    expect([met.m1, met.m2, met.m3].map(digest)).toMatchInlineSnapshot(`
      [
        "1280 1bfcd5ad81f1d7fdc108a41c23fd9057d27a6c3c189c7c2eb607b25c784dfdcc 575048310100cacadada0001fafa08e4..a9b493cd7d1b0000",
        "6696 8d3ff4a7d0ffa2817298c05de2a092a39ce7c59e931161fa8b195225aa8505ee 57504831020000013835db701813f323..2c7916abdfd31049",
        "5542 9554aed8c0ab7cfbc3b126c59b8fe0db2a3f559c4e4abb0eea65bc66abe086a0 5750483103001219539113612f5ab406..ad5728b5621040af",
      ]
    `)
  })

  it('of what it ends in', () => {
    expect(secrets(met.alices)).toMatchInlineSnapshot(`
      [
        "28fc91373a9b81f59061d82aaa2286407c4ed9ef4d43b82a132a03d75f49ffad",
        "0daabbc7a7cfbfcc5aef1ff571543fee842b5c9ecd1d064d1a9e428460aace8f",
        "99af0f11a479dd4235aa488a56785f3c2d5a1d2e52eb8c353225e3341ec286aa",
        "51f2c181ca44d5e910a614c9b795397576ba9026a5c8a2c1a515fcf06ae33e11",
        "73e7c4d34f1a19f18f6bf39beabe20c9",
        "bfafa1eb76f7a9393217ff0a03496fff",
        "93a5ecd776b367c88f0ac6e9e5e96a8972b9f35219ffbe6b94f09bd42c70e54f",
        "9fbd8a0c581614012823241d31074996",
        "b6a3d19c92c172b810c1fab5086ccffb8aaa2d7dbf346c6e8101720b896a53d1",
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
        "1304 59a46e8b5955fab7732c5cfddc2a22bb64705245ae546c113cea157c26298d92 575048310400000174460f09d913457f..9962ed9fdb4d631d",
        "1192 cd6a3d8b7183cb5555fef645b94fd2a4f68267117be6a6dd840c65d6b71aad9f 5750483105000001640708fe34af7981..2ed432c45594d6bd",
      ]
    `)
    expect(secrets(answer.session)).toMatchInlineSnapshot(`
      [
        "c09a0b10983ad9c474c6a282fab44d5f93578da2f853439719b9bf08671d440f",
        "f65c4798f8f8c66a60104d288dc5b304ea9ee70b9fca0097f5d22d910dd03128",
        "7e9c423746c402243b7407104ce01c0b4302fa1d623c1ce262a7e60b7a6aded6",
        "30e7b16337af7ae08320ba504c1de1de647ca389845d520dd12f5cfa386e3d1a",
        "4d28692098df8cfb8372a95600478b16",
        "6b96d0a496dd5e26615a33a80a76794b",
        "b19fcb2711a237c0bae9061d9fdfd8cc60066b96aa399b44dcea126149722860",
        "c10527e6f1d081ffc251de7a79e0398a",
        "5805d916a41fa3058b896d9c45a821675635f4c294267770a347a3b9b830d271",
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
        "575048310600000273e7c4d34f1a19f18f6bf39beabe20c9b90d37d700a995a13166c7e8597af12e223a61205ba4b4031027faf6cda818c008b3e9ee481bf7e317102b331aa38a31a7da954df8963b81b760ddc210749cba",
        "575048310700000273e7c4d34f1a19f18f6bf39beabe20c9d5f9d5a6d2ce1efc288c6b7432f6970e156e35b91f6d2c6ed53876c4ebbd4a2ade47e77a231113465c75fd6bc0c1ba72c56b54823a34f6008f9f63c7c98085e9",
        "575048310600000173e7c4d34f1a19f18f6bf39beabe20c9dd16c589574d730f10567962c1b36243290cfc68f8d1781a221deaced3c6dd6c1c2b0c3579f3b2a935e4ab4e31f8efd6a52188012876b27b0f7527b609204db6",
        "575048310700000173e7c4d34f1a19f18f6bf39beabe20c9a5ad66cdad1ae33eaf16c908de909b9836b59e21d57a1d60875ad9741d3cb1b80edfb38bc8edea1ef7cece759bf2c589ddef969f26db77533938695f90329818",
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
        "0100000000000000d0d80419791f17dd22207271d3b576cc071c2a8ff7",
        "01000000000000013661b264d47045b25ea41ebc414b41b58521d5624a",
        "01000000000000006b77f9522e77eae0f6566efb8edcad11c55f7afe82",
        "010100000000000220ea86680d2abed54059457ee8fdfe266c91b8e8c6",
        "010000000000000027b4818743ad0407458dd332c2e89215bd38c21416",
        "04100000000000030aafa7dc256ba86505fe0a217ebde46e",
      ]
    `)
  })
})
