// A member that does not read, over a real socket to a real edge: it is sent no more than the bound, who sends it more
// is told, nobody else waits for it, and when it reads again it has missed nothing that was not refused.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { UNREAD_BYTES_MAX } from '../../protocol/limits/room.ts'
import { framesOf } from '../../protocol/wire/batch.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import { decode, encode } from '../../protocol/wire/codec.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { NodeMember, newJoin, roomUrl } from '../support/node-member.ts'
import { offerOf } from '../support/passes.ts'
import { RawSocket } from '../support/raw-socket.ts'

const CHUNK = 60_000
const CHUNKS = 110 // 6.6 MB: half as much again as the bound, and within what a member may send at once

let edge: LocalEdge
const sockets: RawSocket[] = []
const members: NodeMember[] = []

beforeAll(async () => {
  edge = await LocalEdge.start()
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  for (const { socket } of members) socket.close()
  await edge?.stop()
})

async function join(room: string): Promise<{ member: NodeMember; address: number }> {
  const member = await NodeMember.join(edge.url, room)
  members.push(member)
  return { member, address: (await member.next('welcome')).address }
}

it('a member that does not read delays nobody, and is sent no more than the bound', async () => {
  const slow = await RawSocket.open(roomUrl(edge.url, 'slow'), await offerOf(newJoin()))
  sockets.push(slow)
  const relayed = () => slow.messages.flatMap((message) => framesOf(message).map(decode))
  await slow.until(() => relayed().some(({ kind }) => kind === 'welcome'))
  const [welcome] = relayed()
  const address = welcome?.kind === 'welcome' ? welcome.address : 0
  const [alice, bob, carol] = [await join('slow'), await join('slow'), await join('slow')]
  slow.stopsReading()

  const waits: number[] = []
  for (let n = 0; n < CHUNKS; n++) {
    const payload = new Uint8Array(CHUNK).fill(n)
    alice.member.send({ kind: 'relay', address, payload })
    if (n % 5 !== 0) continue
    // Meanwhile two others talk.
    const beganAtMs = performance.now()
    bob.member.send({ kind: 'relay', address: carol.address, payload: utf8(`${n}`) })
    expect((await carol.member.next('relay')).payload).toEqual(utf8(`${n}`))
    waits.push(performance.now() - beganAtMs)
  }
  expect(await alice.member.next('undeliverable')).toEqual({ kind: 'undeliverable', address, reason: 'slow' })
  // Whatever is behind the last chunk is behind all answers to the chunks.
  alice.member.send({ kind: 'relay', address: alice.address, payload: utf8('done') })
  await alice.member.next('relay')
  const refused = alice.member.frames.filter(({ kind }) => kind === 'undeliverable').length
  const taken = CHUNKS - refused
  expect(taken * CHUNK).toBeLessThanOrEqual(UNREAD_BYTES_MAX)
  expect(taken * CHUNK).toBeGreaterThan(UNREAD_BYTES_MAX - 3 * CHUNK)
  expect(Math.max(...waits)).toBeLessThan(1_000)

  slow.readsAgain()
  const chunks = () => relayed().filter((frame) => frame.kind === 'relay')
  await slow.until(() => chunks().length === taken)
  expect(chunks().map(({ payload }) => payload[0])).toEqual(Array.from({ length: taken }, (_, n) => n))
  const bytes = relayed().reduce((sum, frame) => sum + encode(frame).length, 0)
  slow.send(encode({ kind: 'drained', bytes }))
  // It is the same member as before, once it has said so.
  alice.member.send({ kind: 'relay', address: alice.address, payload: utf8('and') })
  await alice.member.next('relay')
  alice.member.send({ kind: 'relay', address, payload: utf8('welcome back') })
  await slow.until(() => chunks().length === taken + 1)
  process.stdout.write(
    `slow member: ${taken} of ${CHUNKS} chunks taken; others waited ${Math.max(...waits).toFixed(0)} ms at most\n`,
  )
})
